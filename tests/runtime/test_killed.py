"""kill -9 at each system call of a create: config.json is the old or the new one, and the next start makes everything right."""
import collections
import json
import re
import shutil
import subprocess

from conftest import BIN



def traced(bundle):
    return {**bundle.env, "ASAN_OPTIONS": "detect_leaks=0"}  # the leak check wants to trace, too


def count_calls(bundle):
    """How often a create makes each system call before it becomes the low-level runtime."""
    trace = bundle.path / "trace"
    shutil.rmtree(bundle.node.run_dir / "grants", ignore_errors=True)
    got = subprocess.run(["strace", "-o", trace, BIN / "subcard-runtime", "create", "--bundle", bundle.path, "k"],
                         env=traced(bundle), cwd=bundle.path, capture_output=True, check=False)
    assert got.returncode == 0, got.stderr
    counts = collections.Counter()
    for line in trace.read_text().splitlines():
        name = re.match(r"(\w+)\(", line)
        if not name:
            continue
        if name.group(1) == "execve" and counts["execve"]:
            break
        counts[name.group(1)] += 1
    del counts["execve"]
    return counts


def test_killed_at_each_system_call(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    old = bundle.config.read_bytes()
    image = bundle.path / "image"
    shutil.copytree(bundle.rootfs, image, symlinks=True)
    counts = count_calls(bundle)
    new = bundle.config.read_bytes()
    assert new != old and sum(counts.values()) > 80

    points = [(name, n) for name, total in sorted(counts.items()) for n in range(1, total + 1)]
    for name, n in points:
        shutil.rmtree(bundle.rootfs)
        shutil.copytree(image, bundle.rootfs, symlinks=True)
        bundle.write(old)
        shutil.rmtree(bundle.node.run_dir / "grants")
        got = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", f"inject={name}:signal=KILL:when={n}", BIN / "subcard-runtime",
                              "create", "--bundle", bundle.path, "k"], env=traced(bundle), cwd=bundle.path, capture_output=True, check=False)
        assert got.returncode != 0, (name, n)
        assert bundle.config.read_bytes() in (old, new), (name, n)
        listed = subprocess.run([BIN / "subcard", "list", "-o", "json"], env=bundle.env, capture_output=True, check=True).stdout \
            if n == 1 else b'{"gpus":[]}'
        assert all(not m["containers"] for g in json.loads(listed)["gpus"] for m in g["migDevices"]), (name, n)

        again = bundle.runtime("create", "--bundle", bundle.path, "k")
        assert again.returncode == 0, (name, n, again.stderr)
        assert bundle.config.read_bytes() == new, (name, n)
        assert not [p for p in bundle.path.rglob(".*.tmp")], (name, n)
        assert len(bundle.node.grants()) == 1
    print(f"{len(points)} points of {len(counts)} system calls")
