"""Golden tests: whole commands of `subcard` on simulated nodes, their output compared byte for byte.

A node lies in a folder of its own, so nothing of the machine is touched. Nodes need device nodes, so these tests need root.
`SUBCARD_GOLDEN=write` writes what is printed into expected/ instead of comparing: read the difference before you keep it.
"""
import json, os, pathlib, shutil, subprocess, tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
BUILT = REPO / "build/bin/subcard"  # finds the simulated node's program beside itself
SUBCARD = REPO / os.environ.get("SUBCARD_BUILD", "build") / "bin/subcard"  # the program under test: mk/asan.mk
MACHINES = REPO / "sim/machines"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
LIBDIR = "usr/lib/x86_64-linux-gnu"


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            if "bare" not in item.fixturenames or "make_node" in item.fixturenames:
                item.add_marker(pytest.mark.skip(reason="a simulated node has device nodes, which only root can make"))


class Subcard:
    """Runs the command on one node; a plain environment, so that nothing of the caller's shows up in outputs."""

    def __init__(self, root=None, run=None):
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "handle_segv=0"}
        if root:
            self.env["SUBCARD_ROOT"] = str(root)
        if run:
            self.env["SUBCARD_RUN"] = str(run)

    def __call__(self, *arguments, check=None, **options):
        env = self.env | options.pop("env", {})
        done = subprocess.run([str(SUBCARD), *map(str, arguments)], text=True, stdin=subprocess.DEVNULL, env=env,
                              timeout=60, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options)
        if check is not None:
            assert done.returncode == check, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done


class Node(Subcard):
    def __init__(self, root, machine):
        self.root = root
        sim(root, "up", "--machine", machine)
        super().__init__(root, root / "run/subcard")

    def path(self, path):
        return self.root / path

    def sim(self, *arguments):
        return sim(self.root, *arguments)

    def state(self, change):
        """Changes the live state of the simulated driver: change(dictionary)."""
        path = self.root / "run/nvidia-persistenced/node.json"
        state = json.loads(path.read_text())
        change(state)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(state))
        new.rename(path)

    def fault(self, function, **fields):
        self.state(lambda state: state["faults"].append({"function": function, **fields}))

    def error(self, code, exit_code, *arguments):
        """Runs a command that must fail; its error text, free of words that the docker client interprets."""
        done = self(*arguments, check=exit_code)
        assert [line for line in done.stderr.splitlines() if line.startswith(f"error[{code}] ")], done.stderr
        assert done.stderr.count("error[") == 1 and not done.stdout
        for words in ("no such file or directory", "permission denied"):
            assert words not in done.stderr.lower()
        return done.stderr


def sim(root, *arguments):
    return subprocess.run([str(BUILT), "sim", *map(str, arguments), "--at", str(root)], text=True, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout.strip()


@pytest.fixture
def make_node():
    nodes = []

    def make(machine="h200-seed", change=None):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="subcard-golden-", dir="/var/tmp"))
        nodes.append(folder)
        if change:
            data = json.loads((MACHINES / f"{machine}.json").read_text())
            change(data)
            machine = folder / "machine.json"
            machine.write_text(json.dumps(data))
        return Node(folder / "node", machine)

    yield make
    for folder in nodes:
        subprocess.run([str(BUILT), "sim", "down", "--at", str(folder / "node")], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def node(make_node):
    return make_node()


@pytest.fixture
def bare():
    """The command without any node: an empty root."""
    with tempfile.TemporaryDirectory(prefix="subcard-golden-") as root:
        yield Subcard(root, root + "/run/subcard")


@pytest.fixture
def golden():
    def compare(name, text):
        path = HERE / "expected" / name
        if os.environ.get("SUBCARD_GOLDEN") == "write":
            path.write_text(text)
        assert text == path.read_text()

    return compare


@pytest.fixture
def container(tmp_path):
    """Starts a container's creation with a low-level runtime that stays: container(node, id, devices) → its process."""
    low_level = tmp_path / "bin/runc"
    low_level.parent.mkdir()
    low_level.write_text("#!/bin/sh\n[ \"$*\" = --version ] || { echo >&2 up; exec sleep 120; }\n")
    low_level.chmod(0o755)
    started = []

    def start(node, name, devices):
        bundle = tmp_path / name
        (bundle / "rootfs/etc").mkdir(parents=True)
        (bundle / "config.json").write_text(json.dumps({
            "ociVersion": "1.0.2", "root": {"path": "rootfs"}, "mounts": [], "linux": {"resources": {}},
            "process": {"args": ["x"], "cwd": "/", "env": [f"NVIDIA_VISIBLE_DEVICES={devices}"]}}))
        env = node.env | {"PATH": f"{low_level.parent}:/usr/bin:/bin"}
        process = subprocess.Popen([str(REPO / "build/bin/subcard-runtime"), "create", "--bundle", str(bundle), name], env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        started.append(process)
        while (line := process.stderr.readline()) != "up\n":
            assert line.startswith("subcard: warning: "), line
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def library(tmp_path):
    """Compiles C into a library that stands in the place of libnvidia-ml.so.1."""
    def build(node, source):
        path = tmp_path / "library.c"
        path.write_text(source)
        target = node.path(LIBDIR) / "libnvidia-ml.so.570.86.15"
        target.unlink()
        subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-o", str(target), str(path)], check=True)

    return build
