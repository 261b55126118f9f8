"""The simulated libcuda.so.1, asked by a C program (cuda_probe) and symbol by symbol."""
import json, os, pathlib, subprocess, sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from simnode import MACHINES, REPO, SimNode

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="device nodes are made by root")
O9 = O10 = "CUDA available: True\nDevice count: {}\nDevice name: NVIDIA H200 MIG 2g.35gb\nMemory: 32.5 GB\n"
PARENT = "b2acda36-db78-a209-f9ef-d07b4336c449"
FIRST = f"0, NVIDIA H200 MIG 2g.35gb, 33280, 32, b05c0034-4d0e-5d3c-a25c-e6795d1779df, {PARENT}, 0000:2A:00.0"
SECOND = f"1, NVIDIA H200 MIG 1g.18gb, 16384, 16, be041b89-b751-5c96-84aa-85315833c669, {PARENT}, 0000:2A:00.0"


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    program = tmp_path_factory.mktemp("probe") / "cuda_probe"
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-std=gnu11", "-Wall", "-Wextra", "-Werror", REPO / "tests/system/cuda_probe.c", "-o",
                    program, "-ldl"], check=True)
    return program


def test_one_mig_device_in_a_container_is_what_torch_saw(probe):
    with SimNode("h200-seed") as node:
        got = node.restrict(migs=[0]).run(probe)
        assert (got.stdout, got.stderr, got.returncode) == (O9.format(1) + O10.format(1), "", 0)
        assert node.run(probe, "--all").stdout == FIRST + "\n"


def test_two_mig_devices_in_a_container(probe):
    with SimNode("h200-seed") as node:
        node.restrict(migs=[0, 1])
        assert node.run(probe).stdout == O9.format(2) + O10.format(2)
        assert node.run(probe, "--all").stdout.splitlines() == [FIRST, SECOND]
        chosen = node.run(probe, "--all", CUDA_VISIBLE_DEVICES="MIG-be041b89-b751-5c96-84aa-85315833c669")
        assert chosen.stdout.splitlines() == ["0" + SECOND[1:]]


def test_older_drivers_give_a_process_one_mig_device(probe):
    machine = json.loads((REPO / "sim/machines/h200-seed.json").read_text())
    machine.update(driver="565.57.01", nvml="12.565.57.01", branch=565, cuda=12070)
    with SimNode(machine) as node:
        assert node.run(probe, "--all").stdout == FIRST + "\n"  # root, who sees all devices


def test_whole_gpus_without_what_the_driver_keeps(probe):
    with SimNode("h200") as node:
        lines = node.restrict(gpus=[2, 3]).run(probe, "--all").stdout.splitlines()
        assert [line.split(", ")[:4] for line in lines] == [[str(i), "NVIDIA H200", str(143771 - 614), "132"] for i in (0, 1)]
        assert all(line.split(", ")[4] == line.split(", ")[5] for line in lines)


def test_another_machine_gives_other_answers(probe):
    with SimNode(MACHINES / "workshop.json") as node:
        lines = node.run(probe, "--all").stdout.splitlines()
        assert [line.split(", ")[1:4] for line in lines] == [
            ["NVIDIA Workshop 6000 Longname Edition MIG 1c.2g.48gb", "47616", "46"],  # one instance of the two in GI 1
            ["NVIDIA Workshop 6000 Longname Edition MIG 1g.9gb", "9876", "46"], ["NVIDIA Small 4", str(15360 - 448), "40"]]


def test_what_is_missing_is_an_error(probe):
    with SimNode("h200-seed") as node:
        node.drop("nvidia-uvm")
        got = node.run(probe)
        assert got.returncode == 253 and "cuInit: 999 CUDA_ERROR_UNKNOWN" in got.stderr
        node.drop("nvidiactl")
        got = node.run(probe)
        assert got.returncode == 100 and "cuInit: 100 CUDA_ERROR_NO_DEVICE" in got.stderr
        assert got.stdout == "CUDA available: False\n"
    with SimNode("no-gpu") as node:
        node.add_driver_files()
        assert node.run(probe).returncode == 100
    with SimNode("h200") as node:
        assert node.restrict().run(probe).returncode == 100
        assert node.run(probe, CUDA_VISIBLE_DEVICES="").returncode == 100
        assert node.run(probe, library=False).returncode == 255


CALLS = r"""
import ctypes, json
cuda = ctypes.CDLL("libcuda.so.1")
n, p, q, text = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_char_p()
size = ctypes.c_size_t()
said = {}
said["version before init"] = cuda.cuDriverGetVersion(ctypes.byref(n)), n.value
said["before init"] = [cuda.cuDeviceGetCount(ctypes.byref(n)), cuda.cuDeviceGet(ctypes.byref(n), 0),
                       cuda.cuCtxGetCurrent(ctypes.byref(p)), cuda.cuDeviceTotalMem_v2(ctypes.byref(size), 0)]
said["init"] = cuda.cuInit(1), cuda.cuInit(0), cuda.cuInit(0)
said["NULL"] = cuda.cuDeviceGetCount(None), cuda.cuDeviceGetName(None, 9, 0), cuda.cuMemGetInfo_v2(None, None)
said["ordinals"] = [cuda.cuDeviceGet(ctypes.byref(n), i) for i in (0, 12, 13, -1, 2**31 - 1)]
name = ctypes.create_string_buffer(b"?" * 16, 16)
said["short name"] = cuda.cuDeviceGetName(name, 8, 0), name.raw[:9].decode()
said["attributes"] = [(cuda.cuDeviceGetAttribute(ctypes.byref(n), a, 0), n.value)[::-1] for a in (16, 75, 76, 17, 33, 34, 35, 87, 115)]
said["no attribute"] = [cuda.cuDeviceGetAttribute(ctypes.byref(n), a, 0) for a in (0, -1, 9999)]
said["context"] = [cuda.cuCtxGetCurrent(ctypes.byref(p)), p.value, cuda.cuCtxGetDevice(ctypes.byref(n)),
                   cuda.cuCtxSetCurrent(ctypes.c_void_p(1234)), cuda.cuCtxPopCurrent_v2(ctypes.byref(p)),
                   cuda.cuDevicePrimaryCtxRelease_v2(0)]
assert cuda.cuDevicePrimaryCtxRetain(ctypes.byref(p), 1) == 0
assert cuda.cuCtxPushCurrent_v2(p) == 0
said["current"] = cuda.cuCtxGetCurrent(ctypes.byref(q)), q.value == p.value, cuda.cuCtxGetDevice(ctypes.byref(n)), n.value
said["released"] = cuda.cuDevicePrimaryCtxRelease_v2(1), cuda.cuCtxGetDevice(ctypes.byref(n)), cuda.cuCtxPopCurrent_v2(ctypes.byref(q))
said["pool"] = cuda.cuDeviceGetMemPool(ctypes.byref(p), 0), bool(p.value), cuda.cuDeviceGetMemPool(ctypes.byref(p), 99)
table = ctypes.c_void_p(7)
said["tables"] = cuda.cuGetExportTable(ctypes.byref(table), b"\x6b\xd5\xfb\x6c" + bytes(12)), table.value
def address(symbol, version, v2=True):
    status = ctypes.c_int(-1)
    a = [symbol.encode(), ctypes.byref(p), version, ctypes.c_uint64(0)]
    result = cuda.cuGetProcAddress_v2(*a, ctypes.byref(status)) if v2 else cuda.cuGetProcAddress(*a)
    names = [n for n in NAMES if p.value and p.value == ctypes.cast(getattr(cuda, n), ctypes.c_void_p).value]
    return result, status.value, names
NAMES = ["cuInit", "cuDeviceTotalMem", "cuDeviceTotalMem_v2", "cuDeviceGetUuid", "cuDeviceGetUuid_v2", "cuGetProcAddress",
         "cuGetProcAddress_v2", "cuMemGetInfo_v2"]
said["addresses"] = [address("cuInit", 12080), address("cuDeviceTotalMem", 12080), address("cuDeviceTotalMem", 3000),
                     address("cuDeviceGetUuid", 11030), address("cuDeviceGetUuid", 11040), address("cuGetProcAddress", 11080),
                     address("cuGetProcAddress", 12000), address("cuMemGetInfo", 12000, False)]
said["no address"] = [address("cuLaunchKernel", 12080), address("cuDeviceGetUuid", 9000), address("cuDeviceTotalMem_v2", 12080),
                      address("cuLaunchKernel", 12080, False)]
said["names"] = [(cuda.cuGetErrorName(e, ctypes.byref(text)), text.value and text.value.decode()) for e in (0, 201, 12345)]
said["text"] = cuda.cuGetErrorString(100, ctypes.byref(text)), text.value.decode()
print(json.dumps(said))
"""
EXPECTED = {
    "version before init": [0, 12080], "before init": [3, 3, 3, 3], "init": [1, 0, 0], "NULL": [1, 1, 1],
    "ordinals": [0, 0, 101, 101, 101], "short name": [0, "NVIDIA \0?"],
    "attributes": [[32, 0], [9, 0], [0, 0], [0, 0], [0x2A, 0], [0, 0], [0, 0], [2, 0], [1, 0]], "no attribute": [1, 1, 1],
    "context": [0, None, 201, 201, 201, 201], "current": [0, True, 0, 1], "released": [0, 201, 0], "pool": [0, True, 101],
    "tables": [500, 7],
    "addresses": [[0, 0, ["cuInit"]], [0, 0, ["cuDeviceTotalMem_v2"]], [0, 0, ["cuDeviceTotalMem"]], [0, 0, ["cuDeviceGetUuid"]],
                  [0, 0, ["cuDeviceGetUuid_v2"]], [0, 0, ["cuGetProcAddress"]], [0, 0, ["cuGetProcAddress_v2"]],
                  [0, -1, ["cuMemGetInfo_v2"]]],
    "no address": [[0, 1, []], [0, 2, []], [0, 1, []], [500, -1, []]],
    "names": [[0, "CUDA_SUCCESS"], [0, "CUDA_ERROR_INVALID_CONTEXT"], [1, None]], "text": [0, "no CUDA-capable device is detected"],
}


def test_each_function_answers_as_the_driver_does():
    with SimNode("h200-seed") as node:
        got = node.run("/usr/bin/python3", "-c", CALLS)
        assert got.returncode == 0, got.stderr
        assert json.loads(got.stdout) == EXPECTED


def test_only_functions_of_cuda_are_exported():
    library = REPO / "build/sim/libcuda.so.1"
    listed = subprocess.run(["nm", "-D", "--defined-only", library], text=True, capture_output=True, check=True).stdout
    names = [line.split()[2] for line in listed.splitlines()]
    assert len(names) > 25 and all(name.startswith("cu") for name in names)
    needed = subprocess.run(["readelf", "-d", library], text=True, capture_output=True, check=True).stdout
    assert "Library soname: [libcuda.so.1]" in needed and "nvidia" not in needed
