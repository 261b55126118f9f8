"""The driver's files in the container: found by the loader, kept by ldconfig, gone without a trace that misleads."""
import pytest

REQUEST = ["--gpus", "device=0:0"]
FIND = "ldconfig -p | grep -F 'libcuda.so.1 '"
LOAD = "import ctypes; print(ctypes.CDLL('libcuda.so.1').cuInit(0), ctypes.CDLL('libnvidia-ml.so.1').nvmlInit_v2())"


def bash(engine, script, *arguments, image="base:1", **more):
    return engine.run(*arguments, image, "bash", "-c", script, **more)


def test_ldconfig_lists_the_driver_and_keeps_it(engine):
    got = bash(engine, f"{FIND} && ldconfig && echo again && {FIND} && python3 -c \"{LOAD}\"", *REQUEST)
    before, after = got.stdout.split("again\n")
    assert "libcuda.so.1" in before and "libcuda.so.1" in after
    assert after.endswith("0 0\n")


def test_ldconfig_says_nothing(engine):
    got = bash(engine, "ldconfig 2>&1", *REQUEST)
    assert got.stdout == ""


def test_stopped_container_starts_again(engine):
    container = engine.create(*REQUEST, "base:1", "bash", "-c", f"{FIND}; nvidia-smi -L")
    first = engine.docker("start", "-a", container).stdout
    second = engine.docker("start", "-a", container).stdout
    assert first == second and "2g.35gb" in first and first.count("libcuda.so.1") == 2


def test_commit_leaves_no_file_that_misleads(engine):
    container = engine.create(*REQUEST, "base:1", "bash", "-c", "ldconfig; nvidia-smi -L")
    engine.docker("start", "-a", container)
    engine.docker("commit", container, "committed:1")
    try:
        empty = engine.out("--runtime=runc", "committed:1", "find", "/", "-xdev", "-type", "f", "-size", "0",
                           "(", "-name", "*.so*", "-o", "-name", "*nvidia*", ")")
        plain = engine.run("--runtime=runc", "committed:1", "nvidia-smi", "-L", check=False)
        loads = bash(engine, f"python3 -c \"{LOAD}\"", "--runtime=runc", image="committed:1", check=False)
        again = bash(engine, f"{FIND}; nvidia-smi -L", "--gpus", "device=0:1", image="committed:1").stdout
    finally:
        engine.remove(container)
        engine.docker("rmi", "-f", "committed:1")
    assert empty == ""
    assert plain.returncode == 127
    assert loads.returncode != 0 and "libcuda.so.1" in loads.stderr
    assert "1g.18gb" in again and "libcuda.so.1" in again


@pytest.mark.parametrize("image", ["nocache", "badcache", "owncuda"])
def test_other_images_load_the_drivers_library(engine, image):
    assert bash(engine, f"python3 -c \"{LOAD}\"", *REQUEST, image=f"{image}:1").stdout == "0 0\n"


MOUNTS = ["--read-only", "--tmpfs /etc", "-v /etc", "--tmpfs /var", "--user 1000"]


@pytest.mark.parametrize("arguments", map(str.split, MOUNTS), ids=MOUNTS)
def test_other_mounts_load_the_drivers_library(engine, arguments):
    assert bash(engine, f"python3 -c \"{LOAD}\"", *arguments, *REQUEST).stdout == "0 0\n"


def test_image_without_libc_starts(engine):
    assert set(engine.probe(*REQUEST, image="busybox:1")["granted"]) == engine.node.nodes(mig=[0])


def test_driver_files_are_read_only_in_the_container(engine):
    script = f"file=$(readlink -f \"$({FIND} | grep -o '/.*')\"); test -s $file && ! echo x >>$file"
    assert "Read-only" in bash(engine, script, *REQUEST).stderr
