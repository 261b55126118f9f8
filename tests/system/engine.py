"""Engine: one dockerd with its containers in a lab, driven by the docker client of this machine."""
import json, pathlib, subprocess, time

from lab import CLEAN_ENV, Lab, LabError

DOCKER = "/usr/bin/docker"
SEED = pathlib.Path(__file__).resolve().parent / "seed"


class Engine:
    """The seed's own daemon.json at its own place. What it can't say: no firewall rules in a lab (--iptables=false)."""

    def __init__(self, name, base="/", files="", cgroup="", bind=(), path="", arguments=(), config=None):
        self.name, self.arguments, self.prefix = name, list(arguments), path
        self.node = None  # node.Node, once there is one
        self.lab = Lab(name, base, files, cgroup, bind)
        self.log = self.lab.scratch / "dockerd.log"
        self.path = self.lab.path
        try:
            if not any("userns-remap" in a for a in self.arguments):
                (self.path("/etc/docker/daemon.json")).write_text(config or (SEED / "daemon.json").read_text())
        except BaseException:
            self.close()
            raise

    def start(self):
        env = {"PATH": ":".join(filter(None, [self.prefix, CLEAN_ENV["PATH"]]))}
        self.process = self.lab.start(["dockerd", "--iptables=false", *self.arguments], self.log, env)
        for _ in range(300):
            if self.process.poll() is not None:
                break
            if self.path("/run/docker.sock").exists() and self.docker("version", check=False).returncode == 0:
                return self
            time.sleep(0.1)
        raise LabError(f"dockerd does not start:\n{self.log.read_text()[-3000:]}")

    def stop(self, sig="TERM"):
        """Ends dockerd alone. Killed, it leaves a pid file that would keep its containerd from a new start."""
        pid = self.path("/run/docker.pid").read_text().strip()
        self.lab.run("bash", "-c", f"kill -{sig} {pid}")
        self.process.wait(60)
        if sig == "KILL":
            self.path("/run/docker/containerd/containerd.pid").unlink(missing_ok=True)

    def reload(self, config):
        """Another daemon.json for the running dockerd, as `systemctl reload docker` gives it."""
        self.path("/etc/docker/daemon.json").write_text(config)
        before = self.log.stat().st_size
        pid = self.path("/run/docker.pid").read_text().strip()
        self.lab.run("bash", "-c", f"kill -HUP {pid}")
        for _ in range(100):
            with open(self.log, "rb") as f:
                f.seek(before)
                if b"Reloaded configuration" in f.read():
                    return
            time.sleep(0.05)
        raise LabError("dockerd does not reload its configuration")

    def command(self, *arguments):
        return [DOCKER, "-H", f"unix://{self.path('/run/docker.sock')}", *map(str, arguments)]

    def docker(self, *arguments, check=True, timeout=120, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        got = subprocess.run(self.command(*arguments), env=CLEAN_ENV, text=True, timeout=timeout,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        if check and got.returncode:
            raise LabError(f"docker {' '.join(map(str, arguments))} ends with {got.returncode}:\n{got.stdout}{got.stderr}")
        return got

    def load(self, image):
        """An image made by image.py: a tar of its root file system, with what `docker import` may say about it."""
        with open(image.tar, "rb") as tar:
            changes = [x for c in image.changes for x in ("-c", c)]
            self.docker("import", *changes, "-", image.name, stdin=tar)

    def run(self, *arguments, check=True, **more):
        return self.docker("run", "--rm", *arguments, check=check, **more)

    def out(self, *arguments, **more):
        return self.run(*arguments, **more).stdout

    def probe(self, *arguments, image="base:1"):
        """Runs probe.c in a new container and returns its answer."""
        return json.loads(self.out(*arguments, image, *self.node.probe()))

    def probe_in(self, container, *arguments):
        return json.loads(self.docker("exec", *arguments, container, *self.node.probe()).stdout)

    def create(self, *arguments):
        return self.docker("create", *arguments).stdout.strip()

    def remove(self, *containers):
        self.docker("rm", "-f", *containers)

    def inspect(self, container, what):
        return json.loads(self.docker("inspect", "-f", "{{json " + what + "}}", container).stdout)

    @property
    def version(self):
        return self.docker("version", "-f", "{{.Server.Version}}").stdout.strip()

    def close(self):
        self.lab.close()
