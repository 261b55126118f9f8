"""The vendor's nvidia-smi, pynvml, gpustat, nvtop and nvidia-ml-py on the simulated library. See docs/judges.md."""
import json, re

from conftest import CACHE, REPO

MIGS = [(5, "2g.35gb", 32, 33280, 29), (7, "1g.18gb", 16, 16384, 15), (8, "1g.18gb", 16, 16384, 15),
        (9, "1g.18gb", 16, 16384, 15), (10, "1g.18gb", 16, 16384, 15), (13, "1g.18gb", 16, 16384, 15)]
O1 = (REPO / "tests/system/seed/O1.txt").read_text()
MONITOR, CONFIG, GI5 = "nvidia-caps/nvidia-cap2", "nvidia-caps/nvidia-cap1", "nvidia-caps/nvidia-cap48"
PYTHON = "/usr/bin/python3"


def fields(node, smi, what, **options):
    return node.run(smi, f"--query-gpu={what}", "--format=csv,noheader,nounits", **options).splitlines()


def test_these_versions_are_written_down(judges):
    text = (REPO / "docs/judges.md").read_text()
    for name, version in judges.items():
        if name not in ("psutil", "blessed"):
            assert f"| {name} | {version} |" in text


# The vendor's nvidia-smi 535


def test_list_is_that_of_the_walkthrough(node, smi):
    assert node.run(smi, "-L") == O1


def test_table_shows_each_mig_device(node, smi):
    table = node.run(smi)
    assert "Driver Version: 570.86.15    CUDA Version: 12.8" in table
    rows = re.findall(r"^\|  0 +(\d+)   0 +(\d+) +\| +(\d+)MiB / (\d+)MiB  \| (\d+) +0 \|", table, re.M)
    assert [tuple(map(int, row)) for row in rows] == [(gi, i, used, total, sm)
                                                       for i, (gi, _, sm, total, used) in enumerate(MIGS)]
    assert "No running processes found" in table
    assert len(re.findall(r"^\|   \d  NVIDIA H200  ", table, re.M)) == 8


def test_whole_gpus_have_no_mig_devices(whole, smi):
    table = whole.run(smi)
    assert "MIG devices" not in table and table.count(" Disabled |") == 8
    lines = fields(whole, smi, "memory.total,memory.reserved,utilization.gpu,mig.mode.current")
    assert lines == ["143771, 614, 0, Disabled"] * 8


def test_csv_answers_are_those_of_the_machine(node, smi):
    machine = json.loads((node.root / "run/nvidia-persistenced/node.json").read_text())
    asked = "index,name,uuid,pci.bus_id,memory.total,serial,vbios_version,pstate,power.limit,compute_cap,driver_version"
    for i, (line, gpu) in enumerate(zip(fields(node, smi, asked), machine["gpus"], strict=True)):
        common = {**machine.get("every_gpu", {}), **gpu}
        assert line == ", ".join([str(i), common["name"], gpu["uuid"], gpu["bus_id"], str(common["memory_mib"]),
                                  common["serial"], common["vbios"], "P0", "700.00", "9.0", "570.86.15"])


def test_memory_of_the_host_adds_up(node, smi):
    first = fields(node, smi, "memory.total,memory.reserved,memory.used,memory.free")[0]
    total, reserved, used, free = map(int, first.split(","))
    assert (total, used) == (143771, sum(m[4] for m in MIGS)) and total == reserved + used + free


def test_a_process_uses_its_mig_device(node, smi):
    pid = node.start_process("0:1", 1000)
    try:
        table = node.run(smi)
        assert re.search(r"\|  0    7   0   1  \| +1015MiB / 16384MiB", table)
        assert re.search(rf"\|    0    7    0 +{pid}      C   /usr/bin/train +1000MiB \|", table)
        listed = node.run(smi, "--query-compute-apps=pid,name,used_memory,gpu_uuid", "--format=csv,noheader,nounits")
        assert listed.startswith(f"{pid}, ") and ", 1000, GPU-b2acda36-" in listed
        assert int(fields(node, smi, "memory.used")[0]) == 1104
    finally:
        node.end_process(pid)
    assert "No running processes found" in node.run(smi)


def test_a_parent_refuses_its_memory_without_monitor(node, smi):
    with node.hidden(MONITOR):
        asked = fields(node, smi, "memory.total,memory.used", admin=False)
        assert asked[0] == "[Insufficient Permissions], [Insufficient Permissions]" and asked[1].startswith("143771, ")
        assert "N/A " in node.run(smi, admin=False) and node.run(smi, "-L", admin=False) == O1
        assert fields(node, smi, "memory.total")[0] == "143771"  # CAP_SYS_ADMIN implies the node


def test_a_mig_device_is_gone_without_its_node(node, smi):
    with node.hidden(GI5):
        lines = node.run(smi, "-L", admin=False).splitlines()
        assert lines[1] == "  MIG 1g.18gb     Device  0: (UUID: MIG-be041b89-b751-5c96-84aa-85315833c669)"
        assert len(lines) == 13
        table = node.run(smi, admin=False)
        assert re.search(r"\|  0    7   0   0  \|", table) and not re.search(r"\|  0    5   0 ", table)


def test_instances_cannot_be_listed_without_config(node, smi):
    assert "|   0  MIG 2g.35gb         14        5          4:2     |" in node.run(smi, "mig", "-lgi")
    with node.hidden(CONFIG):
        assert "Insufficient Permissions" in node.run(smi, "mig", "-lgi", admin=False, code=4)
        assert "Insufficient Permissions" in node.run(smi, "mig", "-lci", admin=False, code=4)


def test_profiles_and_shares_are_those_of_an_h200(node, whole, smi):
    free = re.findall(r"MIG (\S+) +(\d+) +(\d)/(\d) +([\d.]+) +No +(\d+)", node.run(smi, "mig", "-lgip", "-i", "0"))
    assert all(row[2] == "0" for row in free)
    assert [(row[0], row[1], row[4], row[5]) for row in free] == [
        ("1g.18gb", "19", "16.00", "16"), ("1g.18gb+me", "20", "16.00", "16"), ("1g.35gb", "15", "32.50", "26"),
        ("2g.35gb", "14", "32.50", "32"), ("3g.71gb", "9", "69.75", "60"), ("4g.71gb", "5", "69.75", "64"),
        ("7g.141gb", "0", "140.00", "132")]
    assert "Profile ID 15 Placements: {0,2,4,6}:2" in node.run(smi, "mig", "-lgipp")
    assert "MIG 1c.2g.35gb" in node.run(smi, "mig", "-lcip")


def test_without_a_driver_the_vendor_says_so(node, smi):
    with node.hidden("nvidiactl"):
        assert "couldn't communicate with the NVIDIA driver" in node.run(smi, code=9)


def test_query_as_xml_is_complete(node, smi):
    import xml.etree.ElementTree as xml
    root = xml.fromstring(node.run(smi, "-q", "-x"))
    assert root.findtext("attached_gpus") == "8"
    migs = root.find("gpu").find("mig_devices").findall("mig_device")
    assert [int(m.findtext("gpu_instance_id")) for m in migs] == [m[0] for m in MIGS]
    assert migs[0].find("fb_memory_usage").findtext("total") == "33280 MiB"
    assert root.find("gpu").findtext("serial") == "1654923001916"


def test_an_older_vendor_program_agrees(node, judges):
    old = CACHE / "debian/nvidia-tesla-470-smi/usr/lib/nvidia/tesla-470/nvidia-smi"
    assert node.run(old, "-L") == O1
    rows = re.findall(r"^\|  0 +(\d+)   0 +(\d+) +\| +(\d+)MiB / (\d+)MiB +\| (\d+) ", node.run(old), re.M)
    assert [tuple(map(int, row)) for row in rows] == [(gi, i, used, total, sm)
                                                       for i, (gi, _, sm, total, used) in enumerate(MIGS)]
    with node.hidden(MONITOR):
        assert fields(node, old, "memory.total", admin=False)[0] == "[Insufficient Permissions]"


# Python: the same questions through the old and the newest binding

ASK = r"""
import json, pynvml as n
n.nvmlInit()
text = lambda t: t.decode() if isinstance(t, bytes) else t
gpus = []
for i in range(n.nvmlDeviceGetCount()):
    gpu = n.nvmlDeviceGetHandleByIndex(i)
    one = {"name": text(n.nvmlDeviceGetName(gpu)), "uuid": text(n.nvmlDeviceGetUUID(gpu)),
           "mig": n.nvmlDeviceGetMigMode(gpu), "migs": [],
           "bus": text(n.nvmlDeviceGetPciInfo(gpu).busId), "brand": n.nvmlDeviceGetBrand(gpu),
           "cc": n.nvmlDeviceGetCudaComputeCapability(gpu)}
    try:
        one["memory"] = n.nvmlDeviceGetMemoryInfo(gpu).total >> 20
    except n.NVMLError_NoPermission:
        one["memory"] = None
    for j in range(n.nvmlDeviceGetMaxMigDeviceCount(gpu)):
        try:
            mig = n.nvmlDeviceGetMigDeviceHandleByIndex(gpu, j)
        except n.NVMLError_NotFound:
            break
        a = n.nvmlDeviceGetAttributes(mig)
        memory = n.nvmlDeviceGetMemoryInfo(mig)
        by_uuid = n.nvmlDeviceGetHandleByUUID(n.nvmlDeviceGetUUID(mig))
        parent = n.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(by_uuid)
        try:
            n.nvmlDeviceGetUtilizationRates(mig)
            load = True
        except n.NVMLError_NotSupported:
            load = None
        one["migs"].append([n.nvmlDeviceGetGpuInstanceId(by_uuid), text(n.nvmlDeviceGetName(mig)), a.multiprocessorCount,
                            a.memorySizeMB, memory.total >> 20, memory.used >> 20, n.nvmlDeviceGetIndex(parent), load,
                            text(n.nvmlDeviceGetUUID(mig))])
    gpus.append(one)
print(json.dumps({"driver": text(n.nvmlSystemGetDriverVersion()), "nvml": text(n.nvmlSystemGetNVMLVersion()), "gpus": gpus}))
n.nvmlShutdown()
"""


def python_answers(node, folder, **options):
    answer = json.loads(node.run(PYTHON, "-c", ASK, PYTHONPATH=str(folder), **options))
    assert (answer["driver"], answer["nvml"]) == ("570.86.15", "12.570.86.15")
    assert [g["uuid"] for g in answer["gpus"]] == re.findall(r"GPU-[0-9a-f-]+", O1)
    assert {g["name"] for g in answer["gpus"]} == {"NVIDIA H200"}
    first = answer["gpus"][0]
    assert (first["bus"], first["mig"], first["brand"], first["cc"]) == ("00000000:2A:00.0", [1, 1], 14, [9, 0])
    assert [m[:8] for m in first["migs"]] == [[gi, f"NVIDIA H200 MIG {profile}", sm, total, total, used, 0, None]
                                              for gi, profile, sm, total, used in MIGS]
    assert [m[8] for m in first["migs"]] == re.findall(r"MIG-[0-9a-f-]+", O1)
    assert all(g["migs"] == [] for g in answer["gpus"][1:])
    return first["memory"]


def each_binding(judges):
    return [CACHE / "debian/python3-pynvml/usr/lib/python3/dist-packages", CACHE / "newest"]


def test_python_bindings_enumerate_everything(node, judges):
    for folder in each_binding(judges):
        assert python_answers(node, folder) == 143771


def test_python_bindings_meet_the_refusal(node, judges):
    with node.hidden(MONITOR):
        for folder in each_binding(judges):
            assert python_answers(node, folder, admin=False) is None


def test_the_newest_binding_finds_new_functions_missing(node, judges):
    """nvidia-ml-py knows functions of later drivers: it must see that this one lacks them, not a wrong answer."""
    code = ("import pynvml as n; n.nvmlInit()\n"
            "try: n.nvmlDeviceGetRepairStatus(n.nvmlDeviceGetHandleByIndex(0))\n"
            "except n.NVMLError_FunctionNotFound: print('missing')")
    assert node.run(PYTHON, "-c", code, PYTHONPATH=str(CACHE / "newest")) == "missing\n"


def gpustat(node, *options, **more):
    paths = [CACHE / f"debian/{name}/usr/lib/python3/dist-packages" for name in ("gpustat", "python3-pynvml")]
    paths.append(CACHE / "needs")
    return node.run(PYTHON, "-m", "gpustat", *options, PYTHONPATH=":".join(map(str, paths)), TERM="dumb", **more)


def test_gpustat_reads_eight_gpus(node, judges):
    answer = json.loads(gpustat(node, "--json"))
    assert [g["uuid"] for g in answer["gpus"]] == re.findall(r"GPU-[0-9a-f-]+", O1)
    assert {g["memory.total"] for g in answer["gpus"]} == {143771}
    assert answer["gpus"][1]["temperature.gpu"] == 30 and answer["gpus"][1]["enforced.power.limit"] == 700


def test_gpustat_shows_what_a_container_may_not_know(node, judges):
    with node.hidden(MONITOR):
        lines = gpustat(node, "--no-header", admin=False).splitlines()
        assert "?? /" in lines[0] and "/ 143771 MB" in lines[1]


def test_nvtop_lists_the_gpus(node, judges):
    """In a terminal with a size: without one nvtop crashes by itself. It ends with `timeout`'s signal, which gives 124."""
    nvtop = CACHE / "debian/nvtop/usr/bin/nvtop"
    command = f"stty rows 50 cols 160; timeout --foreground -k 2 -s INT 3 {nvtop}"
    screen = node.run("script", "-qec", command, "/dev/null", code=124, TERM="xterm", HOME=str(node.root))
    assert screen.count("[NVIDIA H200]") >= 8 and "140.401Gi" in screen
