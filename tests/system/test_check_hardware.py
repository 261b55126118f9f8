"""`make check-hardware` on a node whose root is "/": a simulated one, put where a real driver would be."""
import subprocess

import pytest

from lab import REPO


@pytest.mark.parametrize("machine", ["h200-seed", "h200"])
def test_check_hardware_passes_where_the_driver_lies_at_the_root(tmp_path, machine):
    node, scratch = tmp_path / "node", tmp_path / "scratch"
    scratch.mkdir()
    subprocess.run([REPO / "build/bin/subcard", "sim", "up", "--machine", machine, "--at", node], check=True, capture_output=True)
    try:
        got = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", REPO / "tests/system/real_root.sh", node, scratch,
                              REPO / "tools/check-hardware"], capture_output=True, text=True, check=False, timeout=120)
    finally:
        subprocess.run([REPO / "build/bin/subcard", "sim", "down", "--at", node], check=True, capture_output=True)
    assert got.returncode == 0, got.stdout + got.stderr
    assert got.stdout.splitlines()[-1] == "9 passed, 0 failed, 0 skipped"
