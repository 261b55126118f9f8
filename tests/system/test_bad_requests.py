"""Requests that can't be met: docker says our coded error, ends with 125, and nothing starts or stays."""
import pytest

BAD = {
    "unknown uuid": ("MIG-11111111-2222-3333-4444-555555555555", "E401"),
    "unknown gpu": ("8", "E401"),
    "unknown mig device": ("0:9", "E401"),
    "gpu in mig mode": ("0", "E201"),
    "gpu in mig mode by uuid": ("GPU-b2acda36-db78-a209-f9ef-d07b4336c449", "E201"),
    "mig index without mig": ("1:0", "E202"),
    "no second index": ("0:", "E403"),
    "no first index": (":0", "E403"),
    "negative": ("-1", "E403"),
    "too big": ("18446744073709551616", "E403"),
    "word": ("first", "E403"),
    "control character": ("0:0\x1b[31m", "E403"),
    "all beside an id": ("all,0:0", "E404"),
    "one good, one unknown": ("0:0,0:6", "E401"),
}


def refused(engine, *arguments):
    got = engine.run(*arguments, "base:1", "echo", "started", check=False)
    assert got.returncode == 125, (got.returncode, got.stdout, got.stderr)
    assert got.stdout == "" and "\x1b" not in got.stderr
    return got.stderr


@pytest.mark.parametrize("name", BAD)
def test_bad_request_is_refused_with_its_code(engine, name):
    value, code = BAD[name]
    assert code in refused(engine, "-e", f"NVIDIA_VISIBLE_DEVICES={value}")


def test_bad_request_by_gpus_option_is_refused(engine):
    assert "E401" in refused(engine, "--gpus", "device=0:9")
    assert "E201" in refused(engine, "--gpus", "1")  # docker makes it index 0, which is in MIG mode


def test_message_names_the_devices_that_there_are(engine):
    message = refused(engine, "--gpus", "device=0")
    assert "0:0" in message and "MIG" in message


def test_mig_configuration_needs_sys_admin(engine):
    variables = ["-e", "NVIDIA_VISIBLE_DEVICES=all", "-e", "NVIDIA_MIG_CONFIG_DEVICES=all"]
    assert "E405" in refused(engine, *variables)


def test_requirement_of_the_image_is_checked(engine):
    assert "E406" in refused(engine, "--gpus", "device=0:0", "-e", "NVIDIA_REQUIRE_CUDA=cuda>=99.0")
    met = ["--gpus", "device=0:0", "-e", "NVIDIA_REQUIRE_CUDA=cuda>=12.0"]
    assert engine.out(*met, "base:1", "echo", "started") == "started\n"


def test_option_wins_over_the_images_variable(engine):
    assert set(engine.probe("--gpus", "device=0:3", image="all:1")["granted"]) == engine.node.nodes(mig=[3])
    assert set(engine.probe(image="all:1")["granted"]) == engine.node.nodes(gpus=range(1, 8), mig=range(6))


def test_parent_node_that_is_a_plain_file_is_refused(engine):
    node = engine.lab.path(engine.node.root + "/dev/nvidia6")
    aside = node.with_name("aside")
    node.rename(aside)
    node.write_text("")
    try:
        assert "E110" in refused(engine, "--gpus", "device=6")
    finally:
        node.unlink()
        aside.rename(node)


def test_missing_capability_node_is_made_again(engine):
    minor = engine.node.nodes(mig=[5]) - engine.node.nodes(mig=[4])
    for number in minor:
        engine.lab.path(f"{engine.node.root}/dev/nvidia-caps/nvidia-cap{number.split(':')[1]}").unlink()
    assert set(engine.probe("--gpus", "device=0:5")["granted"]) == engine.node.nodes(mig=[5])
