"""Each bad input: the outcome that docs/requests.md and docs/design give, else one coded error with nothing changed."""
import json
import os
import shutil
import struct
import subprocess
import threading
import time

import pytest
from conftest import BIN, Node, refused

UUID0 = "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df"
MIG0 = {"/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia0", "/dev/nvidia-caps/nvidia-cap48",
        "/dev/nvidia-caps/nvidia-cap49"}

IDS = [
    ("8", "E401", "0 to 7"), ("0:9", "E401", "0:5"), ("1:0", "E202", "1"), ("0", "E201", "0:0"),
    ("GPU-b2acda36-db78-a209-f9ef-d07b4336c449", "E201", "0:0"), ("MIG-00000000-4d0e-5d3c-a25c-e6795d1779df", "E401", "MIG-00000000"),
    ("GPU-00000000-0000-0000-0000-000000000000", "E401", "GPU-"), ("0:", "E403", "0:"), (":0", "E403", ":0"), ("-1", "E403", "-1"),
    ("18446744073709551616", "E40", "18446744073709551616"), ("+0", "E403", "+0"), ("0x0", "E403", "0x0"), ("0:0:0", "E403", "0:0:0"),
    ("MIG-", "E403", "MIG-"), ("MIG-b05c", "E403", "MIG-b05c"), ("0\x01", "E403", "\\x01"), ("\x1b[31m0", "E403", "\\x1b"),
    ("٣", "E403", "\\x"), ("/dev/nvidia0", "E403", "/dev/nvidia0"), ("../../etc/passwd", "E403", "etc"),
    ("vendor.com/net=eth0", "E403", "vendor.com"), ("management.nvidia.com/gpu=all", "E403", "management"),
    ("all,0:0", "E404", "all"), ("none,0:0", "E404", "none"), ("ALL", "E403", "ALL"), ("0:0,0:9", "E401", "0:9"), ("%s%n%x", "E403", "%s%n%x"),
]


@pytest.mark.parametrize("value,code,word", IDS, ids=[repr(i[0])[:30] for i in IDS])
def test_ids(bundle, value, code, word):
    bundle.spec(f"NVIDIA_VISIBLE_DEVICES={value}")
    before = bundle.config.read_bytes()
    got = bundle.create()
    assert bundle.config.read_bytes() == before
    refused(got, bundle, got.stderr.split(":")[0].split()[-1], word)
    assert got.stderr.startswith(f"subcard {code}")


def test_nul_in_a_value(bundle):
    bundle.write('{"process":{"env":["NVIDIA_VISIBLE_DEVICES=0:0\\u0000"]},"root":{"path":"rootfs"}}')
    refused(bundle.create(), bundle, "E301", "\\u0000")


def test_ten_thousand_items(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=" + ",".join(["0:0"] * 9999 + [UUID0]))
    assert bundle.create().returncode == 0
    assert bundle.nodes() == MIG0
    bundle.spec("NVIDIA_VISIBLE_DEVICES=" + ",".join(str(i) for i in range(1, 10001)))
    assert bundle.create("c2").returncode == 3
    bundle.spec("NVIDIA_VISIBLE_DEVICES=" + "9" * 4096)
    assert "E40" in bundle.create("c3").stderr


def test_an_ambiguous_prefix_names_the_candidates(own, machine):
    def twins(data):
        data["gpus"][1]["uuid"] = "GPU-da9f3cba-0000-5830-26d6-b3f5a545ae34"
    own.node.down()
    own.node.up(machine(twins))
    own.spec("NVIDIA_VISIBLE_DEVICES=GPU-da9f3cba")
    refused(own.create(), own, "E402", "GPU-da9f3cba-0000", "GPU-da9f3cba-5f87")


def test_capability_and_parent_nodes_that_are_missing_are_made(own):
    (own.node.path / "dev/nvidia-caps/nvidia-cap48").unlink()
    (own.node.path / "dev/nvidia0").unlink()
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = own.create()
    assert got.returncode == 0, got.stderr
    assert own.nodes() == MIG0
    assert os.stat(own.node.path / "dev/nvidia-caps/nvidia-cap48").st_rdev == os.makedev(508, 48)


def test_a_node_with_other_numbers_is_replaced(own):
    node = own.node.path / "dev/nvidia-caps/nvidia-cap49"
    node.unlink()
    os.mknod(node, 0o020444, os.makedev(508, 66))
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    assert own.create().returncode == 0
    assert os.stat(node).st_rdev == os.makedev(508, 49)


def test_a_plain_file_in_the_place_of_a_node(own):
    node = own.node.path / "dev/nvidia0"
    node.unlink()
    node.write_text("not a node")
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    refused(own.create(), own, "E110", "/dev/nvidia0")
    assert node.read_text() == "not a node"


def test_a_driver_library_that_is_missing(own):
    for path in (own.node.path / "usr/lib/x86_64-linux-gnu").glob("libcuda*"):
        path.unlink()
    own.node.inventory.unlink()
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = own.create()
    assert got.returncode != 0 and "libcuda" in got.stderr and "subcard E1" in got.stderr
    assert not own.started()


def test_a_folder_of_links_that_is_gone_is_made_again(own):
    shutil.rmtree(own.node.path / "var/lib/subcard/driver")
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = own.create()
    assert got.returncode == 0, got.stderr
    sources = [m["source"] for m in own.edited()["mounts"] if m["destination"].endswith("nvidia/current")]
    assert os.path.exists(f"{sources[0]}/libcuda.so.1")


def test_nvml_absent(own):
    for path in (own.node.path / "usr/lib/x86_64-linux-gnu").glob("libnvidia-ml*"):
        path.unlink()
    own.node.inventory.unlink()
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = own.create()
    assert got.returncode != 0 and "subcard E1" in got.stderr
    own.spec("A=1")
    assert own.create().returncode == 0


def fault(own, function, **what):
    state = own.node.state()
    state["faults"] = [{"function": function, **what}]
    own.node.put_state(state)
    own.node.inventory.unlink()
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")


def test_nvml_failing(own):
    fault(own, "nvmlInit_v2", result=999)
    got = own.create()
    assert got.returncode != 0 and "subcard E1" in got.stderr and "Unknown Error" in got.stderr


def test_nvml_hanging(own):
    config = own.node.path / "etc/subcard"
    config.mkdir(parents=True)
    (config / "config.yaml").write_text("refresh-timeout: 1s\n")
    fault(own, "nvmlInit_v2", delay_ms=60000)
    start = time.monotonic()
    got = own.create(env={"SUBCARD_REFRESH_TIMEOUT": "1"})
    assert got.returncode == 7 and "subcard E1" in got.stderr, got.stderr
    assert time.monotonic() - start < 40


def test_driver_version_changed_since_the_cache(own):
    version = own.node.path / "proc/driver/nvidia/version"
    version.write_text(version.read_text().replace("570.86.15", "570.99.99"))
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = own.create()
    assert got.returncode != 0 and "570.99.99" in got.stderr and "570.86.15" in got.stderr, got.stderr
    assert not own.started()


def damage(own, change):
    data = bytearray(own.node.inventory.read_bytes())
    changed = change(data)
    own.node.inventory.write_bytes(data if changed is None else changed)


@pytest.mark.parametrize("change", [
    lambda d: d[:100], lambda d: d[:-1], lambda d: b"", lambda d: d + b"x", lambda d: b"junk" * 1000,
    lambda d: d.__setitem__(slice(24, 28), struct.pack("<I", 2)), lambda d: d.__setitem__(len(d) - 5, d[len(d) - 5] ^ 1),
], ids=["cut", "one-less", "empty", "one-more", "junk", "future-version", "flipped-bit"])
def test_a_damaged_cache_is_made_anew(own, change):
    damage(own, change)
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = own.create()
    assert got.returncode == 0, got.stderr
    assert own.nodes() == MIG0


def test_a_cache_of_another_boot_is_made_anew(own):
    boot = own.node.path / "proc/sys/kernel/random/boot_id"
    boot.write_text("00000000-1111-2222-3333-444444444444\n")
    before = own.node.inventory.stat().st_ino
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    assert own.create().returncode == 0
    assert own.node.inventory.stat().st_ino != before


def test_only_root_can_refresh(own):
    own.node.inventory.unlink()
    own.path.chmod(0o777)
    for folder in [own.path, *own.path.parents][:4]:
        folder.chmod(folder.stat().st_mode | 0o755)
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BIN / "subcard-runtime", "create", "--bundle",
                          own.path, "x"], capture_output=True, text=True, check=False, env=own.env)
    assert got.returncode == 6 and "subcard E121" in got.stderr and "sudo subcard inventory refresh" in got.stderr


def test_config_json_missing_or_no_file(bundle):
    refused(bundle.create(), bundle, "E301", "config.json")
    bundle.log.unlink()
    bundle.config.mkdir()
    refused(bundle.create(), bundle, "E301", "config.json")
    bundle.log.unlink()
    bundle.config.rmdir()
    os.mkfifo(bundle.config)
    refused(bundle.create(), bundle, "E301", "config.json")


@pytest.mark.parametrize("text,word", [
    (b"", "line 1"), (b'{"process":{"env":["NVIDIA_VISIBLE_DEVICES=0:0"', "line 1, column"), (b'{"process":{"env":["A=\xff"]}}', "UTF-8"),
    (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", "64 levels"), (b'{"a":"' + b"x" * (16 << 20) + b'"}', "larger than"),
    (b'{"process":{},"process":{}}', "second time"), (b'{"process":{"env":["NVIDIA_VISIBLE_DEVICES=0:0","junk"]},"root":{"path":"rootfs"}}', '"="'),
    (b'{"process":{"env":["NVIDIA_VISIBLE_DEVICES=0:0"]}}', "root.path"), (b"[]", "object"), (b"null", "object"),
    (b'{"process":{"env":["NVIDIA_VISIBLE_DEVICES=0:0"]},"root":{"path":"rootfs"},"linux":{"devices":7}}', "devices"),
    (b'{"process":{"env":["NVIDIA_VISIBLE_DEVICES=0:0"]},"root":{"path":"rootfs"}} x', "behind"),
], ids=["empty", "truncated", "not-utf8", "deep", "16MiB", "duplicate", "no-equals", "no-root", "array", "null", "wrong-type", "garbage-behind"])
def test_bad_config_json(bundle, text, word):
    bundle.write(text)
    refused(bundle.create(), bundle, "E301", word)
    assert bundle.config.read_bytes() == text


def test_an_entry_without_equals_does_not_matter_to_others(bundle):
    bundle.spec("junk")
    assert bundle.create().returncode == 0


def test_truncated_at_every_byte(bundle):
    spec = json.dumps({"process": {"env": ["NVIDIA_VISIBLE_DEVICES=0:0"]}, "root": {"path": "rootfs"}})
    for n in range(len(spec)):
        bundle.write(spec[:n])
        assert bundle.create().returncode == 1
    assert not bundle.started()


def test_root_path_that_is_a_link(bundle):
    bundle.rootfs.rename(bundle.path / "real")
    bundle.rootfs.symlink_to("real")
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    assert bundle.create().returncode == 0
    assert (bundle.path / "real/usr/bin/nvidia-smi").is_symlink()


def test_root_path_that_leads_nowhere(bundle):
    shutil.rmtree(bundle.rootfs)
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    refused(bundle.create(), bundle, "E304", "rootfs")


@pytest.mark.parametrize("kind", ["garbage", "huge", "link", "fifo", "directory", "device"])
def test_unusable_loader_cache_counts_as_absent(bundle, kind, tmp_path):
    cache = bundle.rootfs / "etc/ld.so.cache"
    cache.unlink()
    outside = tmp_path / "outside"
    outside.write_text("canary")
    if kind == "garbage":
        cache.write_bytes(os.urandom(5000))
    elif kind == "huge":
        with open(cache, "wb") as handle:
            handle.truncate(100 << 20)
    elif kind == "link":
        cache.symlink_to("../" * 12 + str(outside)[1:])
    elif kind == "fifo":
        os.mkfifo(cache)
    elif kind == "directory":
        cache.mkdir()
    else:
        os.mknod(cache, 0o020666, os.makedev(1, 5))
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = bundle.create()
    assert got.returncode == 0, got.stderr
    assert outside.read_text() == "canary"
    assert bundle.nodes() == MIG0
    told = [w for w in bundle.logged("warning") if "ld.so.cache" in w]
    assert len(told) == (2 if kind == "directory" else 1)  # where a directory stands, none can be written either


def test_bundle_that_vanishes(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    shutil.rmtree(bundle.path)
    got = bundle.runtime("create", "--bundle", bundle.path, "x")
    assert got.returncode == 1 and "subcard E301" in got.stderr


def test_id_is_missing(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = bundle.runtime("create")
    assert got.returncode == 2 and "subcard E902" in got.stderr
    assert bundle.nodes() == set()


def configure(own, text):
    folder = own.node.path / "etc/subcard"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(text)


def test_runc_not_found(own):
    configure(own, "runtimes: [no-such-runtime]\n")
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    before = own.config.read_bytes()
    refused(own.create(), own, "E302", "no-such-runtime")
    assert own.config.read_bytes() == before


def test_runc_configured_to_be_ourselves(own, tmp_path):
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    configure(own, f"runtimes: [{BIN}/subcard-runtime]\n")
    refused(own.create(), own, "E602", "subcard again")
    own.log.unlink()
    (tmp_path / "other-name").symlink_to(BIN / "subcard-runtime")
    configure(own, f"runtimes: [{tmp_path}/other-name]\n")
    refused(own.create(), own, "E302", "itself")
    script = tmp_path / "loop"
    script.write_text(f"#!/bin/sh\nexec {BIN}/subcard-runtime \"$@\"\n")
    script.chmod(0o755)
    configure(own, f"runtimes: [{script}]\n")
    own.spec("A=1")
    got = own.create()
    assert got.returncode == 1 and "itself" in got.stderr


def test_configuration_that_can_not_be_read(own):
    configure(own, "runtimes: [runc]\nrequests: {from-environment: perhaps}\n")
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    got = own.create()
    assert got.returncode != 0 and "config.yaml" in got.stderr, got.stderr
    assert not own.started()


def test_disk_full_while_writing(own, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True)
    try:
        own.spec("NVIDIA_VISIBLE_DEVICES=0:0", change=lambda s: s["root"].update(path=str(own.rootfs)))
        text = own.config.read_bytes()
        (small / "config.json").write_bytes(text)
        free = os.statvfs(small)
        (small / "ballast").write_bytes(b"x" * (free.f_bavail * free.f_bsize))
        got = own.runtime("create", "--bundle", small, "x")
        assert got.returncode == 1 and "the disk is full" in got.stderr, got.stderr
        assert (small / "config.json").read_bytes() == text
        assert not own.node.grants() and not own.started()
        assert sorted(os.listdir(small)) == ["ballast", "config.json"]
    finally:
        subprocess.run(["umount", small], check=True)


def test_run_directory_that_can_not_be_written(own, tmp_path):
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    shutil.rmtree(own.node.run_dir / "grants", ignore_errors=True)
    (own.node.run_dir / "grants").write_text("in the way")
    text = own.config.read_bytes()
    got = own.create()
    assert got.returncode == 1 and "subcard E305" in got.stderr, got.stderr
    assert own.config.read_bytes() == text and not own.started()


def test_of_many_starts_one_refreshes(own):
    """A layout change under a storm: all see the new MIG device, and NVML is asked once or twice, not a hundred times."""
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    bundles = []
    for i in range(40):
        path = own.path / f"b{i}"
        path.mkdir()
        shutil.copytree(own.rootfs, path / "rootfs", symlinks=True)
        (path / "config.json").write_bytes(own.config.read_bytes())
        bundles.append(path)
    own.node.inventory.unlink()
    results = [None] * len(bundles)

    def start(i):
        results[i] = own.runtime("create", "--bundle", bundles[i], f"s{i}")
    threads = [threading.Thread(target=start, args=(i,)) for i in range(len(bundles))]
    watch = set()
    for thread in threads:
        thread.start()
    while any(t.is_alive() for t in threads):
        try:
            watch.add(own.node.inventory.stat().st_ino)
        except FileNotFoundError:
            pass
        time.sleep(0.001)
    assert all(r.returncode == 0 for r in results), [r.stderr for r in results if r.returncode]
    assert len(watch) == 1
    assert len(own.node.grants()) == len(bundles)


def test_no_driver_on_the_node(tmp_path, low_level):
    from conftest import Bundle
    node = Node(tmp_path / "n", machine="no-gpu")
    try:
        path = tmp_path / "bundle"
        path.mkdir()
        bundle = Bundle(path, node, low_level)
        bundle.spec("A=1")
        assert bundle.create().returncode == 0
        (bundle.notes / "argv").unlink()
        bundle.spec("NVIDIA_VISIBLE_DEVICES=0")
        got = bundle.create()
        assert got.returncode == 7 and "subcard E1" in got.stderr, got.stderr
        assert not bundle.started()
    finally:
        node.down()


def test_a_changed_policy_counts_before_an_old_answer(own):
    configure(own, "mig-admin: refused\n")
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0", "NVIDIA_DRIVER_CAPABILITIES=video")
    assert own.create().returncode == 0
    configure(own, "capabilities: [compute, utility]\n")
    own.spec("NVIDIA_VISIBLE_DEVICES=0:0", "NVIDIA_DRIVER_CAPABILITIES=video")
    assert "subcard E601" in own.create("c2").stderr
    configure(own, "capabilities: [compute, utility, video]\n")
    assert own.create("c3").returncode == 0


def test_the_timeout_of_one_refresh_does_not_stay(own):
    subprocess.run([BIN / "subcard", "inventory", "refresh", "--timeout", "5"], check=True, env={**os.environ, **own.node.env}, capture_output=True)
    shown = subprocess.run([BIN / "subcard", "inventory", "show", "-o", "json"], check=True, env={**os.environ, **own.node.env},
                           capture_output=True, text=True).stdout
    assert json.loads(shown)["refreshTimeoutMs"] == 30000
