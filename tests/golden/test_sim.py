"""subcard-sim as people use it: nodes below directories of the test, their files, their processes, and what is refused."""
import errno
import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import time

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
SIM = REPO / "build/bin/subcard-sim"
MACHINES = REPO / "sim/machines"
LIBRARIES = f"usr/lib/{os.uname().machine}-linux-gnu"
COMMANDS = ["up", "down", "status", "env", "machines", "ps add", "ps rm", "ps list"]

root = pytest.mark.skipif(os.geteuid() != 0, reason="makes device nodes: needs root")


# Keeps root's capabilities up to exec, so the program is found in a checkout that only root can enter.
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def sim(*words, run_by=(), **more):
    return subprocess.run([*run_by, SIM, *map(str, words)], capture_output=True, text=True, timeout=60, **more)


def good(*words):
    done = sim(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(status, code, *words, **more):
    done = sim(*words, **more)
    assert (done.returncode, done.stderr[:11]) == (status, f"error[E{code}]"), done.stderr
    for phrase in ("no such file or directory", "permission denied"):  # docker makes exit codes of these
        assert phrase not in done.stderr.lower()
    return done.stderr


@pytest.fixture
def place(tmp_path):
    """A directory for nodes; whatever a test left there is taken down."""
    yield tmp_path
    for marker in tmp_path.glob("*/.subcard-si[m]"):
        sim("down", "--at", marker.parent)


@pytest.fixture
def node(place):
    good("up", "--at", place / "node")
    return place / "node"


def machine_file(place, change):
    machine = json.loads((MACHINES / "h200-seed.json").read_text())
    change(machine)
    path = place / "machine.json"
    path.write_text(json.dumps(machine, indent=1))
    return path


def opens_with(path):
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        return error.errno
    return 0


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition):
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


# Command line


def test_help_names_every_command_and_each_has_its_own():
    overview = good("--help")
    for command in COMMANDS:
        assert f"  {command} " in overview
        text = good(*command.split(), "--help")
        assert text.startswith(f"subcard-sim {command}: ") and f"usage: subcard-sim {command}" in text
    assert good("--version") == f"subcard-sim {(REPO / 'VERSION').read_text().strip()}\n"


@pytest.mark.parametrize("words", [[], ["x"], ["ps"], ["up", "--x"], ["up", "x"], ["up", "--at"], ["up", "--at", ""],
                                   ["up", "--at", "/a", "--at", "/b"], ["up", "--at", "/tmp/a\nb"], ["down", "--machine", "h200"], ["ps", "rm"],
                                   ["ps", "rm", "1", "2"], ["status", "-o", "yaml"], ["machines", "--at", "/x"]])
def test_what_a_command_does_not_take_is_a_usage_error(words):
    refused(2, 902, *words)


@root
@pytest.mark.parametrize("words", [["up", "--at", "/tmp/x"], ["down"], ["ps", "add", "0:0", "--memory", "1"], ["ps", "rm", "1"]])
def test_what_changes_a_node_needs_root(words):
    probe = sim("--version", run_by=NOBODY)
    assert probe.returncode == 0
    assert "needs root" in refused(6, 905, *words, run_by=NOBODY)


def test_machines_are_listed():
    lines = good("machines").splitlines()
    assert lines == ["h200-seed        8 x NVIDIA H200, driver 570.86.15, CUDA 12.8, 6 MIG devices",
                     "h200             8 x NVIDIA H200, driver 570.86.15, CUDA 12.8, 0 MIG devices",
                     "no-gpu           no driver"]


@pytest.mark.parametrize("words", [["status"], ["env"], ["ps", "list"]])
def test_without_a_node_there_is_nothing_to_show(place, words):
    assert "no simulated node at" in refused(3, 906, *words, "--at", place / "none")


# Life of a node


@root
def test_a_node_comes_up_and_goes_down(place):
    at = place / "deep/er/node"
    assert good("up", "--at", at).splitlines()[0] == (
        f"simulated node h200-seed is up at {at}: 8 GPUs, 6 MIG devices, driver 570.86.15")
    assert (at / "run/subcard/inventory").stat().st_size > 0
    status = json.loads(good("status", "--at", at, "-o", "json"))
    assert (status["machine"], status["driver"], status["cuda"]) == ("h200-seed", "570.86.15", "12.8")
    assert status["directory"] == str(at) and len(status["gpus"]) == 8
    assert status["gpus"][0]["migDevices"][0] == "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df"
    assert "MIG on: 2g.35gb 1g.18gb 1g.18gb" in good("status", "--at", at)
    good("down", "--at", at)
    assert not at.exists() and at.parent.exists()
    refused(3, 906, "down", "--at", at)


@root
def test_env_makes_programs_use_the_node(node):
    exports = dict(line.removeprefix("export ").split("=", 1) for line in good("env", "--at", node).splitlines())
    values = {name: value.strip('"').split("${")[0] for name, value in exports.items()}
    assert values == {"LD_LIBRARY_PATH": f"{node}/{LIBRARIES}", "PATH": f"{node}/usr/bin", "SUBCARD_ROOT": str(node),
                      "SUBCARD_RUN": f"{node}/run/subcard"}
    text = subprocess.run(["nvidia-smi", "-L"], env=values, capture_output=True, text=True, check=True).stdout
    assert text.splitlines()[:2] == [
        "GPU 0: NVIDIA H200 (UUID: GPU-b2acda36-db78-a209-f9ef-d07b4336c449)",
        "  MIG 2g.35gb     Device  0: (UUID: MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df)"]


@root
def test_env_survives_a_shell_whatever_the_directory_is_called(place):
    at = place / 'a "b" $HOME `c` \\d'
    good("up", "--at", at, "--machine", "no-gpu")
    script = good("env", "--at", at) + 'printf %s "$SUBCARD_ROOT"'
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout == str(at)
    good("down", "--at", at)


@root
def test_two_nodes_share_nothing(place):
    good("up", "--at", place / "a")
    good("up", "--at", place / "b", "--machine", "h200")
    pid = good("ps", "add", "0:0", "--memory", 100, "--at", place / "a").strip()
    assert pid not in good("ps", "list", "--at", place / "b")
    good("down", "--at", place / "a")
    assert json.loads(good("status", "--at", place / "b", "-o", "json"))["gpus"][0]["migDevices"] == []


@root
def test_up_twice_is_fine_for_the_same_machine_only(node):
    (node / "run/subcard/inventory").unlink()
    assert "is up already at" in good("up", "--at", node)
    assert (node / "run/subcard/inventory").exists()
    assert "h200-seed, is up there" in refused(2, 904, "up", "--at", node, "--machine", "h200")


@root
def test_a_node_without_a_driver(place):
    good("up", "--at", place / "node", "--machine", "no-gpu")
    assert "nvidia" not in (place / "node/proc/devices").read_text()
    assert not (place / "node/proc/driver").exists() and not list((place / "node/dev").iterdir())
    assert "not loaded" in good("status", "--at", place / "node")


@root
def test_a_killed_up_is_finished_by_the_next(place):
    at = place / "node"
    for delay in (0.002, 0.005, 0.01, 0.02, 0.04):
        up = subprocess.Popen([SIM, "up", "--at", at], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        up.kill()
        up.wait()
        good("up", "--at", at)
        good("status", "--at", at)
        good("down", "--at", at)
        assert not at.exists()


@root
def test_other_directories_are_left_alone(place):
    mine = place / "mine"
    mine.mkdir()
    (mine / "letter").write_text("dear")
    for command in ("up", "down"):
        assert "no simulated node" in refused(2, 904, command, "--at", mine)
    (mine / ".subcard-sim").write_text("not the marker")
    refused(2, 904, "down", "--at", mine)
    assert (mine / "letter").read_text() == "dear"
    (mine / ".subcard-sim").unlink()


@root
def test_what_is_mounted_in_a_node_is_not_removed(node):
    inside = node / "etc/other"
    inside.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", inside], check=True)
    try:
        (inside / "letter").write_text("dear")
        assert "something is mounted on other" in refused(1, 901, "down", "--at", node)
        assert (inside / "letter").read_text() == "dear"
    finally:
        subprocess.run(["umount", inside], check=True)
    good("down", "--at", node)


@root
def test_down_tells_of_containers_that_hold_devices(node):
    (node / "run/subcard/grants").mkdir(exist_ok=True)
    (node / "run/subcard/grants/0123").write_text("{}")
    done = sim("down", "--at", node)
    assert done.returncode == 0 and "1 containers held devices" in done.stderr


# Machines


@root
def test_an_unknown_machine_is_refused_with_the_known_ones(place):
    text = refused(3, 906, "up", "--at", place / "node", "--machine", "h2000")
    assert "h200-seed" in text and "no-gpu" in text
    refused(3, 906, "up", "--at", place / "node", "--machine", place / "none.json")
    assert not (place / "node").exists()


@root
def test_a_wrong_machine_file_is_refused_with_line_and_column(place):
    def duplicate(machine):
        machine["gpus"][1]["uuid"] = machine["gpus"][0]["uuid"]

    path = machine_file(place, duplicate)
    text = refused(2, 904, "up", "--at", place / "node", "--machine", path)
    line = path.read_text().splitlines()[int(text.split("line ")[1].split(",")[0]) - 1]
    assert "another GPU has the UUID" in text and line.strip().startswith('"uuid"')
    path.write_bytes(b"")
    assert "line 1, column 1" in refused(2, 904, "up", "--at", place / "node", "--machine", path)
    path.write_bytes(b" " * (8 << 20) + b"{}")
    assert "larger than" in refused(2, 904, "up", "--at", place / "node", "--machine", path)
    refused(1, 901, "up", "--at", place / "node", "--machine", str(place) + "/")
    assert not (place / "node").exists()


@root
def test_majors_of_the_host_are_not_taken(place):
    host = [line.split() for line in pathlib.Path("/proc/devices").read_text().split("\n\n")[0].splitlines()[1:]]
    dynamic = max(int(major) for major, _ in host)

    def take_theirs(machine):
        machine["major_caps"] = dynamic

    good("up", "--at", place / "node", "--machine", machine_file(place, take_theirs))
    majors = dict(reversed(line.split()) for line in (place / "node/proc/devices").read_text().splitlines() if "nvidia" in line)
    assert majors["nvidia-caps"] not in [major for major, _ in host] + [majors["nvidia-uvm"]]
    assert os.major((place / "node/dev/nvidia-caps/nvidia-cap48").stat().st_rdev) == int(majors["nvidia-caps"])

    def take_misc(machine):
        machine["major_nvidia"] = 10

    text = refused(6, 905, "up", "--at", place / "other", "--machine", machine_file(place, take_misc))
    assert "major 10" in text and not (place / "other").exists()


@root
def test_a_driver_that_fails_still_gives_a_node(place):
    def fail(machine):
        machine["faults"] = [{"function": "nvmlInit_v2", "result": 9}]

    done = sim("up", "--at", place / "node", "--machine", machine_file(place, fail))
    assert done.returncode == 0 and "its inventory could not be written" in done.stderr
    good("status", "--at", place / "node")


# The machine below


def in_own_mounts(preparation, *words):
    """Runs words where the mounts of the preparation (Python, with argv) are seen by nobody else."""
    script = f"import os, stat, subprocess, sys\n{preparation}\nos.execv(sys.argv[1], sys.argv[1:])"
    return subprocess.run(["unshare", "-m", "/usr/bin/python3", "-c", script, *map(str, words)], capture_output=True, text=True)


@root
@pytest.mark.parametrize("sign", ["195 nvidia", "195 nvidia-frontend", "508 nvidia-caps"])
def test_a_real_driver_of_the_machine_is_respected(place, sign):
    fake = place / "devices"
    fake.write_text(f"Character devices:\n  1 mem\n{sign}\n\nBlock devices:\n")
    done = in_own_mounts(f"subprocess.run(['mount', '--bind', {str(fake)!r}, '/proc/devices'], check=True)",
                         SIM, "up", "--at", place / "node")
    assert done.returncode == 6 and "a working NVIDIA driver" in done.stderr and not (place / "node").exists()


@root
@pytest.mark.parametrize("major, minor, status", [(1, 3, 6), (195, 255, 0)])
def test_a_control_node_counts_only_if_somebody_answers(place, major, minor, status):
    nodes = "".join(f"os.mknod('/dev/{name}', stat.S_IFCHR | 0o666, os.makedev({a}, {b}))\n"
                    for name, a, b in (("nvidiactl", major, minor), ("null", 1, 3)))
    done = in_own_mounts(f"subprocess.run(['mount', '-t', 'tmpfs', 'none', '/dev'], check=True)\n{nodes}",
                         SIM, "up", "--at", place / "node")
    assert done.returncode == status, done.stderr
    assert (place / "node").exists() == (status == 0)


@root
def test_root_of_a_user_namespace_is_told_why_it_can_not(place):
    done = subprocess.run(["unshare", "-Ur", SIM, "up", "--at", place / "node"], capture_output=True, text=True)
    assert done.returncode == 6 and "root of a user namespace" in done.stderr
    assert not (place / "node").exists()


# Files


@root
def test_nodes_have_the_drivers_numbers_and_nobody_behind_them(node):
    wanted = {"nvidia0": (195, 0, 0o666), "nvidia7": (195, 7, 0o666), "nvidiactl": (195, 255, 0o666),
              "nvidia-uvm": (511, 0, 0o666), "nvidia-uvm-tools": (511, 1, 0o666), "nvidia-caps/nvidia-cap1": (508, 1, 0o400),
              "nvidia-caps/nvidia-cap2": (508, 2, 0o444), "nvidia-caps/nvidia-cap48": (508, 48, 0o444),
              "nvidia-caps/nvidia-cap121": (508, 121, 0o444)}
    for name, numbers in wanted.items():
        found = (node / "dev" / name).stat()
        assert stat.S_ISCHR(found.st_mode)
        assert (os.major(found.st_rdev), os.minor(found.st_rdev), stat.S_IMODE(found.st_mode)) == numbers, name
        assert opens_with(node / "dev" / name) == errno.ENXIO
        link = node / f"dev/char/{numbers[0]}:{numbers[1]}"
        assert link.resolve() == (node / "dev" / name)
    assert len(list((node / "dev/nvidia-caps").iterdir())) == 2 + 6 * 2


@root
def test_proc_files_have_the_drivers_form(node):
    proc = node / "proc"
    minors = (proc / "driver/nvidia-caps/mig-minors").read_text().splitlines()
    assert len(minors) == 4322 and minors[:4] == ["config 1", "monitor 2", "gpu0/gi0/access 3", "gpu0/gi0/ci0/access 4"]
    assert minors[-1] == "gpu31/gi14/ci7/access 4322" and "gpu0/gi5/access 48" in minors
    capabilities = proc / "driver/nvidia/capabilities"
    assert (capabilities / "mig/config").read_text() == "DeviceFileMinor: 1\nDeviceFileMode: 256\nDeviceFileModify: 1\n"
    assert (capabilities / "gpu0/mig/gi5/ci0/access").read_text() == (
        "DeviceFileMinor: 49\nDeviceFileMode: 292\nDeviceFileModify: 1\n")
    assert sorted(path.name for path in (capabilities / "gpu0/mig").iterdir()) == ["gi10", "gi13", "gi5", "gi7", "gi8", "gi9"]
    assert list((capabilities / "gpu1/mig").iterdir()) == []
    assert (proc / "driver/nvidia/gpus/0000:2a:00.0/information").read_text().splitlines()[:3] == [
        "Model: \t\t NVIDIA H200", "IRQ:   \t\t 120", "GPU UUID: \t GPU-b2acda36-db78-a209-f9ef-d07b4336c449"]
    assert (proc / "driver/nvidia/version").read_text().startswith(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build")
    assert "ModifyDeviceFiles: 1\n" in (proc / "driver/nvidia/params").read_text()
    boot_id = (proc / "sys/kernel/random/boot_id").read_text()
    assert json.loads((node / "run/nvidia-persistenced/node.json").read_text())["boot_id"] == boot_id.strip()


@root
def test_driver_files_are_copies_under_the_names_that_programs_know(node):
    for name in ("libnvidia-ml.so", "libcuda.so"):
        links = [os.readlink(node / LIBRARIES / name), os.readlink(node / LIBRARIES / (name + ".1"))]
        assert links == [name + ".1", name + ".570.86.15"]
        assert (node / LIBRARIES / name).read_bytes() == (REPO / "build/sim" / (name + ".1")).read_bytes()
    assert stat.S_IMODE((node / "usr/bin/nvidia-smi").stat().st_mode) == 0o755


@root
@pytest.mark.parametrize("option, text", [("nodev", "device nodes can't be opened"), ("noexec", "programs can't be run")])
def test_a_mount_that_forbids_nodes_or_programs_is_told(place, option, text):
    mount = place / "mount"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", option, "none", mount], check=True)
    try:
        message = refused(1, 901, "up", "--at", mount / "node")
        assert text in message and f"mounted at {mount} forbids it (mount option {option})" in message
        assert not (mount / "node").exists()
        subprocess.run(["mount", "-o", f"remount,{option[2:]}", mount], check=True)
        good("up", "--at", mount / "node")
        good("down", "--at", mount / "node")
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


@root
def test_a_missing_built_driver_is_told(place):
    stage = place / "lib"
    (stage / "sim/machines").mkdir(parents=True)
    for source, target in ((SIM, stage / "subcard-sim"), (MACHINES / "h200.json", stage / "sim/machines/h200.json")):
        target.write_bytes(source.read_bytes())
        target.chmod(0o755)
    done = subprocess.run([stage / "subcard-sim", "up", "--machine", "h200", "--at", place / "node"], capture_output=True, text=True)
    assert done.returncode == 7 and f"lacks {stage}/sim/libnvidia-ml.so.1" in done.stderr
    assert not (place / "node").exists()


# Processes


@root
def test_a_process_lives_holds_memory_and_ends(node):
    pid = int(good("ps", "add", "0:0", "--memory", 1000, "--name", "/opt/python3", "--at", node))
    # the kernel lets the parent of an exec go on a moment before the new command line is there
    wait_for(lambda: pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() == b"/opt/python3\0")
    assert os.getsid(pid) == pid
    whole = int(good("ps", "add", "1", "--memory", 5000, "--at", node))
    assert good("ps", "list", "--at", node).splitlines()[1:] == [
        f"{pid:8}  0:0       1000 MiB  /opt/python3", f"{whole:8}  1         5000 MiB  simulated"]
    text = refused(2, 404, "ps", "add", "0:0", "--memory", 32252, "--at", node)  # 33280 - 29 - 1000
    assert "1029 MiB of its 33280 MiB are in use" in text
    other = int(good("ps", "add", "0:0", "--memory", 32251, "--at", node))
    good("ps", "rm", pid, "--at", node)
    wait_for(lambda: not alive(pid))
    assert str(pid) not in good("ps", "list", "--at", node)
    refused(3, 906, "ps", "rm", pid, "--at", node)
    good("down", "--at", node)
    wait_for(lambda: not alive(other) and not alive(whole))


@root
def test_a_process_that_was_killed_is_forgotten(node):
    pid = int(good("ps", "add", "0:1", "--memory", 16000, "--at", node))
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not alive(pid))
    assert len(good("ps", "list", "--at", node).splitlines()) == 1
    good("ps", "add", "0:1", "--memory", 16000, "--at", node)


@root
@pytest.mark.parametrize("status, code, words", [
    (2, 403, ["0:"]), (2, 403, [":0"]), (2, 403, ["1:0x"]), (2, 403, ["MIG-b05c0034"]), (3, 401, ["0:6"]),
    (3, 401, ["8"]), (3, 401, ["1:0"]), (2, 201, ["0"]), (2, 403, ["18446744073709551616"])])
def test_a_process_needs_a_device(node, status, code, words):
    refused(status, code, "ps", "add", *words, "--memory", 1, "--at", node)
    assert len(good("ps", "list", "--at", node).splitlines()) == 1


@root
def test_a_process_needs_memory_as_a_number(node):
    for words in ([], ["--memory", "-1"], ["--memory", "1G"], ["--memory", "18446744073709551616"]):
        refused(2, 902, "ps", "add", "0:0", *words, "--at", node)
    refused(2, 902, "ps", "rm", "x", "--at", node)


@root
def test_ten_processes_at_once_are_all_kept(node):
    adds = [subprocess.Popen([SIM, "ps", "add", "0:0", "--memory", "10", "--at", node], stdout=subprocess.PIPE, text=True)
            for _ in range(10)]
    pids = {add.communicate()[0].strip() for add in adds}
    assert len(pids) == 10
    assert {line.split()[0] for line in good("ps", "list", "--at", node).splitlines()[1:]} == pids
    assert json.loads((node / "run/nvidia-persistenced/node.json").read_text())["generation"] == 10


def test_every_field_of_a_machine_is_documented(place):
    def names(value):
        for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else []:
            yield from names(item)
        yield from value if isinstance(value, dict) else []

    source = (REPO / "sim/state/fields.c").read_text()
    text = (REPO / "docs/machines.md").read_text()
    fields = set(re.findall(r"^ +(?:F\(|LIST\(struct \w+, )(\w+)|, F\((\w+), SIM_U32", source, re.M))
    fields = {name for pair in fields for name in pair if name}
    assert len(fields) > 80 and fields >= set(names(json.loads((MACHINES / "h200-seed.json").read_text()))) - {"every_gpu"}
    assert [name for name in sorted(fields) if f"`{name}`" not in text] == []
