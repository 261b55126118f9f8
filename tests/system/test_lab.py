"""The harness itself: a lab leaves nothing behind, however it ends."""
import os, pathlib, subprocess, sys, time

from lab import HERE, Lab, alive

ABANDONED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from lab import Lab
lab = Lab("abandoned")
lab.sh("sleep 600 >/dev/null 2>&1 &")
print(lab.pid, lab.scratch, flush=True)
os._exit(1)
"""


def is_mounted_here(lab):
    return str(lab.scratch) in pathlib.Path("/proc/self/mounts").read_text()


def test_lab_keeps_its_changes_to_itself():
    lab = Lab("itself")
    try:
        lab.sh("echo changed >/etc/subcard-lab; touch /usr/bin/subcard-lab /run/subcard-lab")
        assert lab.path("/etc/subcard-lab").read_text() == "changed\n"
        assert not any(os.path.exists(f"{folder}/subcard-lab") for folder in ("/etc", "/usr/bin", "/run"))
        assert lab.sh("cat /proc/1/comm").stdout == "bash\n"
        assert not is_mounted_here(lab)
    finally:
        lab.close()
    assert not lab.scratch.exists() and not lab.alive()
    assert not is_mounted_here(lab)


def test_lab_dies_with_the_program_that_made_it():
    got = subprocess.run([sys.executable, "-c", ABANDONED, str(HERE)], text=True, stdout=subprocess.PIPE)
    pid, scratch = got.stdout.split()
    for _ in range(50):
        if not alive(pid):
            break
        time.sleep(0.1)
    subprocess.run(["rm", "-rf", "--one-file-system", scratch])
    assert not alive(pid)


VERSIONS = {"debian13": "26.1.", "docker29": "29."}


def test_engine_is_the_one_that_its_name_says(engine):
    assert engine.version.startswith(VERSIONS.get(engine.name, ""))
    cgroup = engine.docker("info", "-f", "{{.CgroupVersion}}").stdout.strip()
    assert cgroup == {"host-v1": "1", "host-v2": "2"}.get(engine.name, cgroup)
