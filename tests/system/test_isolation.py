"""Isolation, proved from inside the container: exactly the granted nodes answer, every other one is denied."""
import pytest

from node import N_NODES, SEED_UUIDS

ONE = ["--gpus", "device=0:1"]
REQUESTS = {
    "one by uuid": (["--gpus", f"device={SEED_UUIDS[0]}"], dict(mig=[0])),
    "one by index": (["-e", "NVIDIA_VISIBLE_DEVICES=0:5"], dict(mig=[5])),
    "two by index": (["--gpus", '"device=0:0,0:1"'], dict(mig=[0, 1])),
    "two by uuid": (["-e", "NVIDIA_VISIBLE_DEVICES=" + ",".join(SEED_UUIDS[2:4])], dict(mig=[2, 3])),
    "a gpu": (["--gpus", "device=7"], dict(gpus=[7])),
    "a gpu and a mig device": (["-e", "NVIDIA_VISIBLE_DEVICES=1,0:4"], dict(gpus=[1], mig=[4])),
    "everything": (["--gpus", "all"], dict(gpus=range(1, 8), mig=range(6))),
    "driver without device": (["-e", "NVIDIA_VISIBLE_DEVICES=none"], None),
    "void": (["-e", "NVIDIA_VISIBLE_DEVICES=void"], None),
    "no request": ([], None),
}
VARIANTS = {
    "with mknod": ["--cap-add", "MKNOD"],
    "with sys_admin": ["--cap-add", "SYS_ADMIN"],
    "other user": ["--user", "1000"],
    "read-only root": ["--read-only"],
    "host network": ["--network", "host"],
    "host pids": ["--pid", "host"],
    "no new privileges": ["--security-opt", "no-new-privileges"],
    "no capability": ["--cap-drop", "ALL"],
}


def check(answer, expected):
    assert set(answer["granted"]) == expected
    assert answer["other"] == []
    assert len(answer["granted"]) + answer["denied"] + answer["mknod_refused"] == N_NODES


def control_nodes(engine, expected):
    """`none` gives the driver's files, and a container without a device has no reason to open a control node."""
    return set() if expected is None else engine.node.nodes(**expected)


def test_probe_sees_a_node_that_docker_itself_grants(engine):
    """The judge judged, without our runtime."""
    root = engine.node.root
    answer = engine.probe("--runtime=runc", "--device", f"{root}/dev/nvidia3:/dev/nvidia3:r")
    check(answer, {f"{engine.node.majors['nvidia']}:3"})
    assert answer["paths"] == {"/dev/nvidia3": "granted"}


@pytest.mark.parametrize("name", REQUESTS)
def test_request_opens_exactly_its_nodes(engine, name):
    arguments, expected = REQUESTS[name]
    answer = engine.probe(*arguments)
    check(answer, control_nodes(engine, expected))
    assert set(answer["paths"].values()) <= {"granted"}
    assert answer["mknod_refused"] == 0


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_opens_exactly_its_nodes(engine, name):
    check(engine.probe(*ONE, *VARIANTS[name]), engine.node.nodes(mig=[1]))


def update_options(engine):
    """A limit that this machine's cgroups can set; each makes the runtime write the container's cgroups again."""
    if engine.lab.path("/sys/fs/cgroup/cgroup.controllers").exists():
        return ["--restart", "no"]
    return ["--cpus", "0.9", "-m", "300m", "--memory-swap", "600m"]


def test_exec_restart_and_update_keep_the_devices_and_nothing_else(engine):
    expected = engine.node.nodes(mig=[2])
    container = engine.docker("run", "-d", "--init", "--gpus", "device=0:2", "base:1", "sleep", "600").stdout.strip()
    check(engine.probe_in(container), expected)
    check(engine.probe_in(container, "--user", "1000"), expected)
    engine.docker("restart", "-t", "1", container)
    check(engine.probe_in(container), expected)
    engine.docker("update", *update_options(engine), container)
    check(engine.probe_in(container), expected)
    engine.docker("pause", container)
    engine.docker("unpause", container)
    check(engine.probe_in(container), expected)


CONTAINER = """
import glob, hashlib, os
print(sorted(os.environ.items()))
print(sorted(glob.glob("/dev/**", recursive=True)), sorted(glob.glob("/etc/**", recursive=True)))
print([line.split()[4] for line in open("/proc/self/mountinfo")])
print(hashlib.sha256(open("/etc/ld.so.cache", "rb").read()).hexdigest())
"""


def test_container_without_request_is_untouched(engine):
    command = ["--hostname", "same", "base:1", "python3", "-c", CONTAINER]
    ours, plain = engine.out(*command), engine.out("--runtime=runc", *command)
    assert "/dev/null" in plain and ours == plain


@pytest.mark.parametrize("name", ["one by uuid", "two by index", "a gpu", "no request"])
def test_user_namespace_opens_exactly_its_nodes(remapped, name):
    arguments, expected = REQUESTS[name]
    answer = remapped.probe(*arguments)
    check(answer, control_nodes(remapped, expected))
    assert answer["mknod_refused"] > 0  # no mknod in a user namespace


def test_user_namespace_prints_the_table(remapped):
    assert "2g.35gb" in remapped.out("--gpus", "device=0:0", "base:1", "nvidia-smi", "-L")
