"""packages: other people's programs, fetched when the tests run, kept under build/judges, never shipped.

Debian's contrib and non-free come from the mirror of this machine's own apt, with sources and lists of their own; packages
are unpacked, not installed. From PyPI come nvidia-ml-py and what gpustat imports. Nothing here names a host.
"""
import os, pathlib, shutil, subprocess, sys

REPO = pathlib.Path(__file__).resolve().parents[2]
CACHE = REPO / "build" / "judges"
SUITE = "bookworm"
DEBIAN = ["nvidia-smi", "nvidia-tesla-470-smi", "python3-pynvml", "gpustat", "nvtop"]
PYPI = {"newest": ["nvidia-ml-py"], "needs": ["psutil", "blessed"]}


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-800:]}")
    return done.stdout


def mirror():
    """Where the machine's own release, component main, comes from."""
    own = run("sh", "-c", '. /etc/os-release; echo "$VERSION_CODENAME"').strip()
    targets = run("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages")
    found = [line.split()[2] for line in targets.splitlines() if line.split()[:2] == [own, "main"]]
    if not found:
        raise RuntimeError(f"this machine's apt has no source for {own} main")
    return found[0]


def debian(names):
    """Each package unpacked below CACHE/debian/NAME; the folder's file `version` says which one it is."""
    missing = [name for name in names if not (CACHE / "debian" / name / "version").exists()]
    if not missing:
        return
    apt = CACHE / "apt"
    for folder in ("lists/partial", "cache/archives/partial", "files"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    try:
        source = f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror()} {SUITE} contrib non-free\n"
        (apt / "sources.list").write_text(source)
        options = [f"Dir::Etc::sourcelist={apt}/sources.list", "Dir::Etc::sourceparts=/dev/null",
                   f"Dir::State::lists={apt}/lists", f"Dir::Cache={apt}/cache", "Dir::State::status=/dev/null",
                   "APT::Sandbox::User=root"]
        get = ["apt-get", "-qq", *(word for option in options for word in ("-o", option))]
        run(*get, "update")
        for name in missing:
            run(*get, "download", name, cwd=apt / "files")
            deb, = (apt / "files").glob(f"{name}_*.deb")
            target = CACHE / "debian" / name
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            run("dpkg-deb", "-x", str(deb), str(target))
            (target / "version").write_text(run("dpkg-deb", "-f", str(deb), "Version").strip() + "\n")
    finally:
        shutil.rmtree(apt, ignore_errors=True)  # it names the mirror


def pypi(folder, names):
    """Installed into CACHE/FOLDER, beside nothing else."""
    target = CACHE / folder
    if not (target / "complete").exists():
        shutil.rmtree(target, ignore_errors=True)
        quiet = ["-q", "--no-cache-dir", "--disable-pip-version-check", "--root-user-action", "ignore"]
        run("/usr/bin/python3", "-m", "pip", "install", *quiet, "--target", str(target), *names)
        (target / "complete").touch()
    return target


def fetch():
    CACHE.mkdir(parents=True, exist_ok=True)
    debian(DEBIAN)
    for folder, names in PYPI.items():
        pypi(folder, names)


def versions():
    """What was fetched, as docs/judges.md lists it."""
    found = {name: (CACHE / "debian" / name / "version").read_text().strip() for name in DEBIAN}
    for folder, names in PYPI.items():
        for info in (CACHE / folder).glob("*.dist-info"):
            name, version = info.name[:-len(".dist-info")].rsplit("-", 1)
            if name.replace("_", "-") in names:
                found[name.replace("_", "-")] = version
    return found


if __name__ == "__main__":
    fetch()
    for name, version in versions().items():
        print(name, version)
