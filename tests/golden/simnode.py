"""A simulated node in a directory of its own, and views of it as a container has them: some device nodes, no privilege."""
import json, os, pathlib, re, shutil, subprocess, tempfile

REPO = pathlib.Path(__file__).resolve().parents[2]
SEED = REPO / "tests/system/seed"
MACHINES = pathlib.Path(__file__).resolve().parent / "machines"
SIM = REPO / "build/bin/subcard-sim"
SEED_GIS = [5, 7, 8, 9, 10, 13]  # of GPU 0 of h200-seed, in the order of -L
WITHOUT_ADMIN = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]


class SimNode:
    """with SimNode("h200") as node: node.smi("-L"). machine: a name, a file, or a dict that is written to one."""

    def __init__(self, machine="h200-seed"):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="subcard-golden-"))
        self.root = self.scratch / "node"
        self.privileged = True
        if isinstance(machine, dict):
            (self.scratch / "machine.json").write_text(json.dumps(machine))
            machine = self.scratch / "machine.json"
        try:
            self.sim("up", "--machine", machine)
        except AssertionError:
            shutil.rmtree(self.scratch)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sim("down")
        shutil.rmtree(self.scratch)

    def sim(self, command, *arguments):
        got = subprocess.run([SIM, *command.split(), "--at", self.root, *map(str, arguments)], text=True, capture_output=True)
        assert got.returncode == 0, got
        return got.stdout.strip()

    def add_driver_files(self):
        for folder, names in [("usr/bin", ["nvidia-smi"]), ("usr/lib/any-linux-gnu", ["libnvidia-ml.so.1", "libcuda.so.1"])]:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            for name in names:
                shutil.copy(REPO / "build/sim" / name, self.root / folder / name)

    def drop(self, *names):
        for name in names:
            for path in (self.root / "dev").glob(name):
                path.unlink()

    def restrict(self, gpus=(), migs=()):
        """As in a container: the control nodes, these GPUs (by minor), these MIG devices of GPU 0 of the seed (by index)."""
        keep = {f"nvidia{g}" for g in gpus}
        for index in migs:
            minor = 3 + SEED_GIS[index] * 9
            keep |= {f"nvidia-cap{minor}", f"nvidia-cap{minor + 1}", "nvidia0"}
        dev = self.root / "dev"
        for path in [*dev.glob("nvidia[0-9]*"), *dev.glob("nvidia-caps/*")]:
            if path.name not in keep:
                path.unlink()
        self.privileged = False
        return self

    def run(self, *argv, library=True, **env):
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", **env}
        if library:
            env["LD_LIBRARY_PATH"] = str(next(self.root.glob("usr/lib/*-linux-gnu")))
        return subprocess.run([*([] if self.privileged else WITHOUT_ADMIN), *map(str, argv)], env=env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

    def smi(self, *arguments, **env):
        return self.run(self.root / "usr/bin/nvidia-smi", *arguments, **env)


def masked(table):
    """Without what differs from one moment to the next (clock, temperature, power), and without blanks at the ends of
    lines, which the copy in the walk-through has lost."""
    table = re.sub(r"[ \t]+$", "", table, flags=re.M)
    table = re.sub(r"\A\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}", "DATE", table)
    return re.sub(r"\|( N/A| +\d+%) +\d+C( +P\d+ +)\d+W", r"|\1 TEMP\2POWER", table)
