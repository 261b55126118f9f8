"""Grants from creation to removal: many at once, killed half way, and while dockerd itself goes and comes."""
import json, subprocess, time

from node import SEED_UUIDS


def start(engine, *arguments):
    return engine.docker("run", "-d", "--init", *arguments, "base:1", "sleep", "600").stdout.strip()


def granted(engine, container):
    return set(engine.probe_in(container)["granted"])


def test_grant_is_there_while_the_container_lives(engine):
    container = start(engine, "--gpus", "device=0:1")
    grants = engine.node.grants()
    assert len(grants) == 1 and container in grants[0] and SEED_UUIDS[1] in grants[0]
    listed = engine.lab.run("subcard", "list").stdout
    assert container[:12] in listed
    engine.remove(container)
    assert engine.node.grants() == []
    assert container[:12] not in engine.lab.run("subcard", "list").stdout


def test_grant_follows_stop_and_start(engine):
    container = start(engine, "--gpus", "device=0:3")
    engine.docker("stop", "-t", "1", container)
    assert engine.node.grants() == []
    engine.docker("start", container)
    assert len(engine.node.grants()) == 1
    assert granted(engine, container) == engine.node.nodes(mig=[3])


def test_failed_program_leaves_no_grant(engine):
    got = engine.run("--gpus", "device=0:1", "base:1", "no-such-program", check=False)
    assert got.returncode == 127
    assert engine.node.grants() == []


def test_ten_containers_at_once(engine):
    command = ["base:1", *map(str, engine.node.probe())]
    started = [subprocess.Popen(engine.command("run", "--rm", "--gpus", f"device=0:{n % 6}", *command), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE) for n in range(10)]
    for n, process in enumerate(started):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert set(json.loads(out)["granted"]) == engine.node.nodes(mig=[n % 6])


def test_killed_half_way(engine):
    """docker kill and rm -f at moments before, during and after the start."""
    for step in range(8):
        name = f"killed{step}"
        client = subprocess.Popen(engine.command("run", "--name", name, "--gpus", "device=0:0", "base:1", "sleep", "600"),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        time.sleep(0.05 * step)
        while client.poll() is None:
            engine.docker("kill", name, check=False)
            time.sleep(0.02)
        engine.docker("rm", "-f", name, check=False)
        assert engine.node.grants() == []
    assert probe_once(engine) == engine.node.nodes(mig=[0])


def probe_once(engine):
    return set(engine.probe("--gpus", "device=0:0")["granted"])


def restart(engine, signal):
    """live-restore of the seed's daemon.json: containers live on while there is no dockerd."""
    container = start(engine, "--gpus", "device=0:4")
    pid = engine.inspect(container, ".State.Pid")
    engine.stop(signal)
    assert engine.lab.path(f"/proc/{pid}").exists()
    engine.start()
    assert engine.inspect(container, ".State.Pid") == pid
    assert granted(engine, container) == engine.node.nodes(mig=[4])
    assert len(engine.node.grants()) == 1
    engine.remove(container)
    assert engine.node.grants() == []
    assert probe_once(engine) == engine.node.nodes(mig=[0])


def test_daemon_restarted_with_live_restore(engine):
    restart(engine, "TERM")


def test_daemon_killed_with_live_restore(engine):
    restart(engine, "KILL")
