"""subcard list: every form on every machine, who holds what, and a driver that fails, hangs, crashes or lies."""
import json, os, re, signal, subprocess, time

import pytest

from conftest import NOBODY, REPO, SUBCARD

FORMS = {"tree": [], "wide": ["-o", "wide"], "json": ["-o", "json"], "name": ["-o", "name"], "vendor": ["-L"]}


@pytest.mark.parametrize("machine", ["h200-seed", "h200"])
@pytest.mark.parametrize("form", FORMS)
def test_each_form(make_node, golden, machine, form):
    done = make_node(machine)("list", *FORMS[form], check=0)
    golden(f"list-{machine}-{form}.txt", done.stdout)
    assert done.stderr == ""


def test_vendor_form_is_the_text_of_the_seeds_node(node, golden):
    golden("O1.txt", node("list", "-L", check=0).stdout)
    golden("O1.txt", node("list", "--list-gpus", check=0).stdout)


def test_vendor_form_is_what_nvidia_smi_prints(make_node):
    for machine in ("h200-seed", "h200"):
        node = make_node(machine)
        smi = subprocess.run([str(node.path("usr/bin/nvidia-smi")), "-L"], text=True, capture_output=True,
                             env={"LD_LIBRARY_PATH": str(node.path("usr/lib/x86_64-linux-gnu"))})
        assert node("list", "-L", check=0).stdout == smi.stdout


def split(machine):
    """GPU 0: one 3g.71gb split into 1c and 2c."""
    machine["gpus"][0]["gis"] = [{"id": 1, "profile": "3g.71gb", "start": 0, "cis": [
        {"id": 0, "profile": 0, "start": 0, "slices": 1, "sm": 16}, {"id": 1, "profile": 1, "start": 1, "slices": 2, "sm": 32}]}]


def test_a_split_gpu_instance(make_node):
    node = make_node(change=split)
    lines = node("list", check=0).stdout.splitlines()
    assert re.match(r"├─ 0:0  1c\.3g\.71gb  +\d+/71424 MiB  16 SM  free$", lines[1])
    assert re.match(r"└─ 0:1  2c\.3g\.71gb  +\d+/71424 MiB  32 SM  free$", lines[2])
    assert "  MIG 2c.3g.71gb  Device  1: (UUID: MIG-" in node("list", "-L", check=0).stdout


def test_mig_mode_without_devices(make_node):
    node = make_node(change=lambda machine: machine["gpus"][0].update(gis=[]))
    assert node("list", check=0).stdout.splitlines()[0].endswith("MIG on         0 MIG devices")


def test_a_gpu_instance_without_compute_instances_is_no_device(make_node):
    def change(machine):
        machine["gpus"][0]["gis"] = [{"id": 1, "profile": "3g.71gb", "start": 0, "cis": []}]
    node = make_node(change=change)
    done = node("list", check=0)
    assert done.stdout.splitlines()[0].endswith("0 MIG devices") and done.stderr == ""
    assert "state       fresh\n" in node("inventory", "show", check=0).stdout


def test_ascii_where_the_locale_is_not_utf8(node):
    text = node("list", check=0, env={"LC_ALL": "C"}).stdout
    assert text.isascii() and "\n|- 0:0 " in text and "\n`- 0:5 " in text


def test_a_process_makes_its_device_busy(node):
    pid = node.sim("ps", "add", "0:1", "--memory", "4000", "--name", "python3")
    lines = node("list", check=0).stdout.splitlines()
    assert lines[0].endswith("6 MIG devices: 1 busy, 5 free")
    assert re.match(rf"├─ 0:1  1g\.18gb  4\d\d\d/16384 MiB  16 SM  busy  python3 \({pid}\)$", lines[2])
    data = json.loads(node("list", "-o", "json", check=0).stdout)
    mig = data["gpus"][0]["migDevices"][1]
    assert mig["state"] == "busy" and mig["processes"] == [{"pid": int(pid), "name": "python3", "memoryMiB": 4000}]
    node.sim("ps", "rm", pid)
    assert "6 free" in node("list", check=0).stdout


def test_a_process_on_a_whole_gpu(node):
    pid = node.sim("ps", "add", "2", "--memory", "100", "--name", "train")
    lines = node("list", check=0).stdout.splitlines()
    assert lines[7].startswith("GPU 1 ") and lines[7].endswith(" free")
    assert lines[8].endswith(f"MIG off  busy  train ({pid})")


def test_a_container_makes_its_device_busy(node, container):
    container(node, "4f1c2a9b7d3e0123456789", "0:2,0:3")
    whole = container(node, "wholegpu", "3")
    lines = node("list", check=0).stdout.splitlines()
    assert lines[0].endswith("6 MIG devices: 2 busy, 4 free")
    assert lines[3].endswith("16 SM  busy  container 4f1c2a9b7d3e") and lines[4].endswith("busy  container 4f1c2a9b7d3e")
    assert lines[9].startswith("GPU 3 ") and lines[9].endswith("MIG off  busy  container wholegpu")
    assert "4f1c2a9b7d3e" in node("list", "-o", "wide", check=0).stdout
    holders = json.loads(node("list", "-o", "json", check=0).stdout)["gpus"][0]["migDevices"][2]["containers"]
    assert [c["id"] for c in holders] == ["4f1c2a9b7d3e0123456789"]
    whole.kill()
    whole.wait()
    assert node("list", check=0).stdout.splitlines()[9].endswith("free")


def test_who_may_not_see_containers_is_not_told_that_a_device_is_free(node, container):
    container(node, "secret", "0:2")
    pid = node.sim("ps", "add", "0:1", "--memory", "10", "--name", "x")
    for path in (node.root.parent, node.root):
        path.chmod(0o755)
    done = subprocess.run([*NOBODY, SUBCARD, "list"], env=node.env, capture_output=True, text=True, check=True)
    states = [line.split(" SM  ")[1].split()[0] for line in done.stdout.splitlines()[1:7]]
    assert states == ["unknown", "busy", "unknown", "unknown", "unknown", "unknown"] and f"({pid})" in done.stdout
    assert done.stderr.startswith("warning: which containers hold devices is not shown: ")
    data = json.loads(subprocess.run([*NOBODY, SUBCARD, "list", "-o", "json"], env=node.env, capture_output=True).stdout)
    assert len(data["warnings"]) == 1


def test_what_is_no_grant_is_told(node):
    folder = node.path("run/subcard/grants")
    folder.mkdir(mode=0o700)
    (folder / "0123456789abcdef").write_text("{}")
    done = node("list", check=0)
    assert done.stderr == f"warning: 1 files in {folder} are no grants and are left out\n"


def test_colours(node):
    assert "\033[" not in node("list", check=0).stdout
    assert "\033[32mfree\033[0m" in node("list", "--color=always", check=0).stdout
    assert "\033[32m" in node("list", "--color", "always", check=0, env={"NO_COLOR": "1", "TERM": "dumb"}).stdout


@pytest.mark.parametrize("env,coloured", [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({}, False),
                                          ({"TERM": "xterm", "NO_COLOR": "1"}, False)])
def test_colours_on_a_terminal(node, env, coloured):
    master, slave = os.openpty()
    node("list", check=0, stdout=slave, env=env)
    os.close(slave)
    text = b""
    try:
        while part := os.read(master, 65536):
            text += part
    except OSError:
        pass
    os.close(master)
    assert (b"\033[" in text) == coloured and b"GPU 7" in text


def test_without_a_driver(make_node, bare):
    node = make_node("no-gpu")
    for form in FORMS.values():
        assert "no NVIDIA driver" in node.error("E100", 7, "list", *form)
    assert bare("list", check=7).stderr.startswith("error[E100] ")


def test_library_missing(node):
    for path in node.path("usr/lib/x86_64-linux-gnu").glob("libnvidia-ml.so*"):
        path.unlink()
    assert "libnvidia-ml.so.1" in node.error("E101", 7, "list")


def test_library_that_is_no_library(node):
    path = node.path("usr/lib/x86_64-linux-gnu/libnvidia-ml.so.570.86.15")
    path.unlink()
    path.write_text("not a library")
    assert "file too short" in node.error("E101", 7, "list") or "ELF" in node.error("E101", 7, "list")


def test_library_without_the_functions(node, library):
    library(node, "int nvmlInit_v2(void) { return 0; }")
    assert "nvmlShutdown" in node.error("E103", 7, "list")


def test_library_that_crashes(node, library):
    path = node.path("usr/lib/x86_64-linux-gnu/libnvidia-ml.so.570.86.15")
    path.unlink()
    library_source = "__attribute__((constructor)) static void f(void) { *(volatile int *)0 = 1; }"
    path.touch()
    library(node, library_source)
    assert f"signal {int(signal.SIGSEGV)}" in node.error("E103", 7, "list")


@pytest.mark.parametrize("function,result,code,words", [
    ("nvmlInit_v2", 9, "E100", "Driver Not Loaded"),
    ("nvmlInit_v2", 18, "E102", "version mismatch"),
    ("nvmlInit_v2", 4, "E103", "Insufficient Permissions"),
    ("nvmlInit_v2", 999, "E103", "Unknown Error"),
    ("nvmlDeviceGetCount_v2", 999, "E103", "nvmlDeviceGetCount_v2"),
    ("nvmlDeviceGetUUID", 3, "E103", "GPU 0"),
    ("nvmlDeviceGetMigDeviceHandleByIndex", 999, "E103", "MIG device 0:0"),
])
def test_nvml_fails(node, function, result, code, words):
    node.fault(function, result=result)
    assert words in node.error(code, 7, "list")


def test_nvml_hangs(node):
    node.fault("nvmlDeviceGetName", delay_ms=60000)
    start = time.monotonic()
    assert "did not answer within 0.5 s" in node.error("E104", 7, "list", "--timeout", "0.5")
    assert time.monotonic() - start < 5


def test_a_lost_gpu_does_not_take_the_others_with_it(node):
    # by_index: the calls for GPU 0, 1, 2 (lost), and the question whether it is lost
    node.fault("nvmlDeviceGetHandleByIndex_v2", call=3, result=15)
    node.fault("nvmlDeviceGetHandleByIndex_v2", call=4, result=15)
    done = node("list", "-o", "name", check=0)
    assert done.stdout.split() == ["0:0", "0:1", "0:2", "0:3", "0:4", "0:5", "1", "3", "4", "5", "6", "7"]
    assert done.stderr == ("warning: the GPU of /dev/nvidia2 is on this node but NVML does not show it: it is lost, or "
                           "its node can't be opened\n")


def test_a_node_that_is_missing_is_told(node):
    node.path("dev/nvidia5").unlink()
    done = node("list", "-o", "name", check=0)
    assert len(done.stdout.split()) == 12
    assert "the GPU of /dev/nvidia5 is on this node but" in done.stderr


def test_a_capability_node_that_is_missing_is_told_to_those_who_need_it(node):
    """CAP_SYS_ADMIN stands for every capability node, so the root of a node sees the MIG device all the same."""
    node.path("dev/nvidia-caps/nvidia-cap66").unlink()
    for path in (node.root.parent, node.root):
        path.chmod(0o755)
    assert len(node("list", "-o", "name", check=0).stdout.split()) == 13
    done = subprocess.run([*NOBODY, SUBCARD, "list", "-o", "name"], env=node.env, capture_output=True, text=True)
    assert done.stdout.split()[:6] == ["0:0", "0:1", "0:2", "0:3", "0:4", "1"]
    assert "GPU 0 has a MIG device with GPU instance 7, compute instance 0 that NVML does not show" in done.stderr


def test_values_that_may_not_be_read_have_a_reason(node):
    node.fault("nvmlDeviceGetMemoryInfo_v2", result=4)
    node.fault("nvmlDeviceGetMemoryInfo", result=4)
    node.fault("nvmlDeviceGetGpuInstanceById", result=4)
    node.fault("nvmlDeviceGetComputeRunningProcesses_v3", result=4)
    mig = json.loads(node("list", "-o", "json", check=0).stdout)["gpus"][0]["migDevices"][0]
    assert mig["memory"] == {"totalMiB": None, "usedMiB": None, "why": {"totalMiB": "no permission", "usedMiB": "no permission"}}
    assert mig["placement"] == {"start": None, "size": None, "why": {"start": "no permission", "size": "no permission"}}
    assert mig["state"] == "unknown"
    assert "0:0  2g.35gb  no permission  32 SM  unknown" in node("list", check=0).stdout


def test_output_that_can_not_be_written(node):
    with open("/dev/full", "w") as full:
        done = node("list", check=1, stdout=full)
    assert done.stderr == "error[E901] cannot write the answer to standard output: the disk is full\n"
    closed = subprocess.run(["sh", "-c", 'exec "$0" list >&-', SUBCARD], env=node.env, capture_output=True, text=True)
    assert closed.returncode == 1 and closed.stderr.startswith("error[E901] cannot write the answer")


@pytest.mark.parametrize("arguments", [["list", "x"], ["list", "-o", "yaml"], ["list", "--nope"], ["list", "--timeout", "x"],
                                       ["lst"], ["inventory"], ["inventory", "shw"], ["help", "nope"], ["--nope"]])
def test_usage_errors(bare, arguments):
    done = bare(*arguments, check=2)
    assert done.stderr.startswith("error[E902] ") and "  try: subcard" in done.stderr and not done.stdout


def test_help_and_version(bare, golden):
    golden("help.txt", bare("--help", check=0).stdout)
    golden("help-list.txt", bare("list", "--help", check=0).stdout)
    assert bare("help", "list", check=0).stdout == bare("list", "-h", check=0).stdout
    assert bare("help", "inventory", "refresh", check=0).stdout == bare("inventory", "refresh", "--help", check=0).stdout
    assert re.fullmatch(r"subcard \d+\.\d+\.\d+\n", bare("--version", check=0).stdout)
    assert bare(check=2).stdout == bare("help", check=0).stdout
    assert "did you mean \"subcard list\"?" in bare("lits").stderr


COMMANDS = {"list": "list", "inventory refresh": "inventory", "inventory show": "inventory"}


def test_every_command_has_a_page(bare):
    text = bare("--help", check=0).stdout
    names = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", text.split("Commands:")[1].split("Options:")[0], re.M)
    assert set(COMMANDS) <= set(names)
    for name in set(names) - {"help"}:
        assert (REPO / f"man/subcard-{name.split()[0]}.1.scd").exists(), name


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_in_the_manual(bare, command):
    page = (REPO / f"man/subcard-{COMMANDS[command]}.1.scd").read_text()
    options = re.findall(r"^  (?:(-[A-Za-z]), |    )(--[a-z-]+)", bare(*command.split(), "--help", check=0).stdout, re.M)
    assert len(options) >= 2
    for option in sum(options, ()):
        assert not option or f"*{option}*" in page, option


def test_help_of_a_group(bare):
    text = "".join(f"  subcard {line}\n" for line in [
        "inventory refresh - ask the driver again and make what is missing on the node",
        "inventory show - show what container starts rest on, and whether it is still true"])
    for arguments in (["inventory", "--help"], ["help", "inventory"], ["inventory", "x", "-h"]):
        assert bare(*arguments, check=0).stdout == text


def test_help_tells_what_an_error_means(bare):
    assert bare("help", "e401", check=0).stdout == "E401: no such device on this node\nexit status 3\n"
    bare("help", "E999", check=2)
