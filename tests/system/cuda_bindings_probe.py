"""O9 and O10 of the walk-through, asked from libcuda through NVIDIA's own Python bindings instead of torch."""
from cuda.bindings import driver


def ask(function, *arguments):
    result, *values = function(*arguments)
    assert result == driver.CUresult.CUDA_SUCCESS, (function, result)
    return values[0] if len(values) == 1 else values


def tell(memory):
    print("CUDA available:", count > 0)
    print("Device count:", count)
    print("Device name:", ask(driver.cuDeviceGetName, 128, device).split(b"\0")[0].decode())
    print("Memory:", memory / 1024**3, "GB")


ask(driver.cuInit, 0)
count = ask(driver.cuDeviceGetCount)
device = ask(driver.cuDeviceGet, 0)
tell(ask(driver.cuDeviceTotalMem, device))
ask(driver.cuCtxSetCurrent, ask(driver.cuDevicePrimaryCtxRetain, device))
tell(ask(driver.cuMemGetInfo)[1])
ask(driver.cuDevicePrimaryCtxRelease, device)
