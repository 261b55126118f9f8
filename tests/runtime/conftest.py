"""Bundles, a simulated node and a low-level runtime that only reports: subcard-runtime is driven as an engine drives it."""
import copy
import json
import os
import pathlib
import shutil
import stat
import subprocess

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
BIN = REPO / os.environ.get("SUBCARD_BUILD", "build") / "bin"
MACHINES = REPO / "sim/machines"

# prints its arguments, keeps what it was given; `delete` of an id that begins with "bad" fails
LOW_LEVEL = """#!/bin/sh
printf '%s\\n' "$@" >"$RUNTIME_TEST/argv"
echo "$$" >"$RUNTIME_TEST/pid"
for word; do case $word in bad*) exit 3;; esac; done
exit 0
"""

SPEC = {
    "ociVersion": "1.0.2-dev",
    "process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/true"], "cwd": "/", "env": ["PATH=/bin"],
                "capabilities": {"bounding": ["CAP_CHOWN"]}},
    "root": {"path": "rootfs"},
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
               {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]}],
    "linux": {"resources": {"devices": [{"allow": False, "access": "rwm"}]}, "namespaces": [{"type": "mount"}]},
}


class Node:
    """A simulated node below a directory of its own, with its own run directory."""

    def __init__(self, path, machine="h200-seed"):
        self.path = path
        self.run_dir = path / "run/subcard"
        self.up(machine)

    def sim(self, *words):
        return subprocess.run([BIN / "subcard", "sim", *map(str, words), "--at", self.path], check=True, capture_output=True, text=True)

    def up(self, machine):
        named = MACHINES / f"{machine}.json"  # by its path, which every build of subcard-sim knows
        self.sim("up", "--machine", named if named.exists() else machine)
        self.inventory = self.run_dir / "inventory"

    def down(self):
        subprocess.run([BIN / "subcard", "sim", "down", "--at", self.path], check=False, capture_output=True)

    def state(self):
        return json.loads((self.path / "run/nvidia-persistenced/node.json").read_text())

    def put_state(self, state):
        target = self.path / "run/nvidia-persistenced/node.json"
        new = target.with_suffix(".new")
        new.write_text(json.dumps(state))
        new.rename(target)

    @property
    def env(self):
        return {"SUBCARD_ROOT": str(self.path), "SUBCARD_RUN": str(self.run_dir)}

    def grants(self):
        folder = self.run_dir / "grants"
        return [json.loads(p.read_text()) for p in sorted(folder.iterdir())] if folder.exists() else []


class Bundle:
    def __init__(self, path, node, low_level):
        self.path, self.node = path, node
        self.config = path / "config.json"
        self.log = path / "log.json"
        self.rootfs = path / "rootfs"
        self.notes = path / "notes"
        self.env = {"PATH": f"{low_level}:/usr/bin:/bin", "RUNTIME_TEST": str(self.notes), **node.env}
        self.notes.mkdir()
        for folder in ("bin", "etc/ld.so.conf.d", "usr/bin", "usr/lib/x86_64-linux-gnu"):
            (self.rootfs / folder).mkdir(parents=True)
        shutil.copy("/lib/x86_64-linux-gnu/libc.so.6", self.rootfs / "usr/lib/x86_64-linux-gnu")
        shutil.copy("/etc/ld.so.cache", self.rootfs / "etc")

    def write(self, text):
        self.config.write_bytes(text if isinstance(text, bytes) else text.encode())

    def spec(self, *env, change=None):
        spec = copy.deepcopy(SPEC)
        spec["process"]["env"] += env
        if change:
            change(spec)
        self.write(json.dumps(spec))
        return spec

    def runtime(self, *words, env=None, program=None):
        return subprocess.run([program or BIN / "subcard-runtime", *map(str, words)], capture_output=True, text=True, check=False,
                              cwd=self.path if self.path.exists() else "/", env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL)

    def create(self, container="c1", env=None, program=None):
        return self.runtime("--root", "/r", "--log", self.log, "--log-format", "json", "create", "--bundle", self.path,
                            "--pid-file", self.path / "init.pid", container, env=env, program=program)

    def edited(self):
        return json.loads(self.config.read_text())

    def logged(self, level="error"):
        if not self.log.exists():
            return []
        return [e["msg"] for e in map(json.loads, self.log.read_text().splitlines()) if e["level"] == level]

    def argv(self):
        return (self.notes / "argv").read_text().splitlines()

    def started(self):
        return (self.notes / "argv").exists()

    def nodes(self):
        return {d["path"] for d in self.edited()["linux"].get("devices", [])}


@pytest.fixture(scope="session")
def low_level(tmp_path_factory):
    folder = tmp_path_factory.mktemp("low-level")
    (folder / "runc").write_text(LOW_LEVEL)
    (folder / "runc").chmod(0o755)
    return folder


@pytest.fixture(scope="session", autouse=True)
def root():
    if os.geteuid() != 0:
        pytest.fail("these tests make device nodes: run them as root")


@pytest.fixture(scope="module")
def shared_node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node") / "n")
    yield node
    node.down()


@pytest.fixture
def own_node(tmp_path):
    """A node that a test may break."""
    node = Node(tmp_path / "own")
    yield node
    node.down()


@pytest.fixture
def bundle(tmp_path, shared_node, low_level):
    path = tmp_path / "bundle"
    path.mkdir()
    yield Bundle(path, shared_node, low_level)
    for grant in (shared_node.run_dir / "grants").glob("*"):
        grant.unlink()


@pytest.fixture
def own(tmp_path, own_node, low_level):
    path = tmp_path / "bundle"
    path.mkdir()
    return Bundle(path, own_node, low_level)


@pytest.fixture
def machine(tmp_path):
    """Makes a changed copy of a machine file."""
    def make(change, name="h200-seed"):
        data = json.loads((MACHINES / f"{name}.json").read_text())
        change(data)
        path = tmp_path / "machine.json"
        path.write_text(json.dumps(data))
        return path
    return make


def refused(got, bundle, code, *words):
    """One coded line on stderr and in the engine's log; nothing started, nothing granted; none of the phrases that the docker
    client turns into other exit codes."""
    assert got.returncode != 0
    lines = [line for line in got.stderr.splitlines() if not line.startswith("subcard: warning")]
    assert len(lines) == 1 and lines[0].startswith(f"subcard {code}: "), got.stderr
    for word in words:
        assert word in lines[0], lines[0]
    for phrase in ("no such file or directory", "permission denied"):
        assert phrase not in lines[0].lower()
    assert not bundle.started()
    assert not bundle.node.grants()
    if bundle.path.exists():
        assert bundle.logged() == lines


__all__ = ["Node", "Bundle", "refused", "stat"]
