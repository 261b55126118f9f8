"""Our simulated nvidia-smi beside the vendor's 535 on the same node: -L, CSV, messages and exit codes byte for byte."""
import json, re, subprocess

import pytest

from conftest import WITHOUT_ADMIN

# The vendor's program takes these from a private table of the real library, or does not have them yet.
PRIVATE = {"pcie.link.gen.hostmax", "enforced.power.limit"}
SINCE_535 = re.compile(r"remapped_rows\.|gpu\.power\.")
BOTH = """-L
--list-gpus
-L -i 0
-L -L
-L foo
--bogus
bogus
-h foo
-i
--format=csv
--query-gpu
--query-gpu=name
--query-gpu=name --format=csv,foo
--query-gpu=name --format=noheader
--query-gpu=name --format=CSV
--query-gpu=name,bogus --format=csv
--query-gpu=NAME --format=csv
--query-gpu= --format=csv
--query-gpu=index,,name --format=csv
--query-gpu index,name --format csv
--format=noheader,csv,nounits --query-gpu=index,memory.total,power.draw
--query-gpu=memory.total,power.draw --format=csv,nounits
--query-gpu=name --query-compute-apps=pid --format=csv
--query-gpu=uuid --query-gpu=index --format=csv
--query-gpu=index --format=csv -x
--query-gpu=index --format=csv -h
--query-gpu=index --format=csv -l 0
--query-gpu=index --format=csv -f /dev/null/x
--query-gpu=index --format=csv -i 3,1,1
--query-gpu=index --format=csv -i=2
--query-gpu=index --format=csv --id 2
--query-gpu=index --format=csv --id=
--query-gpu=index --format=csv -i 0x3
--query-gpu=index --format=csv -i 99
--query-gpu=index --format=csv -i 99,0
--query-gpu=index --format=csv -i -1
--query-gpu=index --format=csv -i 18446744073709551616
--query-gpu=index --format=csv -i bogus
--query-gpu=index --format=csv -i 1654923001916
--query-gpu=index --format=csv -i GPU-af5e38ec-d1d6-1c20-67c8-c8001109e6d8
--query-gpu=index --format=csv -i GPU-AF5E38EC-d1d6-1c20-67c8-c8001109e6d8
--query-gpu=index --format=csv -i MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df
--query-compute-apps=gpu_name,gpu_bus_id,gpu_serial,gpu_uuid,pid,process_name,used_memory --format=csv
--query-compute-apps=pid,name --format=csv,noheader,nounits
--query-compute-apps=uuid --format=csv""".splitlines()


class Pair:
    def __init__(self, node, vendor, before=()):
        self.node, self.before = node, before
        self.programs = [vendor, node.root / "usr/bin/nvidia-smi"]

    def ask(self, *arguments):
        """(exit code, output) of the vendor's program and of ours."""
        return [(done.returncode, done.stdout) for done in
                (subprocess.run([*self.before, program, *arguments], env=self.node.env, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=60, errors="replace") for program in self.programs)]


@pytest.fixture(params=["root", "container"])
def pair(request, node, smi):
    """As root of the node, and as a container with the first MIG device and GPU 1 is: without privilege, few nodes."""
    if request.param == "root":
        yield Pair(node, smi)
        return
    keep = {"nvidia-caps/nvidia-cap48", "nvidia-caps/nvidia-cap49", "nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"}
    dev = node.root / "dev"
    names = [str(path.relative_to(dev)) for path in [*dev.glob("nvidia[0-9]*"), *dev.glob("nvidia-caps/*")]]
    with node.hidden(*(name for name in names if name not in keep)):
        yield Pair(node, smi, WITHOUT_ADMIN)


@pytest.mark.parametrize("line", BOTH)
def test_same_text_and_exit_code(pair, line):
    vendor, ours = pair.ask(*(line.split(" ") if not line.startswith("--query-gpu= ") else ["--query-gpu=", "--format=csv"]))
    assert ours == vendor


def test_same_cell_for_every_field_that_both_know(pair):
    listed = pair.ask("--help-query-gpu")[1][1]
    names = [name for both in re.findall(r'^"([^"]+)"(?: or "([^"]+)")?$', listed, re.M) for name in both if name]
    asked = [name for name in names if name != "timestamp" and name not in PRIVATE and not SINCE_535.match(name)]
    assert len(asked) > 100
    vendor, ours = pair.ask("--query-gpu=" + ",".join(asked), "--format=csv")
    rows = [[line.split(", ") for line in text.splitlines()] for _, text in (vendor, ours)]
    different = {asked[i]: (rows[0][j][i], rows[1][j][i]) for j in range(len(rows[1])) for i in range(len(asked))
                 if rows[0][j][i] != rows[1][j][i]}
    assert not different and vendor == ours


def test_same_processes(node, smi):
    pids = [node.start_process("0:1", 1000), node.start_process("3", 130201)]
    try:
        vendor, ours = Pair(node, smi).ask("--query-compute-apps=gpu_uuid,pid,name,used_memory", "--format=csv")
        assert vendor == ours and all(str(pid) in ours[1] for pid in pids)
        rows = [re.findall(r"^\| +(\d+) +(\S+) +(\S+) +(\d+) +(\S+)   (\S+) +(\S+) \|$", text, re.M)
                for _, text in Pair(node, smi).ask()]
        assert rows[0] == rows[1] and len(rows[1]) == 2
    finally:
        for pid in pids:
            node.end_process(pid)


def cells(table):
    """What the rows of a table say, without its layout: 535 draws narrower columns and cuts what does not fit."""
    rows = [line.strip("| ") for line in table.splitlines()[3:] if re.match(r"\| +[\dN]", line)]
    return [re.sub(r"[\s|/]+", " ", re.sub(r"143771MiB|14377\.\.\.", "TOTAL", row)) for row in rows]


def test_tables_say_the_same(pair):
    vendor, ours = pair.ask()
    assert vendor[0] == ours[0] == 0
    assert cells(vendor[1]) == cells(ours[1]) and len(cells(ours[1])) > 4


def test_faults_are_told_alike(smi, node):
    """The state is put back behind the test; programs read it when they start."""
    file = node.root / "run/nvidia-persistenced/node.json"
    before = file.read_text()
    state = json.loads(before)
    try:
        for function, result, call, arguments in [
                ("nvmlDeviceGetName", 999, 0, ["--query-gpu=name,index", "--format=csv"]),
                ("nvmlDeviceGetTemperature", 15, 0, ["--query-gpu=temperature.gpu", "--format=csv"]),
                ("nvmlDeviceGetTemperature", 3, 0, ["--query-gpu=temperature.gpu", "--format=csv"]),
                ("nvmlDeviceGetUUID", 999, 0, ["-L"]), ("nvmlDeviceGetUUID", 999, 2, ["-L"]),
                ("nvmlDeviceGetCount_v2", 999, 0, ["-L"]), ("nvmlDeviceGetCount_v2", 999, 0, []),
                ("nvmlDeviceGetHandleByIndex_v2", 6, 3, ["--query-gpu=index", "--format=csv"])]:
            state["faults"] = [{"function": function, "call": call, "result": result}]
            file.write_text(json.dumps(state))
            vendor, ours = Pair(node, smi).ask(*arguments)
            assert vendor == ours, (function, result)
        for result in [*range(1, 31), 999]:
            state["faults"] = [{"function": "nvmlDeviceGetTemperature", "call": 0, "result": result}]
            file.write_text(json.dumps(state))
            vendor, ours = Pair(node, smi).ask("--query-gpu=temperature.gpu", "--format=csv")
            assert vendor == ours, result
            state["faults"] = [{"function": name, "call": 0, "result": result} for name in ("nvmlInitWithFlags", "nvmlInit_v2")]
            file.write_text(json.dumps(state))
            vendor, ours = Pair(node, smi).ask("-L")
            assert vendor == ours, result
    finally:
        file.write_text(before)
