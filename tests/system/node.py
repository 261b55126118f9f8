"""Node: the simulated GPU node of a lab, and what the driver's rules say about its device nodes."""
import re

SEED_UUIDS = ["MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df", "MIG-be041b89-b751-5c96-84aa-85315833c669",
              "MIG-605bf89c-7be6-586e-a729-a2369e833b3e", "MIG-02b4e55e-29a1-5d28-b9ee-8e9445e355f0",
              "MIG-dc7ad5d3-20d8-5dcb-adf7-fb22c2459352", "MIG-148a1759-0dd2-59c6-9605-26206ae0e79b"]
SEED_GIS = [5, 7, 8, 9, 10, 13]  # of GPU 0, in the order of nvidia-smi -L; each with compute instance 0
N_NODES = 256 + 2 + 4324         # what the probe tries


class Node:
    def __init__(self, lab, root="/var/lib/subcard/sim", up=True):
        self.lab, self.root = lab, root
        if up:
            lab.run("subcard", "sim", "up", "--machine", "h200-seed")
        self.majors = self.read_majors()

    def read_majors(self):
        text = self.lab.path(self.root + "/proc/devices").read_text()
        found = {name: int(number) for number, name in re.findall(r"^ *(\d+) (nvidia\S*)$", text, re.M)}
        return {"nvidia": found.get("nvidia", found.get("nvidia-frontend")), "uvm": found["nvidia-uvm"],
                "caps": found["nvidia-caps"]}

    def probe(self):
        """The command line of probe.c for this node."""
        m = self.majors
        return ["probe", "--nvidia", m["nvidia"], "--uvm", m["uvm"], "--caps", m["caps"]]

    def nodes(self, gpus=(), mig=()):
        """The nodes that whole GPUs and MIG devices of GPU 0 (by their index in -L) come to, as "MAJOR:MINOR"."""
        m = self.majors
        numbers = {(m["nvidia"], 255), (m["uvm"], 0), (m["uvm"], 1)} | {(m["nvidia"], g) for g in gpus}
        for index in mig:
            gi = 3 + SEED_GIS[index] * 9  # nv-caps.c: three nodes of the system, then 9 for each instance id of each GPU
            numbers |= {(m["nvidia"], 0), (m["caps"], gi), (m["caps"], gi + 1)}
        return {f"{a}:{b}" for a, b in numbers}

    def sh(self, script, **more):
        """A shell on the node with what `subcard sim env` exports."""
        return self.lab.sh('eval "$(subcard sim env)"; ' + script, **more)

    def grants(self):
        folder = self.lab.path("/run/subcard/grants")
        return [p.read_text() for p in folder.iterdir() if not p.name.startswith(".")] if folder.exists() else []
