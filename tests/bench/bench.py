#!/usr/bin/python3
"""make bench: what subcard costs, beside what it is measured against, in one interleaved run.

Never a test: it prints figures and judges nothing. Needs root (device nodes of the simulated node, runc).
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
BENCH = BUILD / "bench"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "300"))
TOOLKIT = "github.com/NVIDIA/nvidia-container-toolkit/cmd/%s@v1.20.1"


def sh(*words, env=None, **more):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True, env=env, **more).stdout


def template(env, rootfs):
    """A config.json of the size that dockerd writes: 9 KB, 12 mounts, padded environment, a seccomp list."""
    mounts = [{"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
              {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
              {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance"]},
              {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}]
    mounts += [{"destination": f"/mnt/volume{i}", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid"]} for i in range(8)]
    caps = [f"CAP_{n}" for n in "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE "
            "SYS_CHROOT KILL AUDIT_WRITE".split()]
    return json.dumps({
        "ociVersion": "1.0.2-dev",
        "process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/true"], "cwd": "/",
                    "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=bench",
                            "PADDING=" + "x" * 2000] + env,
                    "capabilities": {k: caps for k in ("bounding", "effective", "permitted")}, "oomScoreAdj": 0},
        "root": {"path": str(rootfs)}, "hostname": "bench", "mounts": mounts,
        "linux": {"resources": {"devices": [{"allow": False, "access": "rwm"}]},
                  "cgroupsPath": "/subcard-bench/x",
                  "namespaces": [{"type": t} for t in ("mount", "uts", "pid", "ipc", "network")],
                  "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                              "syscalls": [{"names": ["personality"], "action": "SCMP_ACT_ALLOW"}]},
                  "maskedPaths": ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys"],
                  "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq"]},
        "annotations": {f"bench.{i}": "y" * 60 for i in range(40)},
    })


def rootfs_of(where):
    """A small root file system with the host's libc and loader cache, as an image has them."""
    for folder in ("bin", "etc/ld.so.conf.d", "lib64", "usr/bin", "usr/lib/x86_64-linux-gnu", "proc", "dev", "sys", "mnt"):
        (where / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy("/lib/x86_64-linux-gnu/libc.so.6", where / "usr/lib/x86_64-linux-gnu/libc.so.6")
    shutil.copy("/etc/ld.so.cache", where / "etc/ld.so.cache")
    shutil.copy("/bin/busybox", where / "bin/busybox")
    (where / "bin/true").symlink_to("busybox")
    return where


def competitor(name):
    """A program of NVIDIA's toolkit by its Go module name, if it can be had."""
    program = BENCH / "go/bin" / name
    if not program.exists() and shutil.which("go"):
        env = dict(os.environ, GOBIN=str(program.parent), GOFLAGS="-mod=mod", CGO_ENABLED="1")
        got = subprocess.run(["go", "install", TOOLKIT % name], env=env, capture_output=True, text=True, check=False)
        if got.returncode:
            print(f"bench: {name} could not be built by its Go module name: left out\n  " + (got.stderr.strip().splitlines() or ["?"])[-1])
    return program if program.exists() else None


def static_cdi(shm):
    """NVIDIA's runtime in mode cdi with a spec of the same device nodes and one mount: its cheapest way to one MIG device."""
    home = shm / "xdg"
    (home / "nvidia-container-runtime").mkdir(parents=True)
    specs = shm / "cdi"
    specs.mkdir()
    (home / "nvidia-container-runtime/config.toml").write_text(
        f'[nvidia-container-runtime]\nmode = "cdi"\nruntimes = ["runc"]\n[nvidia-container-runtime.modes.cdi]\nspec-dirs = ["{specs}"]\n')
    nodes = [("/dev/nvidiactl", 195, 255), ("/dev/nvidia-uvm", 511, 0), ("/dev/nvidia-uvm-tools", 511, 1), ("/dev/nvidia0", 195, 0),
             ("/dev/nvidia-caps/nvidia-cap48", 508, 48), ("/dev/nvidia-caps/nvidia-cap49", 508, 49)]
    (specs / "nvidia.json").write_text(json.dumps({
        "cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": [{"name": "0:0", "containerEdits": {
            "deviceNodes": [{"path": p, "type": "c", "major": a, "minor": b, "permissions": "rw"} for p, a, b in nodes],
            "mounts": [{"hostPath": "/usr/lib", "containerPath": "/usr/lib/driver", "options": ["ro", "rbind"]}]}}]}))
    return home


class Table:
    def __init__(self, title, columns):
        self.title, self.columns, self.rows = title, columns, []

    def print(self):
        widths = [max(len(str(r[i])) for r in [self.columns] + self.rows) for i in range(len(self.columns))]
        print(f"\n{self.title}")
        for row in [self.columns] + self.rows:
            print("  " + "  ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip())


def spawn(config, template_path, variants, env, n=None, rounds=ROUNDS):
    words = [BENCH / "spawn"] + (["-n", n] if n else []) + [rounds, config, template_path]
    for name, command in variants:
        words += ["::", name] + command
    out = sh(*words, env=env)
    return {line.split("\t")[0]: [float(x) for x in line.split("\t")[1:]] for line in out.splitlines()}


def instructions(command, config, text, env):
    """User-space instructions up to the exec of the low-level runtime."""
    config.write_text(text)
    for old in config.parent.glob("callgrind.*"):
        old.unlink()
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={config.parent}/callgrind.out", "--dump-before=execve"] +
                   [str(c) for c in command], env=env, capture_output=True, text=True, check=False)
    dump = config.parent / "callgrind.out.1"
    found = re.search(r"^totals: (\d+)", dump.read_text(), re.M) if dump.exists() else None
    return int(found.group(1)) if found else None


def system_calls(command, config, text, env):
    config.write_text(text)
    got = subprocess.run(["strace", "-o", config.parent / "strace", *[str(c) for c in command]], env=env, capture_output=True, check=False)
    lines = (config.parent / "strace").read_text().splitlines() if got.returncode == 0 else []
    ours = [i for i, line in enumerate(lines) if line.startswith("execve(")]
    return ours[1] - ours[0] if len(ours) > 1 else None


def timed_table(title, base, got, rows):
    table = Table(title, ["", "min ms", "median ms", "p95 ms", "added (min)", "added (median)", "peak KiB"])
    for name in rows:
        if name in got:
            low, mid, high, rss = got[name]
            table.rows.append([name, f"{low / 1000:.2f}", f"{mid / 1000:.2f}", f"{high / 1000:.2f}", f"{(low - got[base][0]) / 1000:+.2f}",
                               f"{(mid - got[base][1]) / 1000:+.2f}", f"{rss:.0f}"])
    table.print()


def main():
    if os.geteuid():
        sys.exit("bench: must be root: it makes device nodes and runs runc")
    sys.stdout.reconfigure(line_buffering=True)
    work = Path(tempfile.mkdtemp(prefix="subcard-bench-"))
    shm = Path(tempfile.mkdtemp(prefix="subcard-bench-", dir="/dev/shm"))
    node = work / "node"
    sh(BUILD / "bin/subcard", "sim", "up", "--machine", "h200-seed", "--at", node)
    try:
        measure(work, shm, node)
    finally:
        subprocess.run([BUILD / "bin/subcard", "sim", "down", "--at", node], check=False, capture_output=True)
        shutil.rmtree(shm, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)


def environment(node, shm, runtime):
    """The engine's environment: root and run directory of the node, and the low-level runtime first in PATH."""
    tools = shm / f"path-{runtime.name}"
    tools.mkdir(exist_ok=True)
    if not (tools / "runc").exists():
        shutil.copy(runtime, tools / "runc")
    run = shm / "run"
    env = dict(os.environ, SUBCARD_ROOT=str(node), SUBCARD_RUN=str(run), PATH=f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin")
    if not (run / "inventory").exists():
        sh(BUILD / "bin/subcard", "inventory", "refresh", env=env)
    return env, tools / "runc"


def measure(work, shm, node):
    env, fake = environment(node, shm, BENCH / "fake_runtime")
    ours = shm / "subcard-runtime"
    shutil.copy(BUILD / "bin/subcard-runtime", ours)
    shutil.copy(BUILD / "bin/subcard", shm / "subcard")
    bundle = shm / "bundle"
    bundle.mkdir()
    rootfs = rootfs_of(shm / "rootfs")
    config = bundle / "config.json"
    (shm / "nothing.json").write_text(template([], rootfs))
    (shm / "one.json").write_text(template(["NVIDIA_VISIBLE_DEVICES=0:0"], rootfs))
    create = ["--log", bundle / "log.json", "--log-format", "json", "create", "--bundle", bundle, "--pid-file", bundle / "pid", "bench"]
    print(f"{ROUNDS} rounds, {os.cpu_count()} cores, config.json of {(shm / 'one.json').stat().st_size} bytes, "
          f"bundle, run directory and root file system on tmpfs")

    nvidia = competitor("nvidia-container-runtime")
    floor = [("fake runtime alone", [fake] + create), ("exec only (musl)", [BENCH / "exec_only", fake] + create)]
    subcard = ("subcard-runtime", [ours] + create)
    theirs = [("nvidia-container-runtime", [nvidia] + create)] if nvidia else []
    got = spawn(config, shm / "nothing.json", floor + [subcard] + theirs, env)
    timed_table("create, nothing asked for, fake low-level runtime", "fake runtime alone", got, list(got))
    cdi = [("nvidia-container-runtime, static CDI spec", [nvidia] + create)] if nvidia else []
    env_cdi = dict(env, XDG_CONFIG_HOME=str(static_cdi(shm)))
    got = spawn(config, shm / "one.json", floor + [subcard] + cdi, env_cdi)
    timed_table("create, one MIG device (0:0), fake low-level runtime", "fake runtime alone", got, list(got))
    for call in (["start", "bench"], ["state", "bench"], ["kill", "bench", "TERM"], ["delete", "bench"]):
        got = spawn(config, shm / "nothing.json", [(n, [*c, *call]) for n, c in
                    [("fake runtime alone", [fake]), ("subcard-runtime", [ours])] + ([("nvidia-container-runtime", [nvidia])] if nvidia else [])], env)
        timed_table(f"{call[0]}, fake low-level runtime", "fake runtime alone", got, list(got))

    first_start(shm, ours, fake, env)
    for i in range(100):
        (shm / f"b{i}").mkdir()
    many = ["create", "--bundle", shm / "b%d", "bench%d"]
    got = spawn(shm / "b%d/config.json", shm / "one.json", [("fake runtime alone", [fake] + many),
                ("subcard-runtime, 0:0", [ours] + many)], env, n=100, rounds=20)
    timed_table("100 starts at once, until the last one is done (peak KiB is not taken here)", "fake runtime alone", got, list(got))
    if nvidia:
        got = spawn(shm / "b%d/config.json", shm / "nothing.json", [("fake runtime alone", [fake] + many),
                    ("subcard-runtime, nothing", [ours] + many), ("nvidia-container-runtime, nothing", [nvidia] + many)], env, n=100, rounds=10)
        timed_table("100 starts at once, nothing asked for", "fake runtime alone", got, list(got))

    counts = Table("work of subcard-runtime until it becomes the low-level runtime", ["", "instructions (callgrind)", "system calls", "NVML asked"])
    for name, command, text in (("create, nothing asked for", [ours] + create, (shm / "nothing.json").read_text()),
                                ("create, 0:0, a container's first start", [ours] + create, (shm / "one.json").read_text()),
                                ("start", [ours, "start", "x"], "")):
        clean(rootfs)
        n = instructions(command, config, text, env)
        clean(rootfs)
        calls = system_calls(command, config, text, env)
        asked = any("open" in line and "libnvidia-ml" in line for line in (config.parent / "strace").read_text().splitlines())
        counts.rows.append([name, f"{n:,}" if n else "-", calls or "-", "yes" if asked else "no"])
    print("\n  (valgrind knows no openat2, so its count holds the longer way of old kernels)")
    counts.print()
    real_runc(shm, node, rootfs, ours)
    people(node, shm)


def first_start(shm, ours, fake, env):
    """A container's first start places links and the loader cache; the figures above are those of later starts."""
    times = {"fake runtime alone": [], "subcard-runtime, 0:0, first start": []}
    bundle = shm / "first"
    bundle.mkdir()
    for i in range(60):
        rootfs = rootfs_of(shm / f"first-root{i}")
        for name, program in (("fake runtime alone", fake), ("subcard-runtime, 0:0, first start", ours)):
            (bundle / "config.json").write_text(template(["NVIDIA_VISIBLE_DEVICES=0:0"], rootfs))
            start = time.perf_counter()
            os.waitpid(os.posix_spawn(program, [str(program), "create", "--bundle", str(bundle), "x"], env), 0)
            times[name].append((time.perf_counter() - start) * 1e3)
        shutil.rmtree(rootfs)
    table = Table("a container's first start, 60 rounds, root file system on tmpfs", ["", "min ms", "median ms", "added (min)", "added (median)"])
    base = sorted(times["fake runtime alone"])
    for name, values in times.items():
        values = sorted(values)
        table.rows.append([name, f"{values[0]:.2f}", f"{values[30]:.2f}", f"{values[0] - base[0]:+.2f}", f"{values[30] - base[30]:+.2f}"])
    table.print()


def clean(rootfs):
    """What an earlier start left in the layer."""
    for name in ("usr/bin/nvidia-smi", "usr/lib/x86_64-linux-gnu/libcuda.so.1", "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
                 "etc/ld.so.conf.d/00-subcard.conf"):
        (rootfs / name).unlink(missing_ok=True)
    shutil.copy("/etc/ld.so.cache", rootfs / "etc/ld.so.cache")


def real_runc(shm, node, rootfs, ours):
    runc = shutil.which("runc", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not runc:
        return
    env = dict(os.environ, SUBCARD_ROOT=str(node), SUBCARD_RUN=str(shm / "run"), PATH="/usr/sbin:/usr/bin:/sbin:/bin")
    state = shm / "runc-state"
    rounds = min(ROUNDS, 60)
    times = {"runc": [], "subcard-runtime, nothing": [], "subcard-runtime, 0:0": []}
    for i in range(rounds + 3):
        for name in times:
            bundle = shm / f"real-{len(name)}"
            bundle.mkdir(exist_ok=True)
            asked = ["NVIDIA_VISIBLE_DEVICES=0:0"] if name.endswith("0:0") else []
            (bundle / "config.json").write_text(template(asked, rootfs))
            program = [runc] if name == "runc" else [str(ours)]
            start = time.perf_counter()
            with open(shm / "err", "w", encoding="utf-8") as err:
                subprocess.run(program + ["--root", str(state), "create", "--bundle", str(bundle), "--pid-file", str(bundle / "pid"), f"b{i}"],
                               check=True, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
            if i >= 3:
                times[name].append(time.perf_counter() - start)
            subprocess.run(program + ["--root", str(state), "delete", "--force", f"b{i}"], check=False, env=env, capture_output=True)
    table = Table(f"create with real runc, {rounds} rounds in turn", ["", "min ms", "median ms", "added (min)", "added (median)"])
    base = sorted(times["runc"])
    for name, values in times.items():
        values = sorted(values)
        table.rows.append([name, f"{values[0] * 1e3:.1f}", f"{values[len(values) // 2] * 1e3:.1f}", f"{(values[0] - base[0]) * 1e3:+.2f}",
                           f"{(values[len(values) // 2] - base[len(base) // 2]) * 1e3:+.2f}"])
    table.print()


def machine_of_56(path):
    """Every GPU of the seed's machine cut into seven."""
    data = json.loads((TOP / "sim/machines/h200-seed.json").read_text())
    for gpu in data["gpus"]:
        gpu.pop("mig_uuids", None)
        gpu.update(mig_enabled=True, gis=[{"id": 7 + i, "profile": "1g.18gb", "start": i, "cis": [{"id": 0}]} for i in range(7)])
    path.write_text(json.dumps(data))
    return path


def people(node, shm):
    full, plain = node.parent / "full", node.parent / "plain"
    sh(BUILD / "bin/subcard", "sim", "up", "--machine", machine_of_56(shm / "56.json"), "--at", full)
    sh(BUILD / "bin/subcard", "sim", "up", "--machine", "h200", "--at", plain)
    try:
        env = dict(os.environ, SUBCARD_ROOT=str(full), SUBCARD_RUN=str(full / "run/subcard"), LD_LIBRARY_PATH=str(full / "usr/lib/x86_64-linux-gnu"))
        env_plain = dict(os.environ, SUBCARD_ROOT=str(plain), SUBCARD_RUN=str(plain / "run/subcard"),
                         LD_LIBRARY_PATH=str(plain / "usr/lib/x86_64-linux-gnu"))
        subcard, smi = BUILD / "bin/subcard", BUILD / "sim/nvidia-smi"
        (shm / "empty").write_text("")
        got = spawn(shm / "none", shm / "empty", [("subcard --version", [subcard, "--version"]), ("subcard list", [subcard, "list"]),
                    ("subcard list -o json", [subcard, "list", "-o", "json"]), ("subcard inventory refresh", [subcard, "inventory", "refresh"]),
                    ("nvidia-smi of the simulated node", [smi])], env, rounds=min(ROUNDS, 100))
        timed_table("for people, simulated driver, 8 GPUs x 7 MIG devices", "subcard --version", got, list(got))
        ctk = competitor("nvidia-ctk")
        generate = [("nvidia-ctk cdi generate", [ctk, "--quiet", "cdi", "generate", "--mode=nvml", "--driver-root", plain, "--output", shm / "cdi.yaml"])]
        got = spawn(shm / "none", shm / "empty", [("subcard --version", [subcard, "--version"]), ("subcard list", [subcard, "list"]),
                    ("subcard inventory refresh", [subcard, "inventory", "refresh"])] + (generate if ctk else []), env_plain, rounds=min(ROUNDS, 50))
        timed_table("the same, 8 GPUs without MIG", "subcard --version", got, list(got))
    finally:
        for place in (full, plain):
            subprocess.run([BUILD / "bin/subcard", "sim", "down", "--at", place], check=False, capture_output=True)
    table = Table("sizes", ["", "bytes"])
    for path in ("bin/subcard", "bin/subcard-runtime", "bin/subcard-sim", "sim/libnvidia-ml.so.1", "sim/libcuda.so.1", "sim/nvidia-smi"):
        stripped = shm / "stripped"
        subprocess.run(["strip", "-o", str(stripped), str(BUILD / path)], check=True)
        table.rows.append([f"{path} (stripped)", f"{stripped.stat().st_size:,}"])
    table.print()


main()
