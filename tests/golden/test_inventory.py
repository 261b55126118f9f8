"""subcard inventory: what refresh makes and writes, when it refuses, and whether show tells the truth about it."""
import fcntl, json, os, pathlib, stat, subprocess, time

import pytest

from conftest import LIBDIR, NOBODY, SUBCARD

CAPS = ["compute", "compute-utility", "compute-utility-video", "compute-video", "utility", "utility-video", "video"]


def driver_folder(node):
    return node.path("var/lib/subcard/driver")


def test_refresh_says_what_it_wrote(node):
    cache = node.path("run/subcard/inventory")
    cache.unlink()
    done = node("inventory", "refresh", check=0)
    assert done.stdout == f"{cache}: driver 570.86.15, 8 GPUs, 6 MIG devices, 7 driver files\n"
    assert done.stderr == ""
    assert stat.S_IMODE(cache.stat().st_mode) == 0o644
    assert node("inventory", "refresh", "-q", check=0).stdout == ""


def test_show(node, golden):
    text = node("inventory", "show", check=0).stdout.replace(str(node.root), "NODE")
    golden("inventory-show.txt", text)
    data = json.loads(node("inventory", "show", "-o", "json", check=0).stdout)
    assert data["kind"] == "Inventory" and data["fresh"] is True and data["driver"] == "570.86.15"
    assert len(data["devices"]) == 14 and data["linksDir"] == str(driver_folder(node))
    assert {"name": "libcuda.so.1", "dir": "/" + LIBDIR, "kind": "link", "target": "libcuda.so.570.86.15",
            "capabilities": "compute-video"} in data["files"]


def test_show_without_a_cache(node):
    node.path("run/subcard/inventory").unlink()
    assert "refresh" in node("inventory", "show", check=3).stderr


@pytest.mark.parametrize("content", [b"", b"SUBCARD", b"\0" * 20000])
def test_show_of_a_broken_cache(node, content):
    node.path("run/subcard/inventory").write_bytes(content)
    assert node("inventory", "show", check=7).stderr.startswith("error[E120] ")
    node("inventory", "refresh", check=0)
    assert "fresh" in node("inventory", "show", check=0).stdout


def test_show_says_what_changed(node):
    node.path("proc/sys/kernel/random/boot_id").write_text("00000000-0000-0000-0000-000000000001\n")
    data = json.loads(node("inventory", "show", "-o", "json", check=0).stdout)
    assert data["fresh"] is False and "boot" in data["why"]


def test_folders_of_links(node):
    folder = driver_folder(node)
    assert sorted(p.name for p in folder.iterdir()) == sorted(f"570.86.15-{caps}" for caps in CAPS)
    both = folder / "570.86.15-compute-utility"
    assert both.joinpath("libcuda.so.570.86.15").samefile(node.path(LIBDIR) / "libcuda.so.570.86.15")
    assert os.readlink(both / "libcuda.so.1") == "libcuda.so.570.86.15"
    assert both.joinpath("bin/nvidia-smi").samefile(node.path("usr/bin/nvidia-smi"))
    assert not folder.joinpath("570.86.15-compute/bin/nvidia-smi").exists()
    before = {p: p.stat().st_ino for p in folder.iterdir()}
    node("inventory", "refresh", check=0)
    assert {p: p.stat().st_ino for p in folder.iterdir()} == before


def test_folders_go_only_when_no_container_holds_them(node, container):
    holder = container(node, "holder", "0:0")
    old = driver_folder(node) / "570.86.15-compute-utility"
    ino = old.stat().st_ino
    library = node.path(LIBDIR) / "libcuda.so.570.86.15"
    content = library.read_bytes()
    library.unlink()
    library.write_bytes(content)
    node("inventory", "refresh", check=0)
    kept = driver_folder(node) / f"570.86.15-compute-utility~{ino}"
    assert kept.exists() and old.stat().st_ino != ino
    holder.kill()
    holder.wait()
    node("inventory", "refresh", check=0)
    assert not kept.exists() and old.exists()


def test_missing_nodes_are_made(node):
    paths = [node.path("dev") / name for name in ("nvidia3", "nvidiactl", "nvidia-uvm", "nvidia-caps/nvidia-cap48")]
    numbers = {path: path.stat().st_rdev for path in paths}
    for path in paths:
        path.unlink()
    node("inventory", "refresh", check=0)
    assert {path: path.stat().st_rdev for path in paths} == numbers


def test_a_parent_node_that_is_a_plain_file_is_told(node):
    path = node.path("dev/nvidia0")
    path.unlink()
    path.write_text("")
    assert "/dev/nvidia0" in node.error("E110", 7, "inventory", "refresh")
    assert path.read_text() == ""


def test_a_capability_node_that_is_a_plain_file_is_a_warning(node):
    path = node.path("dev/nvidia-caps/nvidia-cap48")
    path.unlink()
    path.write_text("")
    done = node("inventory", "refresh", check=0)
    assert done.stderr.startswith("warning: subcard E110: ") and "nvidia-cap48" in done.stderr and path.read_text() == ""


def test_driver_version_mismatch_names_both(node):
    path = node.path("proc/driver/nvidia/version")
    path.write_text(path.read_text().replace("570.86.15", "580.95.05"))
    text = node.error("E102", 7, "inventory", "refresh")
    assert "580.95.05" in text and "570.86.15" in text
    text = node.error("E102", 7, "list")
    assert "580.95.05" in text and "570.86.15" in text


def test_driver_library_missing(node):
    (node.path(LIBDIR) / "libcuda.so.570.86.15").unlink()
    assert "libcuda.so.570.86.15 of the driver is missing" in node.error("E101", 7, "inventory", "refresh")
    node("list", check=0)


def test_nothing_is_written_where_the_driver_fails(node):
    cache = node.path("run/subcard/inventory")
    before = cache.read_bytes()
    node.fault("nvmlDeviceGetCount_v2", result=999)
    node.error("E103", 7, "inventory", "refresh")
    assert cache.read_bytes() == before


def test_a_configuration_that_is_wrong_ends_it(node):
    folder = node.path("etc/subcard")
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text("nonsense: [\n")
    assert "config.yaml" in node.error("E602", 2, "inventory", "refresh")


def test_nvml_hangs(node):
    node.fault("nvmlInit_v2", delay_ms=60000)
    start = time.monotonic()
    node.error("E104", 7, "inventory", "refresh", "--timeout", "0.4")
    assert time.monotonic() - start < 5
    assert not subprocess.run(["pgrep", "-f", str(SUBCARD) + " inventory refresh --timeout 0.4"]).stdout


def test_the_lock_is_waited_for_but_not_for_ever(node):
    with open(node.path("run/subcard/lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "waited" in node.error("E104", 7, "inventory", "refresh", "--timeout", "0.3")
        node("inventory", "refresh", "--locked", check=0)


def test_no_gpu(make_node):
    node = make_node("no-gpu")
    node.error("E100", 7, "inventory", "refresh")


def test_only_root_refreshes(node):
    done = subprocess.run([*NOBODY, str(SUBCARD), "inventory", "refresh"],
                          env=node.env, capture_output=True, text=True)
    assert done.returncode == 6 and done.stderr.startswith("error[E905] ")


def test_another_user_may_list(node):
    for path in (node.root.parent, node.root):
        path.chmod(0o755)
    done = subprocess.run([*NOBODY, str(SUBCARD), "list", "-o", "name"],
                          env=node.env, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.split()[:2] == ["0:0", "0:1"], done.stderr


def test_where_no_links_can_be_made_each_file_is_bound(node):
    """Another file system for the state and a read-only one for the libraries."""
    script = """
        set -e
        mount -t tmpfs none "$SUBCARD_ROOT/var/lib/subcard"
        mount --bind "$SUBCARD_ROOT/usr" "$SUBCARD_ROOT/usr"
        mount -o remount,ro,bind "$SUBCARD_ROOT/usr"
        "$0" inventory refresh && "$0" inventory show
    """
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, str(SUBCARD)], env=node.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "links       none: one mount per driver file" in done.stdout
    assert "no folder of driver links, containers get one mount per file" in done.stderr


def test_overlayfs_counts_as_without_links(node):
    script = """
        set -e
        dir=$(mktemp -d) && mount -t tmpfs none "$dir" && mkdir "$dir/u" "$dir/w"
        mount -t overlay -o lowerdir="$SUBCARD_ROOT/usr",upperdir="$dir/u",workdir="$dir/w" none "$SUBCARD_ROOT/usr"
        "$0" inventory refresh && "$0" inventory show
        umount "$SUBCARD_ROOT/usr"; umount "$dir"; rmdir "$dir"
    """
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, str(SUBCARD)], env=node.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "links       none" in done.stdout and "overlayfs" in done.stderr


def test_links_beside_libcuda_where_the_state_is_another_file_system(node):
    script = 'mount -t tmpfs none "$SUBCARD_ROOT/var/lib/subcard" && "$0" inventory refresh -q && "$0" inventory show'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, str(SUBCARD)], env=node.env, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
    assert f"links       {node.path(LIBDIR)}/.subcard\n" in done.stdout


def test_a_full_disk_leaves_the_old_cache(node):
    """The run directory is a file system that has no room for another cache."""
    script = """
        set -e
        mount -t tmpfs -o size=64k none "$SUBCARD_RUN"
        head -c 60000 /dev/zero >"$SUBCARD_RUN/fill"
        "$0" inventory refresh
    """
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, str(SUBCARD)], env=node.env, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("error[E901] ") and "the disk is full" in done.stderr
