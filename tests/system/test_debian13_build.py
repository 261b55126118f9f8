"""The tree builds and passes its fast tests on Debian 13, with the packages that tools/setup installs there."""
import os, subprocess

import recipes
from lab import REPO, tool


def copy_tree(target):
    target.mkdir()
    left_out = [f"--exclude=./{name}" for name in ("build", ".cache", ".git")]
    tar = subprocess.Popen(["tar", "-C", str(REPO), *left_out, "-c", "."], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-C", str(target), "-x"], stdin=tar.stdout, check=True)
    assert tar.wait() == 0


def test_builds_and_checks_fast_on_debian_13(scratch):
    copy = scratch / "tree"
    copy_tree(copy)
    folder = recipes.debian13()["base"]
    script = f"cd {copy} && git init -q && git add -A && make -s -j2 && make -s check-fast"
    said = tool(REPO / "tools/engines/debian", "trixie", folder, "bash", "-c", script, env=dict(os.environ, BIND=str(copy)))
    assert " 0 failed" in said.splitlines()[-1]
