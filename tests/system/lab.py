"""A lab: a machine of its own made of this one (lab.sh), with its own root, processes and network.

Everything that the tests install, mount or start lies in a lab and ends with it, also when the tests are killed: unshare
kills process 1 of the lab when it dies itself. Files of the lab are reached at lab.path("/etc/..."), programs with run().
"""
import ctypes, pathlib, shutil, signal, subprocess, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parents[1]
CLEAN_ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}


class LabError(Exception):
    pass


def tool(*argv, **more):
    """Runs a program of this machine and returns what it says; LabError with that text if it fails."""
    got = subprocess.run(list(map(str, argv)), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, **more)
    if got.returncode:
        raise LabError(f"{' '.join(map(str, argv))} ends with {got.returncode}:\n{got.stdout[-3000:]}")
    return got.stdout


def alive(pid):
    """False for a process that is gone, also if nobody has taken note yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def with_parent():
    """In a child: die with the process that started it (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Lab:
    def __init__(self, name, base="/", files="", cgroup="", bind=()):
        self.name = name
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"subcard-{name}-", dir="/tmp"))
        env = dict(CLEAN_ENV, LAB_SCRATCH=str(self.scratch), LAB_BASE=str(base), LAB_FILES=str(files), LAB_CGROUP=cgroup,
                   LAB_BIND=" ".join(f"{a}:{b}" for a, b in bind))
        self.outer = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child=KILL", "--propagation", "private",
             "bash", str(HERE / "lab.sh")], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, preexec_fn=with_parent)
        self.pid = 0
        lines = []
        for line in self.outer.stdout:
            lines.append(line)
            if line == "lab ready\n":
                break
        else:
            self.close()
            raise LabError("no lab: " + "".join(lines))
        children = pathlib.Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text().split()
        self.pid = int(children[0])

    def path(self, inside):
        return pathlib.Path(f"/proc/{self.pid}/root{inside}")

    def argv(self, argv):
        return ["nsenter", "-t", str(self.pid), "-m", "-p", "-n", "--", *map(str, argv)]

    def run(self, *argv, check=True, env=None, timeout=120, **more):
        got = subprocess.run(self.argv(argv), env=dict(CLEAN_ENV, **(env or {})), text=True, timeout=timeout,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/", **more)
        if check and got.returncode:
            raise LabError(f"{' '.join(map(str, argv))} ends with {got.returncode}:\n{got.stdout}{got.stderr}")
        return got

    def sh(self, script, **more):
        return self.run("bash", "-c", script, **more)

    def start(self, argv, log, env=None):
        """A program in the background; returns its Popen (of nsenter)."""
        with open(log, "ab") as out:
            return subprocess.Popen(self.argv(argv), env=dict(CLEAN_ENV, **(env or {})), stdin=subprocess.DEVNULL,
                                    stdout=out, stderr=out, cwd="/", preexec_fn=with_parent)

    def alive(self):
        return alive(self.pid)

    def close(self):
        containers = [p.name for p in self.scratch.glob("*/*/containers/*")] + \
                     [p.name for p in self.scratch.glob("*/containers/*")]
        self.outer.kill()
        self.outer.wait()
        self.outer.stdout.close()
        for _ in range(100):  # the kernel lets processes and mounts go a moment after
            try:
                if alive(self.pid):
                    raise OSError("still ends")
                shutil.rmtree(self.scratch)
                break
            except OSError:
                time.sleep(0.1)
        remove_cgroups(containers)


def remove_cgroups(containers):
    """Takes away the cgroups that these killed containers left, and the one above them if it is empty then."""
    roots = [pathlib.Path("/sys/fs/cgroup/docker"), *pathlib.Path("/sys/fs/cgroup").glob("*/docker")]
    for folder in [root / name for root in roots for name in containers] + roots:
        try:
            folder.rmdir()
        except OSError:
            pass
