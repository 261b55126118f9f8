"""The tree builds and passes its fast tests on Debian 13, with the packages that tools/setup installs there."""
import os, subprocess

import recipes
from lab import REPO


def test_builds_and_checks_fast_on_debian_13(scratch):
    copy = scratch / "tree"
    copy.mkdir()
    tar = subprocess.Popen(["tar", "-C", str(REPO), "--exclude=./build", "--exclude=./.git", "-c", "."], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-C", str(copy), "-x"], stdin=tar.stdout, check=True)
    assert tar.wait() == 0
    folder = recipes.debian13()["base"]
    got = subprocess.run([REPO / "tools/engines/debian", "trixie", folder, "bash", "-c",
                          f"cd {copy} && make -s -j2 && make -s check-fast"], env=dict(os.environ, BIND=str(copy)), text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert got.returncode == 0, got.stdout[-3000:]
    assert " 0 failed" in got.stdout.splitlines()[-1]
