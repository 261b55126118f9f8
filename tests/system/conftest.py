"""Fixtures: programs built and installed into a stage, images, and engines, each started once per session."""
import os, pathlib, shutil, sys, tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import image, node as nodes, recipes
from engine import Engine
from lab import REPO, tool

HERE = pathlib.Path(__file__).resolve().parent


def pytest_addoption(parser):
    parser.addoption("--engines", default="host-v1,host-v2,debian13", help="which of " + ", ".join(recipes.ENGINES))


def pytest_generate_tests(metafunc):
    if "engine" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--engines").split(",")
        assert set(wanted) <= set(recipes.ENGINES), f"--engines: not one of {list(recipes.ENGINES)}: {wanted}"
        names = [name for name in recipes.ENGINES if name in wanted]  # pytest keeps an engine while it meets the same object
        metafunc.parametrize("engine", names, indirect=True, scope="session")


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="system tests need root"))


@pytest.fixture(scope="session")
def scratch():
    path = pathlib.Path(tempfile.mkdtemp(prefix="subcard-test-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def stage(scratch):
    """What `make install` installs, as a tree that labs put on top of their root."""
    tool("make", "-C", REPO, "install", f"DESTDIR={scratch}/stage", "PREFIX=/usr")
    return scratch / "stage"


@pytest.fixture(scope="session")
def images(scratch):
    return image.build_all(scratch)


@pytest.fixture(scope="session")
def engine(request, stage, images):
    recipe = recipes.find(request.param)
    if isinstance(recipe, str):
        pytest.fail(recipe)
    with_node = Engine(request.param, files=stage, **recipe)
    yield from running(with_node, images)


@pytest.fixture(scope="session")
def remapped(stage, images):
    """dockerd with a user namespace for every container."""
    mapped = Engine("remap", files=stage, arguments=["--userns-remap=remap", "--default-runtime=nvidia",
                                                     "--add-runtime=nvidia=/usr/bin/nvidia-container-runtime"])
    lines = {"passwd": "remap:x:990:990::/:/bin/false", "group": "remap:x:990:", "subuid": "remap:300000:65536",
             "subgid": "remap:300000:65536"}
    for file, line in lines.items():
        path = mapped.path("/etc/" + file)
        path.write_text((path.read_text() if path.exists() else "") + line + "\n")
    yield from running(mapped, images)


def running(engine, images):
    try:
        engine.node = nodes.Node(engine.lab)
        engine.start()
        for one in images.values():
            engine.load(one)
        yield engine
    finally:
        engine.close()


@pytest.fixture(autouse=True)
def nothing_left(request):
    """Each test takes its containers away, and with them go the grants."""
    yield
    if "engine" in request.fixturenames:
        engine = request.getfixturevalue("engine")
        left = engine.docker("ps", "-aq").stdout.split()
        if left:
            engine.remove(*left)
        assert engine.node.grants() == []
