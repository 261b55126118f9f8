"""What create does to config.json, the container's layer and the grants."""
import json
import os
import pathlib
import subprocess

from conftest import BIN

UUID0 = "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df"
UUID1 = "MIG-be041b89-b751-5c96-84aa-85315833c669"
CONTROL = {"/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools"}
MIG0 = CONTROL | {"/dev/nvidia0", "/dev/nvidia-caps/nvidia-cap48", "/dev/nvidia-caps/nvidia-cap49"}
MIG1 = CONTROL | {"/dev/nvidia0", "/dev/nvidia-caps/nvidia-cap66", "/dev/nvidia-caps/nvidia-cap67"}


def test_one_mig_device(bundle):
    bundle.spec(f"NVIDIA_VISIBLE_DEVICES={UUID0}")
    got = bundle.create()
    assert got.returncode == 0, got.stderr
    spec = bundle.edited()
    assert bundle.nodes() == MIG0
    rules = spec["linux"]["resources"]["devices"]
    assert rules[0] == {"allow": False, "access": "rwm"}
    assert all(r["access"] == "rw" and r["type"] == "c" and r["allow"] for r in rules[1:])
    assert {(r["major"], r["minor"]) for r in rules[1:]} == {(d["major"], d["minor"]) for d in spec["linux"]["devices"]}
    binds = [m for m in spec["mounts"] if m["type"] == "bind"]
    assert [m["destination"] for m in binds] == ["/usr/lib/x86_64-linux-gnu/nvidia/current", "/run/nvidia-persistenced"]
    assert f"NVIDIA_VISIBLE_DEVICES={UUID0}" in spec["process"]["env"]
    assert "hooks" not in spec
    assert bundle.argv()[-1] == "c1"


def test_forms_of_one_request_give_the_same_spec(bundle):
    specs = []
    for form in (UUID0, UUID0.upper().replace("MIG", "MIG"), "0:0", " 0:0 ,,0:0", "MIG-b05c0034", f"0:0,{UUID0}",
                 "MIG-GPU-b2acda36-db78-a209-f9ef-d07b4336c449/5/0"):
        bundle.spec(f"NVIDIA_VISIBLE_DEVICES={form}")
        assert bundle.create().returncode == 0
        spec = bundle.edited()
        del spec["process"]["env"]
        specs.append(spec)
    assert all(spec == specs[0] for spec in specs)


def test_two_mig_devices_and_two_whole_gpus(bundle):
    bundle.spec(f"NVIDIA_VISIBLE_DEVICES=0:0,{UUID1}")
    assert bundle.create().returncode == 0
    assert bundle.nodes() == MIG0 | MIG1
    bundle.spec("NVIDIA_VISIBLE_DEVICES=2,3")
    assert bundle.create().returncode == 0
    assert bundle.nodes() == CONTROL | {"/dev/nvidia2", "/dev/nvidia3"}


def test_all_means_mig_devices_and_gpus_without_mig(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=all")
    assert bundle.create().returncode == 0
    caps = {n for n in bundle.nodes() if "nvidia-cap" in n and "caps" in n}
    assert len(caps) == 12 and "/dev/nvidia-caps/nvidia-cap1" not in caps
    assert {f"/dev/nvidia{i}" for i in range(8)} <= bundle.nodes()


def test_none_gives_files_and_no_device(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=none")
    assert bundle.create().returncode == 0
    spec = bundle.edited()
    assert "devices" not in spec["linux"] and len(spec["linux"]["resources"]["devices"]) == 1
    assert any(m["destination"].endswith("/nvidia/current") for m in spec["mounts"])


def test_no_request_keeps_every_byte(bundle):
    odd = ('{ "ociVersion" : "1.0.2", "process":{"env":["A=1","NVIDIA_VISIBLE_DEVICES=%s"],"rlimits":[{"hard":18446744073709551615}]},\n'
           '"future":{"x":[1e400,-0.0]},"mounts":null ,"root":{"path":"rootfs"}}\n')
    for value in ("", "void", "void,0", ",,"):
        bundle.write(odd % value)
        before = bundle.config.stat()
        assert bundle.create().returncode == 0
        assert bundle.config.read_text() == odd % value
        assert bundle.config.stat().st_ino == before.st_ino
    assert not bundle.node.grants()
    assert not (bundle.rootfs / "usr/bin/nvidia-smi").is_symlink()


def test_numbers_and_unknown_fields_survive_an_edit(bundle):
    text = ('{"ociVersion":"1.0.2", "process":{"env":["NVIDIA_VISIBLE_DEVICES=0:1"],"rlimits":[{"type":"RLIMIT_MEMLOCK",'
            '"hard":18446744073709551615,"soft":18446744073709551615}]},"future":{"x":[1e400,-0.0, 1.50]},"root":{"path":"rootfs"}}')
    bundle.write(text)
    assert bundle.create().returncode == 0
    edited = bundle.config.read_text()
    assert edited.startswith(text[:-1]) and '"hard":18446744073709551615' in edited
    assert bundle.nodes() == MIG1


def test_no_linux_section_gets_one(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0", change=lambda s: s.pop("linux"))
    assert bundle.create().returncode == 0
    assert bundle.nodes() == MIG0


def test_dockers_hook_is_cut_with_and_without_a_request(bundle):
    hooks = {"prestart": [{"path": "/proc/self/exe", "args": ["libnetwork-setkey"]},
                          {"path": "/usr/bin/nvidia-container-runtime-hook", "args": ["nvidia-container-runtime-hook", "prestart"]}]}
    for env in ("A=1", "NVIDIA_VISIBLE_DEVICES=0:0", "NVIDIA_VISIBLE_DEVICES=void"):
        bundle.spec(env, change=lambda s: s.update(hooks=json.loads(json.dumps(hooks))))
        assert bundle.create().returncode == 0
        assert bundle.edited()["hooks"]["prestart"] == hooks["prestart"][:1]


def test_last_variable_wins(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_VISIBLE_DEVICES=0:1")
    assert bundle.create().returncode == 0
    assert bundle.nodes() == MIG1


def test_a_user_namespace_binds_the_nodes_of_the_root(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0", change=lambda s: s["linux"]["namespaces"].append({"type": "user"}))
    assert bundle.create().returncode == 0
    spec = bundle.edited()
    assert "devices" not in spec["linux"]
    bound = {m["destination"]: m["source"] for m in spec["mounts"] if m["destination"].startswith("/dev/nvidia")}
    assert set(bound) == MIG0
    assert all(source == f"{bundle.node.path}{place}" for place, source in bound.items())
    assert len(spec["linux"]["resources"]["devices"]) == 1 + len(MIG0)


def test_a_second_create_of_the_same_bundle_changes_nothing(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    assert bundle.create().returncode == 0
    once = bundle.config.read_bytes()
    files = sorted((str(p), os.lstat(p).st_ino) for p in bundle.rootfs.rglob("*"))
    assert bundle.create().returncode == 0
    assert bundle.config.read_bytes() == once
    assert sorted((str(p), os.lstat(p).st_ino) for p in bundle.rootfs.rglob("*")) == files


def test_grant_is_recorded_and_removed_only_by_a_good_delete(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0,0:1")
    assert bundle.create("bad1").returncode == 3
    assert bundle.create("c7").returncode == 0
    grants = {g["id"]: g for g in bundle.node.grants()}
    assert set(grants) == {"bad1", "c7"}
    assert grants["c7"]["devices"] == [UUID0, UUID1] and grants["c7"]["indexes"] == ["0:0", "0:1"]
    assert grants["c7"]["pid"] == int((bundle.notes / "pid").read_text())
    assert grants["c7"]["pidFile"] == str(bundle.path / "init.pid")
    assert bundle.runtime("--root", "/r", "delete", "--force", "bad1").returncode == 3
    assert bundle.runtime("--root", "/other", "delete", "c7").returncode == 0
    assert {g["id"] for g in bundle.node.grants()} == {"bad1", "c7"}
    for _ in range(2):
        assert bundle.runtime("--root", "/r", "delete", "--force", "c7").returncode == 0
    assert {g["id"] for g in bundle.node.grants()} == {"bad1"}
    assert len(list((bundle.node.path / "var/lib/subcard/last").iterdir())) == 1


def test_run_is_treated_like_create_and_bundle_defaults_to_the_working_directory(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    assert bundle.runtime("run", "-d", "c8").returncode == 0
    assert bundle.nodes() == MIG0
    assert bundle.runtime("delete", "c8").returncode == 0


def test_other_calls_pass_through_untouched(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0")
    before = bundle.config.read_bytes()
    for words in (["state", "x"], ["--root", "create", "state", "x"], ["kill", "create", "9"], ["--unknown", "--root=/x", "exec", "-t", "create"],
                  ["frobnicate", "create", "x"], []):
        assert bundle.runtime(*words).returncode == 0
        assert bundle.argv() == (words or [""])
        assert bundle.config.read_bytes() == before
    assert not bundle.node.grants()


def test_warnings_go_to_the_engines_log(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0", "NVIDIA_GDS=enabled", "NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics")
    got = bundle.create()
    assert got.returncode == 0 and got.stderr == ""
    assert any("NVIDIA_GDS" in line for line in bundle.logged("warning"))
    assert any("graphics" in line for line in bundle.logged("warning"))


def test_the_low_level_runtime_is_the_first_of_the_configured_ones_that_is_there(own, tmp_path):
    crun = tmp_path / "crun"
    crun.write_text('#!/bin/sh\necho crun "$@" >"$RUNTIME_TEST/crun"\n')
    crun.chmod(0o755)
    configured = own.node.path / "etc/subcard"
    configured.mkdir(parents=True)
    for runtimes, found in ((f"[no-such-one, {crun}, runc]", "crun"), (f"[runc, {crun}]", "argv")):
        (configured / "config.yaml").write_text(f"runtimes: {runtimes}\n")
        for note in own.notes.iterdir():
            note.unlink()
        own.spec("NVIDIA_VISIBLE_DEVICES=0:0")
        assert own.create().returncode == 0
        assert own.runtime("state", "x").returncode == 0
        assert (own.notes / found).exists()


def test_the_hook_refuses_under_a_plain_runc(bundle):
    hook = bundle.path / "nvidia-container-runtime-hook"
    hook.symlink_to(BIN / "subcard-runtime")
    got = subprocess.run([hook, "prestart"], capture_output=True, text=True, check=False)
    assert got.returncode == 1 and "--runtime=nvidia" in got.stderr and got.stderr.startswith("subcard E303")
    assert subprocess.run([hook, "poststop"], check=False).returncode == 0


def test_capabilities_choose_files_and_nodes(bundle):
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:0", "NVIDIA_DRIVER_CAPABILITIES=utility")
    assert bundle.create().returncode == 0
    assert bundle.nodes() == MIG0 - {"/dev/nvidia-uvm", "/dev/nvidia-uvm-tools"}
    folder = [m["source"] for m in bundle.edited()["mounts"] if m["destination"].endswith("nvidia/current")][0]
    assert folder.endswith("570.86.15-utility") and not os.path.exists(f"{folder}/libcuda.so.1")


def test_mig_admin_devices_need_cap_sys_admin(bundle):
    def admin(spec):
        spec["process"]["capabilities"]["bounding"].append("CAP_SYS_ADMIN")
    bundle.spec("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_CONFIG_DEVICES=all", "NVIDIA_MIG_MONITOR_DEVICES=all", change=admin)
    got = bundle.create()
    assert got.returncode == 0, got.stderr
    assert {"/dev/nvidia-caps/nvidia-cap1", "/dev/nvidia-caps/nvidia-cap2"} <= bundle.nodes()


def test_a_rootless_engine_keeps_its_grants_in_its_own_directory(bundle):
    """An engine without root can't write the run directory; root's list sees its containers all the same."""
    home = bundle.node.path / "run/user/65534"
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, 65534, 65534)
    bundle.spec("NVIDIA_VISIBLE_DEVICES=0:4")
    low_level = pathlib.Path(bundle.env["PATH"].split(":")[0])
    for folder in {low_level, *list(low_level.parents)[:-2], *list(bundle.path.parents)[:-2], *list(home.parents)[:-2]}:
        folder.chmod(folder.stat().st_mode | 0o755)
    for path in [bundle.path, *bundle.path.rglob("*")]:
        os.lchown(path, 65534, 65534)

    def rootless(*words):
        return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BIN / "subcard-runtime", *words], check=False,
                              env={**bundle.env, "XDG_RUNTIME_DIR": str(home)}, cwd="/", capture_output=True, text=True)
    (bundle.path / "init.pid").write_text(str(os.getpid()))  # a living container
    got = rootless("create", "--bundle", bundle.path, "--pid-file", bundle.path / "init.pid", "rootless1")
    assert got.returncode == 0, got.stderr
    assert "/dev/nvidia-caps/nvidia-cap84" in bundle.nodes() or "0:4" in bundle.config.read_text()
    assert not bundle.node.grants()
    shown = subprocess.run([BIN / "subcard", "list"], env={**os.environ, **bundle.node.env}, capture_output=True, text=True, check=True).stdout
    line = [row for row in shown.splitlines() if "0:4" in row][0]
    assert "busy" in line and "rootless1" in line
    assert rootless("delete", "rootless1").returncode == 0
    assert not list((home / "subcard/grants").iterdir())
