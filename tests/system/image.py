"""Images made from files of this machine: no registry. Each is a tar of a root file system for `docker import`."""
import os, pathlib, re, shutil, subprocess, sys, sysconfig, tarfile

from lab import CLEAN_ENV, HERE, REPO, LabError, tool

PROGRAMS = """bash cat chmod cp echo env false find grep id ls mkdir mount readlink rm sleep stat test touch true umount
              uname python3 ldconfig ldd""".split()
PASSWD = "root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000:user:/home/user:/bin/bash\n"
NO_PYTHON = shutil.ignore_patterns("test", "dist-packages", "idlelib", "lib2to3", "ensurepip", "turtledemo", "tkinter",
                                   "__pycache__", "pydoc_data", "config-3*")


class Image:
    def __init__(self, name, tar, changes=()):
        self.name, self.tar, self.changes = name, tar, changes


def libraries(program):
    """The shared libraries of a program, loader included; none for a static one."""
    got = subprocess.run(["ldd", program], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=CLEAN_ENV)
    return re.findall(r"(/\S+) \(0x", got.stdout)


def copy(root, source, target=None):
    """A file to the place where the image's own usr-merged tree has it; links are followed."""
    place = target or source
    if re.match(r"/(bin|sbin|lib|lib64)/", place):
        place = "/usr" + place
    to = pathlib.Path(str(root) + place)
    if not to.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(source), to)


def skeleton(root):
    for folder in "dev etc proc sys run root home/user var/tmp usr/bin usr/sbin usr/lib usr/lib64 tmp".split():
        (root / folder).mkdir(parents=True)
    for folder in "bin sbin lib lib64".split():
        (root / folder).symlink_to("usr/" + folder)
    (root / "tmp").chmod(0o1777)
    os.chown(root / "home/user", 1000, 1000)
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/group").write_text("root:x:0:\nuser:x:1000:\n")
    (root / "etc/os-release").write_text("ID=subcard-test\n")


def add_python(root):
    stdlib = pathlib.Path(sysconfig.get_path("stdlib", vars={"base": "/usr", "installed_base": "/usr"}))
    target = pathlib.Path(str(root) + str(stdlib))
    shutil.copytree(stdlib, target, symlinks=True, ignore=NO_PYTHON)
    for module in target.glob("lib-dynload/*.so"):
        for library in libraries(str(module)):
            copy(root, library)


def add_packages(root, packages):
    target = root / "usr/lib/python3/dist-packages"
    shutil.copytree(packages, target, ignore=shutil.ignore_patterns("*.cpp", "*.pyx", "*.pxd", "*.pyx.in"))
    for module in target.rglob("*.so"):
        for library in libraries(str(module)):
            copy(root, library)


def glibc_tree(root, programs):
    """glibc, a shell, python3 and ldconfig with its configuration and cache: what a CUDA image has, without CUDA."""
    skeleton(root)
    path = CLEAN_ENV["PATH"]
    for name in PROGRAMS:
        program = shutil.which(name, path=path)
        copy(root, program)
        for library in libraries(program):
            copy(root, library)
    (root / "usr/bin/sh").symlink_to("bash")
    add_python(root)
    for source, name in programs:
        copy(root, str(source), "/usr/bin/" + name)
    (root / "etc/ld.so.conf.d").mkdir()
    for conf in pathlib.Path("/etc/ld.so.conf.d").glob("*-linux-gnu.conf"):
        copy(root, str(conf))
    (root / "etc/ld.so.conf").write_text("include /etc/ld.so.conf.d/*.conf\n")
    tool("ldconfig", "-r", root, env=CLEAN_ENV)


def busybox_tree(root, programs):
    """A static busybox: no libc, no loader, no ldconfig."""
    skeleton(root)
    copy(root, "/bin/busybox")
    for name in "sh cat echo env id ls sleep stat test true grep".split():
        (root / "usr/bin" / name).symlink_to("busybox")
    for source, name in programs:
        copy(root, str(source), "/usr/bin/" + name)


def pack(root, tar):
    with tarfile.open(tar, "w") as out:
        for entry in sorted(os.listdir(root)):
            out.add(root / entry, arcname=entry)


OWN_CUDA = "int cuInit(unsigned flags) { (void)flags; return 100; }\n"


def own_cuda(folder):
    """A libcuda.so.1 as CUDA images bring it for compatibility: an image's own file in the driver's place."""
    source, library = folder / "owncuda.c", folder / "owncuda.so"
    source.write_text(OWN_CUDA)
    tool("gcc", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", source, "-o", library)
    return library


def guest_programs(folder):
    """Programs of the tests that run inside containers, compiled now."""
    programs = []
    for source, flags in [("probe", ["-static"]), ("cuda_probe", ["-ldl"])]:
        if (HERE / f"{source}.c").exists():
            tool("gcc", "-D_GNU_SOURCE", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", HERE / f"{source}.c", "-o",
                 folder / source, *flags)
            programs.append((folder / source, source))
    return programs


CUDA_BINDINGS = "cuda-bindings==12.8.0"


def cuda_bindings():
    """NVIDIA's own Python bindings of libcuda from PyPI, kept in .cache; None where they can't be had."""
    target = REPO / ".cache/python" / f"{CUDA_BINDINGS}-{sys.version_info[0]}.{sys.version_info[1]}"
    if not target.exists():
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            tool(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile",
                 "--only-binary=:all:", "--target", part, CUDA_BINDINGS, env=dict(os.environ, PATH=CLEAN_ENV["PATH"]))
        except LabError:
            return None
        part.rename(target)
    return target


def build_all(folder):
    return build(folder, guest_programs(folder), cuda_bindings())


def build(folder, programs, python_packages=None):
    """All images of the tests, as name -> Image. programs: (path, name) pairs that go to /usr/bin."""
    static = [p for p in programs if not libraries(str(p[0]))]
    root = folder / "glibc"
    glibc_tree(root, programs)
    images = {}
    if python_packages:
        add_packages(root, python_packages)
        tool("ldconfig", "-r", root, env=CLEAN_ENV)

    def add(name, *changes):
        pack(root, folder / f"{name}.tar")
        images[name] = Image(f"{name}:1", folder / f"{name}.tar", ("CMD [\"bash\"]",) + changes)

    add("base")
    images["all"] = Image("all:1", images["base"].tar, images["base"].changes + ("ENV NVIDIA_VISIBLE_DEVICES=all",))
    shutil.rmtree(root / "usr/lib/python3/dist-packages", ignore_errors=True)
    cache = (root / "etc/ld.so.cache").read_bytes()
    (root / "etc/ld.so.cache").unlink()
    add("nocache")
    (root / "etc/ld.so.cache").write_bytes(cache[:len(cache) // 2])
    add("badcache")
    libdir = next(p for p in [root / "usr/lib/x86_64-linux-gnu", root / "usr/lib64", root / "usr/lib"] if p.exists())
    copy(root, str(own_cuda(folder)), "/" + str(libdir.relative_to(root)) + "/libcuda.so.1")
    tool("ldconfig", "-r", root, env=CLEAN_ENV)
    add("owncuda")
    shutil.rmtree(root)
    root = folder / "busybox"
    busybox_tree(root, static)
    add("busybox", "CMD [\"sh\"]")
    shutil.rmtree(root)
    return images
