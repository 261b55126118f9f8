"""The user's walk-through, command by command, with the captured outputs of the real node (seed/)."""
import pathlib, re

import pytest

from engine import SEED
from node import SEED_UUIDS

TWO = "0:0,0:1"
CAPTURES = {
    "O3": ["--gpus", f"device={SEED_UUIDS[0]}"],
    "O4": ["--gpus", f'"device={TWO}"'],
    "O5": ["-e", "NVIDIA_VISIBLE_DEVICES=" + ",".join(SEED_UUIDS[:2])],
    "O6": ["-e", f"NVIDIA_VISIBLE_DEVICES={TWO}"],
}
QUERY = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
TORCH = "CUDA available: True\nDevice count: 1\nDevice name: NVIDIA H200 MIG 2g.35gb\nMemory: 32.5 GB\n"  # O9, O10
BINDINGS = pathlib.Path(__file__).with_name("cuda_bindings_probe.py").read_text()


def masked(table):
    """Without what differs from one moment to the next (clock, temperature, power), and without blanks at the end of a
    line, which the capture has lost."""
    table = re.sub(r" +$", "", table, flags=re.M)
    table = re.sub(r"\A\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}", "DATE", table)
    return re.sub(r"\|( N/A| +\d+%) +\d+C( +P\d+ +)\d+W", r"|\1 TEMP\2POWER", table)


def test_masking_hides_only_clock_temperature_and_power():
    one, two = (SEED / "O4.txt").read_text(), (SEED / "O5.txt").read_text()
    assert one != two and masked(one) == masked(two)
    assert masked(one) != masked((SEED / "O3.txt").read_text())
    assert masked(one) != masked(one.replace("29MiB", "30MiB"))


def test_node_lists_its_devices_as_captured(engine):
    got = engine.node.sh("nvidia-smi -L")
    assert got.stdout == (SEED / "O1.txt").read_text()


@pytest.mark.parametrize("runtime", [[], ["--runtime=nvidia"]], ids=["default", "named"])
@pytest.mark.parametrize("label", CAPTURES)
def test_container_prints_the_captured_table(engine, label, runtime):
    got = engine.out(*runtime, *CAPTURES[label], "base:1", "nvidia-smi")
    assert masked(got) == masked((SEED / f"{label}.txt").read_text())


def test_whole_gpus_by_index(engine):
    request = ["-e", "NVIDIA_VISIBLE_DEVICES=2,3"]
    listed = engine.out(*request, "base:1", "nvidia-smi", "-L")
    uuids = re.findall(r"GPU-[0-9a-f-]+", (SEED / "O1.txt").read_text())
    assert re.findall(r"^GPU (\d): NVIDIA H200 \(UUID: (.*)\)$", listed, re.M) == [("0", uuids[2]), ("1", uuids[3])]
    assert set(engine.probe(*request)["granted"]) == engine.node.nodes(gpus=[2, 3])


def test_memory_query_is_refused_as_on_the_real_node(engine):
    got = engine.run("--gpus", f'"device={SEED_UUIDS[0]}"', "base:1", *QUERY, check=False)
    assert "[Insufficient Permissions]" in got.stdout, (got.stdout, got.stderr)


def test_cuda_program_sees_name_and_memory(engine):
    got = engine.out("--gpus", f"device={SEED_UUIDS[0]}", "base:1", "cuda_probe")
    assert TORCH in got


def test_cuda_bindings_of_pypi_see_name_and_memory(engine):
    got = engine.out("--gpus", f"device={SEED_UUIDS[0]}", "base:1", "python3", "-c", BINDINGS)
    assert got == TORCH + TORCH


def test_runtime_by_name_where_the_default_is_another(engine):
    """Section 2.2 of the walk-through: `default-runtime` is not nvidia."""
    seed = (SEED / "daemon.json").read_text()
    engine.reload(seed.replace('"default-runtime":"nvidia"', '"default-runtime":"runc"'))
    try:
        named = engine.out("--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=2,3", "base:1", "nvidia-smi", "-L")
        plain = engine.run("-e", "NVIDIA_VISIBLE_DEVICES=2,3", "base:1", "nvidia-smi", "-L", check=False)
        hook = engine.run("--gpus", "device=0:0", "base:1", "true", check=False)
    finally:
        engine.reload(seed)
    assert named.count("NVIDIA H200") == 2
    assert plain.returncode == 127
    assert hook.returncode != 0 and "E303" in hook.stderr and "--runtime=nvidia" in hook.stderr
