"""Which dockerd a test runs on: what Engine() needs for each name, or the reason why it can't be had."""
import os, pathlib, shutil

from lab import REPO, tool

FOLDERS = pathlib.Path(os.environ.get("SUBCARD_ENGINES", REPO / ".cache/engines"))


def host_v1():
    if pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return "this machine has cgroup v2 only"
    return {}


def host_v2():
    return {"cgroup": "v2"}


def debian(suite, *command):
    """dockerd of another Debian suite, in a folder made by debootstrap."""
    folder = FOLDERS / suite
    env = dict(os.environ, BIND=str(REPO))
    tool(REPO / "tools/engines/debian", suite, folder, *command, env=env)
    return {"base": folder}


def debian13():
    return debian("trixie", REPO / "tools/setup")


def debian_sid():
    return debian("sid", "bash", "-c", "command -v dockerd >/dev/null && exit; apt-get -qq update && apt-get -qq -y install "
                                       "--no-install-recommends docker.io docker-cli runc libyaml-0-2 iproute2")


def docker29():
    """dockerd 29, containerd 2 and runc 1.5, built from their Go modules."""
    if not shutil.which("go"):
        return "Go is not installed"
    folder = FOLDERS / "docker29"
    tool(REPO / "tools/engines/docker29", folder)
    return {"bind": [(folder, "/opt/engine")], "path": "/opt/engine"}


ENGINES = {"host-v1": host_v1, "host-v2": host_v2, "debian13": debian13, "debian-sid": debian_sid, "docker29": docker29}


def find(name):
    return ENGINES[name]()
