"""Fixtures: a simulated node in a directory of its own, and the programs that judge it."""
import os, pathlib, re, shlex, shutil, subprocess, sys, tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import packages

REPO, CACHE = packages.REPO, packages.CACHE
WITHOUT_ADMIN = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--ambient-caps=-sys_admin"]


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="the judges need a simulated node, and that needs root"))


class Node:
    """`subcard sim up --at DIR`, and programs of the host that run on it."""

    def __init__(self, directory, machine):
        self.root, self.sim = directory, str(REPO / "build" / "bin" / "subcard-sim")
        packages.run(self.sim, "up", "--machine", machine, "--at", str(directory))
        lines = packages.run(self.sim, "env", "--at", str(directory)).splitlines()
        pairs = [shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export ")]
        self.env = {k: re.sub(r"\$\{[^}]*\}", "", v) for k, v in pairs}
        self.env["PATH"] += ":/usr/sbin:/usr/bin:/sbin:/bin"
        self.env["LC_ALL"] = "C.UTF-8"

    def down(self):
        packages.run(self.sim, "down", "--at", str(self.root))

    def run(self, *command, admin=True, code=0, **env):
        """Standard output and error of a program on this node."""
        before = [] if admin else WITHOUT_ADMIN
        done = subprocess.run([*before, *map(str, command)], env={**self.env, **env}, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == code, done.stdout
        return done.stdout

    def start_process(self, device, memory_mib):
        options = ["--memory", str(memory_mib), "--name", "/usr/bin/train", "--at", str(self.root)]
        return int(packages.run(self.sim, "ps", "add", device, *options))

    def end_process(self, pid):
        packages.run(self.sim, "ps", "rm", str(pid), "--at", str(self.root))

    def hidden(self, *names):
        """Device nodes taken away for a while: `with node.hidden("nvidia-caps/nvidia-cap2"):`."""
        return Hidden([self.root / "dev" / name for name in names])


class Hidden:
    def __init__(self, paths):
        self.paths = paths

    def __enter__(self):
        for path in self.paths:
            path.rename(str(path) + ".hidden")

    def __exit__(self, *unused):
        for path in self.paths:
            pathlib.Path(str(path) + ".hidden").rename(path)


def up(machine):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="subcard-judges-", dir="/tmp"))
    node = Node(directory / "node", machine)
    try:
        yield node
    finally:
        node.down()
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def node():
    yield from up("h200-seed")


@pytest.fixture(scope="session")
def whole():
    """The same machine, not cut."""
    yield from up("h200")


@pytest.fixture(scope="session")
def judges():
    packages.fetch()
    return packages.versions()


@pytest.fixture(scope="session")
def smi(judges):
    """The vendor's nvidia-smi."""
    return CACHE / "debian/nvidia-smi/usr/lib/nvidia/current/nvidia-smi"
