"""NVIDIA's own Python bindings (cuda-bindings of PyPI) on the simulated libcuda.so.1."""
import json

import pytest

import packages
VERSION = "cuda-bindings==12.9.0"
SCRIPT = """
import json
from cuda.bindings import driver
def ask(function, *arguments):
    result, *values = function(*arguments)
    assert result == driver.CUresult.CUDA_SUCCESS, (function, result)
    return values[0] if values else None
A = driver.CUdevice_attribute
ask(driver.cuInit, 0)
found = []
for i in range(ask(driver.cuDeviceGetCount)):
    device = ask(driver.cuDeviceGet, i)
    none = driver.cuMemGetInfo()[0]
    ask(driver.cuCtxSetCurrent, ask(driver.cuDevicePrimaryCtxRetain, device))
    found.append({
        "version": ask(driver.cuDriverGetVersion),
        "name": ask(driver.cuDeviceGetName, 128, device).split(b"\\0")[0].decode(),
        "total": ask(driver.cuDeviceTotalMem, device),
        "free, total": list(map(int, driver.cuMemGetInfo()[1:])),
        "without a context": int(none),
        "uuid": bytes(ask(driver.cuDeviceGetUuid_v2, device).bytes).hex(),
        "parent": bytes(ask(driver.cuDeviceGetUuid, device).bytes).hex(),
        "sm": ask(driver.cuDeviceGetAttribute, A.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device),
        "cc": [ask(driver.cuDeviceGetAttribute, A.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device),
               ask(driver.cuDeviceGetAttribute, A.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device)],
        "bus": ask(driver.cuDeviceGetPCIBusId, 32, device).split(b"\\0")[0].decode(),
        "priorities": list(driver.cuCtxGetStreamPriorityRange()[1:]),
        "export table": int(driver.cuGetExportTable(driver.CUuuid())[0]),
    })
    ask(driver.cuCtxSetCurrent, driver.CUcontext(0))
    ask(driver.cuDevicePrimaryCtxRelease, device)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def bindings():
    return packages.pypi("cuda", [VERSION])


def devices(node, bindings, admin=True, **env):
    return json.loads(node.run("/usr/bin/python3", "-c", SCRIPT, admin=admin, PYTHONPATH=str(bindings), **env))


def test_every_mig_device_and_every_whole_gpu_is_a_device(node, bindings):
    found = devices(node, bindings)
    assert [d["name"] for d in found] == ["NVIDIA H200 MIG 2g.35gb"] + ["NVIDIA H200 MIG 1g.18gb"] * 5 + ["NVIDIA H200"] * 7
    first = found[0]
    mib = 1 << 20
    assert first == {"version": 12080, "name": "NVIDIA H200 MIG 2g.35gb", "total": 33280 * mib, "sm": 32, "cc": [9, 0],
                     "free, total": [(33280 - 29) * mib, 33280 * mib], "without a context": 201, "bus": "0000:2A:00.0",
                     "uuid": "b05c00344d0e5d3ca25ce6795d1779df", "parent": "b2acda36db78a209f9efd07b4336c449",
                     "priorities": [0, -5], "export table": 500}
    assert found[0]["total"] / 1024**3 == 32.5
    assert (found[6]["total"], found[6]["sm"]) == ((143771 - 614) * mib, 132) and found[6]["uuid"] == found[6]["parent"]


def test_a_container_has_its_device_alone(node, bindings):
    dev = node.root / "dev"
    keep = {"nvidia0", "nvidia-caps/nvidia-cap48", "nvidia-caps/nvidia-cap49"}
    names = [str(path.relative_to(dev)) for path in [*dev.glob("nvidia[0-9]*"), *dev.glob("nvidia-caps/*")]]
    with node.hidden(*(name for name in names if name not in keep)):
        found = devices(node, bindings, admin=False)
        assert [(d["name"], d["uuid"]) for d in found] == [("NVIDIA H200 MIG 2g.35gb", "b05c00344d0e5d3ca25ce6795d1779df")]


def test_used_memory_is_seen(node, bindings):
    pid = node.start_process("0:1", 1000)
    try:
        assert devices(node, bindings, CUDA_VISIBLE_DEVICES="1")[0]["free, total"][0] == (16384 - 15 - 1000) << 20
    finally:
        node.end_process(pid)
