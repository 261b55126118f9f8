"""The simulated nvidia-smi against captured output of the real one (walk-through) and on other machines."""
import json, os, pathlib, re, subprocess, sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from simnode import MACHINES, SEED, SimNode, masked

HERE = pathlib.Path(__file__).resolve().parent / "smi"
NO_DRIVER = ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
             "Make sure that the latest NVIDIA driver is installed and running.\n\n")
GPU0 = "GPU-b2acda36-db78-a209-f9ef-d07b4336c449"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="device nodes are made by root")


@pytest.fixture(scope="module")
def seed():
    with SimNode("h200-seed") as node:
        yield node


@pytest.fixture(scope="module")
def workshop():
    with SimNode(MACHINES / "workshop.json") as node:
        yield node


def golden(name, got):
    """SUBCARD_GOLDEN=write makes the file anew; the difference is then for a reviewer."""
    if os.environ.get("SUBCARD_GOLDEN") == "write":
        (HERE / name).write_text(got)
    assert got == (HERE / name).read_text()


def captured(label):
    return masked((SEED / f"{label}.txt").read_text())


def test_list_of_the_node_is_the_captured_one(seed):
    assert seed.smi("-L").stdout == (SEED / "O1.txt").read_text()
    assert seed.smi("--list-gpus").stdout == (SEED / "O1.txt").read_text()


@pytest.mark.parametrize("labels, migs", [(["O3"], [0]), (["O4", "O5", "O6"], [0, 1])])
def test_a_container_with_mig_devices_sees_the_captured_table(labels, migs):
    with SimNode("h200-seed") as node:
        got = node.restrict(migs=migs).smi()
        assert got.returncode == 0 and got.stderr == ""
        for label in labels:
            assert masked(got.stdout) == captured(label)
        uuids = re.findall(r"MIG-[0-9a-f-]{36}", (SEED / "O1.txt").read_text())
        assert re.findall(r"Device +(\d+): \(UUID: (.*)\)", node.smi("-L").stdout) == [(str(i), uuids[m])
                                                                                       for i, m in enumerate(migs)]


def test_a_container_with_other_devices_numbers_them_from_0():
    with SimNode("h200-seed") as node:
        got = node.restrict(migs=[1, 5]).smi().stdout
        assert re.findall(r"^\|  0 +(\d+) +0 +(\d)  \| ", got, re.M) == [("7", "0"), ("13", "1")]


def test_memory_of_the_parent_is_refused_in_a_container_and_the_exit_code_is_0():
    with SimNode("h200-seed") as node:
        query = ["--query-gpu=memory.total", "--format=csv,noheader,nounits"]
        assert node.smi(*query).stdout == "143771\n" * 8
        got = node.restrict(migs=[0]).smi(*query)
        assert (got.stdout, got.returncode) == ("[Insufficient Permissions]\n", 0)  # O8
        got = node.smi("--query-gpu=name,driver_version,temperature.gpu,utilization.gpu,memory.used", "--format=csv,noheader")
        assert got.stdout == "NVIDIA H200, 570.86.15, 30, [N/A], [Insufficient Permissions]\n"


def test_table_of_the_whole_node(seed):
    golden("h200-seed.txt", masked(seed.smi().stdout))


def test_table_where_mig_is_off():
    with SimNode("h200") as node:
        golden("h200.txt", masked(node.smi().stdout))
        assert len(node.smi("-L").stdout.splitlines()) == 8


def test_blanks_are_where_the_vendor_has_them(seed):
    lines = seed.smi().stdout.splitlines()
    assert re.fullmatch(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} {7}", lines[0])
    gap = lines.index("| Processes:" + " " * 78 + "|") - 2
    assert lines[gap] == " " * 89  # as 570.124 and 570.195 on machines without MIG
    assert {len(line) for line in lines[1:] if line.strip()} == {91}


def test_mig_on_without_devices():
    machine = json.loads((MACHINES / "workshop.json").read_text())
    machine["gpus"][0]["gis"] = []
    with SimNode(machine) as node:
        got = node.smi().stdout
        assert "|  No MIG devices found" + " " * 67 + "|\n+" + "-" * 89 + "+\n" in got
        machine["gpus"][0]["mig_enabled"], machine["gpus"][0]["mig_pending"] = False, True
    with SimNode(machine) as node:
        got = node.smi().stdout
        assert "MIG devices:" not in got
        assert "|" + " " * 41 + "|" + " " * 24 + "|            Disabled* |\n" in got


def test_no_driver():
    with SimNode("no-gpu") as node:
        assert not (node.root / "usr/bin/nvidia-smi").exists()
        node.add_driver_files()  # a package without a GPU
        for arguments in ([], ["-L"], ["--bogus"], ["--query-gpu=name", "--format=csv"], ["--version"]):
            got = node.smi(*arguments)
            assert (got.stdout, got.returncode) == (NO_DRIVER, 9), arguments
        assert node.smi("--help").returncode == 0


def test_no_library(seed):
    got = seed.smi("-L", library=False)
    assert got.returncode == 12 and got.stdout.startswith("NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.")


def test_no_gpu_is_visible():
    with SimNode("h200") as node:
        node.restrict()
        assert (node.smi("-L").stdout, node.smi("-L").returncode) == ("No devices found.\n", 0)
        assert (node.smi().stdout, node.smi().returncode) == ("No devices were found\n", 6)
        node.drop("nvidiactl")
        assert node.smi().returncode == 9


def test_another_machine_gives_other_answers(workshop):
    golden("workshop.txt", masked(workshop.smi().stdout))
    golden("workshop-list.txt", workshop.smi("-L").stdout)
    fields = ("name,memory.total,memory.free,memory.used,memory.reserved,pcie.link.width.max,power.draw,power.limit,compute_cap,"
              "mig.mode.current,utilization.gpu,utilization.memory,temperature.gpu,pstate,clocks.sm,clocks.max.mem,"
              "vbios_version,pci.device_id,pci.bus,persistence_mode,serial")
    golden("workshop.csv", workshop.smi("--query-gpu=" + fields, "--format=csv").stdout)


def test_version(seed, workshop):
    text = "NVIDIA-SMI version  : {0}\nNVML version        : {1}\nDRIVER version      : {0}\nCUDA Version        : 12.8\n"
    assert seed.smi("--version").stdout == text.format("570.86.15", "570.86")
    assert workshop.smi("--version").stdout == text.format("570.124.06", "570.124")


def test_help_names_every_option(seed):
    got = seed.smi("-h")
    assert got.returncode == 0 and got.stdout.startswith("NVIDIA System Management Interface -- ")
    for option in ["-h,", "-L,", "--version", "--query-gpu=", "--query-compute-apps=", "--format=", "-i,", "-f,", "-l,", "-lms,"]:
        assert option in got.stdout


USED = """timestamp driver_version count name index uuid serial pci.bus_id pci.domain pci.bus pci.device pci.device_id
pci.sub_device_id memory.total memory.reserved memory.used memory.free utilization.gpu utilization.memory temperature.gpu
temperature.memory power.draw power.limit clocks.sm clocks.mem clocks.max.sm pstate fan.speed persistence_mode compute_mode
compute_cap ecc.mode.current ecc.errors.uncorrected.volatile.total mig.mode.current mig.mode.pending display_active display_mode
vbios_version pcie.link.gen.current pcie.link.gen.max pcie.link.width.current pcie.link.width.max accounting.mode
encoder.stats.sessionCount encoder.stats.averageFps encoder.stats.averageLatency""".split()
ALIASES = {"gpu_uuid": "uuid", "gpu_name": "name", "gpu_serial": "serial", "gpu_bus_id": "pci.bus_id",
           "clocks.sm": "clocks.current.sm", "clocks.mem": "clocks.current.memory", "clocks.gr": "clocks.current.graphics",
           "clocks_throttle_reasons.active": "clocks_event_reasons.active",
           "clocks_throttle_reasons.hw_slowdown": "clocks_event_reasons.hw_slowdown",
           "gpu.power.requested_limit": "power.limit", "gpu.power.current_limit": "enforced.power.limit",
           "retired_pages.sbe": "retired_pages.single_bit_ecc.count", "remapped_rows.sbe": "remapped_rows.correctable",
           "gpu_operation_mode.current": "gom.current", "gpu_operation_mode.pending": "gom.pending"}


def test_fields_that_programs_use_have_values(seed):
    got = seed.smi("--query-gpu=" + ",".join(USED), "--format=csv,noheader", "-i", "1")
    values = dict(zip(USED, got.stdout.strip().split(", ")))
    assert len(values) == len(USED)
    assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}", values["timestamp"])
    expected = {"count": "8", "index": "1", "pci.bus": "0x3A", "pci.device_id": "0x233510DE", "memory.total": "143771 MiB",
                "power.draw": "76.00 W", "clocks.sm": "345 MHz", "pstate": "P0", "fan.speed": "[N/A]", "compute_mode": "Default",
                "compute_cap": "9.0", "mig.mode.current": "Disabled", "utilization.gpu": "0 %", "persistence_mode": "Disabled",
                "pcie.link.gen.max": "5", "pcie.link.width.current": "16", "ecc.mode.current": "Enabled"}
    assert {name: values[name] for name in expected} == expected


def test_aliases_show_the_first_name(seed):
    got = seed.smi("--query-gpu=" + ",".join(ALIASES), "--format=csv,nounits").stdout.splitlines()[0]
    assert [name.split(" [")[0] for name in got.split(", ")] == list(ALIASES.values())


def test_every_field_of_the_help_can_be_queried(seed):
    names = re.findall(r'"([^"]+)"(?: or "([^"]+)")?\n', seed.smi("--help-query-gpu").stdout)
    assert len(names) > 90 and set(USED) | set(ALIASES) <= {name for pair in names for name in pair}
    got = seed.smi("--query-gpu=" + ",".join(a for a, _ in names), "--format=csv")
    assert got.returncode == 0 and {line.count(", ") for line in got.stdout.splitlines()} == {len(names) - 1}
    for pair in re.findall(r'"([^"]+)"(?: or "([^"]+)")?\n', seed.smi("--help-query-compute-apps").stdout):
        for name in filter(None, pair):
            assert seed.smi(f"--query-compute-apps={name}", "--format=csv").returncode == 0


HELP = " Please run 'nvidia-smi -h'"
BAD = [  # measured on 535.261.03
    (["--bogus"], 255, f"ERROR: Option --bogus is not recognized.{HELP}.\n\n"),
    (["--format=csv"], 255, f"ERROR: Option --format=csv is not recognized.{HELP}.\n\n"),
    (["-i"], 255, f"ERROR: Option -i is missing its value.{HELP} for help.\n\n"),
    (["-L", "-i", "0"], 2, f"ERROR: Option -i is not valid for this command.{HELP} for help.\n\n"),
    (["-L", "-L"], 2, f"ERROR: Only one command can be run at a time.{HELP} for help.\n\n"),
    (["-h", "foo"], 2, f"ERROR: Option foo is not valid for this command.{HELP} for help.\n\n"),
    (["--query-gpu=name"], 2, f'"--format=" switch is missing.{HELP} for help.\n\n'),
    (["--query-gpu=name", "--format=csv,foo"], 2, "Format modifier is not recognized.\n"),
    (["--query-gpu=name", "--format=csv, noheader"], 2, "Format modifier is not recognized.\n"),
    (["--query-gpu=name", "--format=noheader"], 2, "Format modifier --format=csv is mandatory.\n"),
    (["--query-gpu=name,Name", "--format=csv"], 2, 'Field "Name" is not a valid field to query.\n\n'),
    (["--query-gpu=name, index", "--format=csv"], 2, 'Field " index" is not a valid field to query.\n\n'),
    (["--query-compute-apps=uuid", "--format=csv"], 2, 'Field "uuid" is not a valid field to query.\n\n'),
    (["--query-gpu=name", "--format=csv", "-x"], 2, f"ERROR: Option -x is not recognized.{HELP} for help.\n\n"),
    (["--query-gpu=name", "--query-compute-apps=pid", "--format=csv"], 2, "Only one --query-* switch can be used at a time.\n"),
    (["--query-gpu=name", "--format=csv", "-l", "0"], 2,
     "Provided [-l(ms) | --loop(-ms)=] value is incorrect. Loop frequency must be greater than 0.\n\n"),
    (["--query-gpu=name", "--format=csv", "-f", "/dev/null/x"], 255, "Failed to create log file /dev/null/x\n\n"),
    (["-i", "99"], 6, "No devices were found\n"),
    (["-i", "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df"], 6, "No devices were found\n"),
    (["-i", "gpu-b2acda36-db78-a209-f9ef-d07b4336c449"], 6, "No devices were found\n"),
    (["-i", "18446744073709551616"], 6, "No devices were found\n"),
    (["--id="], 255, "Failed to parse device string on command line"),
]


@pytest.mark.parametrize("arguments, code, text", BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_wrong_command_lines(seed, arguments, code, text):
    got = seed.smi(*arguments)
    assert (got.returncode, got.stdout, got.stderr) == (code, text, "")


@pytest.mark.parametrize("ids, expected", [("0", "0"), ("3,1", "1 3"), ("2,2", "2"), ("0x5", "5"), ("0, 6", "0 6"), ("7,99", "7"),
                                           (GPU0, "0"), (GPU0 + ",1", "0 1"), ("00000000:4B:00.0", "2"),
                                           ("0000:4b:00.0", "2"), ("1654923001916", "0"), (",4,", "4")])
@pytest.mark.parametrize("form", [["-i", "{}"], ["-i={}"], ["--id={}"], ["--id", "{}"]], ids=lambda form: form[0])
def test_gpus_are_chosen_by_index_uuid_serial_and_bus_id(seed, ids, expected, form):
    got = seed.smi("--query-gpu=index", "--format=csv,noheader", *(word.format(ids) for word in form))
    assert got.stdout.split() == expected.split()


def test_options_come_in_any_order_and_empty_fields_are_passed_over(seed):
    forms = [["--query-gpu=index,,name", "--format=csv"], ["--format", "csv", "--query-gpu", "index,name"],
             ["-i", "0", "--format=csv,csv", "--query-gpu=index,name"], ["--query-gpu=uuid", "--query-gpu=index,name", "--format=csv"]]
    for form in forms:
        assert seed.smi(*form, "-i", "0").stdout == "index, name\n0, NVIDIA H200\n" or form[0] == "-i"
    assert seed.smi("--query-gpu=", "--format=csv", "-i", "0,1").stdout == "\n\n\n"


def test_units_stay_in_the_header(seed):
    got = seed.smi("--query-gpu=memory.total,power.draw", "--format=nounits,csv", "-i", "0")
    assert got.stdout == "memory.total [MiB], power.draw [W]\n143771, 76.00\n"


def test_output_goes_to_a_file_or_fails_loudly(seed):
    log = seed.scratch / "log"
    assert seed.smi("--query-gpu=index", "--format=csv", "-i", "0", "-f", log).stdout == ""
    assert log.read_text() == "index\n0\n"
    program = seed.root / "usr/bin/nvidia-smi"
    with open("/dev/full", "w") as full:
        env = {"LD_LIBRARY_PATH": str(next(seed.root.glob("usr/lib/*-linux-gnu")))}
        for arguments in (["-L"], ["-h"], [], ["--bogus"]):
            assert subprocess.run([program, *arguments], stdout=full, stderr=subprocess.PIPE, env=env).returncode == 255


def test_loop_prints_the_header_once(seed):
    got = seed.run("timeout", "1", seed.root / "usr/bin/nvidia-smi", "--query-gpu=index", "--format=csv", "-i", "0", "-lms", "100")
    lines = got.stdout.splitlines()
    assert lines[0] == "index" and set(lines[1:]) == {"0"} and 4 <= len(lines) <= 12


def test_processes_on_a_mig_device_and_on_a_whole_gpu():
    with SimNode("h200-seed") as node:
        on_mig = node.sim("ps add", "0:1", "--memory", "2194", "--name", "/root/tools/memhog")
        longer = node.sim("ps add", "0:0", "--memory", "1300", "--name", "/opt/conda/miniconda3/envs/vllm-long/bin/python3.12")
        on_gpu = node.sim("ps add", "2", "--memory", "130201", "--name", "VLLM::EngineCore")
        rows = [line for line in node.smi().stdout.splitlines() if re.match(r"\|    \d ", line)]
        assert rows == [
            f"|    0    5    0 {longer:>16}      C   ...envs/vllm-long/bin/python3.12       1300MiB |",
            f"|    0    7    0 {on_mig:>16}      C   /root/tools/memhog                     2194MiB |",
            f"|    2   N/A  N/A{on_gpu:>16}      C   VLLM::EngineCore                      13020... |"]
        got = node.smi("--query-compute-apps=gpu_uuid,gpu_bus_id,pid,name,used_memory", "--format=csv")
        lines = got.stdout.splitlines()
        assert lines[0] == "gpu_uuid, gpu_bus_id, pid, process_name, used_gpu_memory [MiB]"
        assert f"{GPU0}, 00000000:2A:00.0, {on_mig}, /root/tools/memhog, 2194 MiB" in lines
        assert len(lines) == 4
        node.restrict(migs=[1])
        assert "|  No running processes found " in node.smi().stdout
        got = node.smi("--query-compute-apps=pid,used_memory", "--format=csv,noheader")
        assert got.stdout == "[Insufficient Permissions], [Insufficient Permissions]\n" and got.returncode == 0


FAULTS = [
    ("nvmlInit_v2", 18, [], 18, "Failed to initialize NVML: Driver/library version mismatch\n"),
    ("nvmlInit_v2", 4, ["-L"], 4, "Failed to initialize NVML: Insufficient Permissions\n"),
    ("nvmlInit_v2", 999, ["-L"], 255, "Failed to initialize NVML: Unknown Error\n"),
    ("nvmlDeviceGetCount_v2", 999, ["-L"], 255, "Unable to determine the number of available GPUs: Unknown Error\n"),
    ("nvmlDeviceGetCount_v2", 999, [], 255, "Unable to determine the number of GPUs"),
    ("nvmlDeviceGetTemperature", 15, ["--query-gpu=temperature.gpu", "--format=csv,noheader", "-i", "0"], 0, "[GPU is lost]\n"),
    ("nvmlDeviceGetName", 999, ["--query-gpu=name,index", "--format=csv,noheader", "-i", "2"], 0, "[Unknown Error], 2\n"),
    ("nvmlDeviceGetPowerUsage", 16, ["--query-gpu=power.draw", "--format=csv,noheader", "-i", "2"], 0, "[GPU requires reset]\n"),
]


@pytest.mark.parametrize("function, result, arguments, code, text", FAULTS)
def test_what_nvml_refuses_is_told(function, result, arguments, code, text):
    machine = json.loads((MACHINES.parents[2] / "sim/machines/h200-seed.json").read_text())
    machine["faults"] = [{"function": function, "call": 0, "result": result}]
    with SimNode(machine) as node:
        got = node.smi(*arguments)
        assert (got.returncode, got.stdout) == (code, text)
