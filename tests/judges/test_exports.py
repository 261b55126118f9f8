"""What libnvidia-ml.so.1 exports is what its table says, and the table is that of a real driver."""
import re, subprocess

import pytest

from conftest import REPO

LIBRARY = REPO / "build/sim/libnvidia-ml.so.1"
TABLE = (REPO / "sim/abi/functions.inc").read_text()
CAPTURE = REPO.parent / "shared/captures/h100-mig-590.txt"


def exported():
    done = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True, capture_output=True, text=True)
    return {line.split()[2] for line in done.stdout.splitlines()}


def test_exactly_the_table_is_exported():
    rows = re.findall(r"^(?:ANSWERED|UNSUPPORTED)\((\w+)\)$", TABLE, re.M)
    assert len(rows) == len(set(rows)) == 376
    assert exported() == set(rows)


def test_what_is_marked_answered_is_defined_in_sources():
    text = "".join(p.read_text() for p in (REPO / "sim/abi").glob("*.c"))
    for mark, name in re.findall(r"^(ANSWERED|UNSUPPORTED)\((\w+)\)$", TABLE, re.M):
        assert bool(re.search(rf"\b{name}\b[,)(]", text)) == (mark == "ANSWERED"), name


def test_the_table_is_a_part_of_a_recorded_driver():
    if not CAPTURE.exists():
        pytest.skip("the recorded node ../shared/captures/h100-mig-590.txt is not here")
    section = CAPTURE.read_text().split(":: nvml-symbols\n")[1].split("\n# capabilities ::")[0]
    recorded = set(re.findall(r"^nvml\w+$", section, re.M))
    assert len(recorded) == 405 and exported() < recorded


def test_it_needs_the_c_library_alone():
    text = subprocess.run(["readelf", "-d", LIBRARY], check=True, capture_output=True, text=True).stdout
    assert "Library soname: [libnvidia-ml.so.1]" in text
    assert re.findall(r"NEEDED.*\[(.*)\]", text) == ["libc.so.6"]
