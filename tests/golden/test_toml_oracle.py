"""The TOML reader of src/cli against Python's tomllib: same verdict and same values on documents and broken documents.

tomllib is the oracle but for what the reader refuses on purpose (src/cli/toml.h): U+0000 in strings, numbers of more than
64 bits, too many levels and values.
"""
import json
import math
import pathlib
import random
import subprocess
import tomllib

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
ON_PURPOSE = ("U+0000", "larger than 64 bits", "levels of values", "values", "parts")

STOCK = (REPO / "tests/fuzz/corpus/toml/stock").read_text()

# Documents, one a line with "|" for a line end, that the standard or other readers' bug lists make interesting; the oracle
# says which are right.
DOCUMENTS = (REPO / "tests/cases/toml.case").read_text().splitlines()


def texts():
    """Documents as bytes: "|" is a line end above."""
    for line in DOCUMENTS:
        text = line.replace("|", "\n")
        yield text.encode()
        yield text.replace("\n", "\r\n").encode() + b"\r\n"
    for odd in (b"", b"\n", b"\r", b"a=1\rb=2", b"a=1\r\r\n", b"\xef\xbb\xbfa=1", b"a='\x00'", b"a=1\x00", b"a='\x7f'", b"a='\x1f'",
                b"# \x01", b"# \x7f", b"a='\xff'", b"a='\xc0\x80'", b"a='\xed\xa0\x80'", b"\xff\xfea\x00=\x001\x00", b"a='\t'",
                b"a='''\r\n x\r\n'''", b"a=\"\"\"\r\n x\\\r\n y\"\"\"", b"a='\xf4\x8f\xbf\xbf'", b"a='\xc2\x85'", b"\xc2\xa0a=1",
                b"a" * 5000 + b"=1", b"a=" + b"[" * 70 + b"]" * 70, b"a=" + b"{a=" * 60 + b"1" + b"}" * 60,
                b"[" + b".".join([b"a"] * 60) + b"]", b"a=[" + b"1," * 3000 + b"]"):
        yield odd


def broken(count, seed):
    """The same documents and the stock file, cut and changed at random places."""
    chance = random.Random(seed)
    whole = [STOCK.encode()] + [line.replace("|", "\n").encode() for line in DOCUMENTS]
    for _ in range(count):
        text = bytearray(b"\n".join(chance.sample(whole[1:], chance.randint(1, 2))) if chance.random() < 0.9 else whole[0])
        for _ in range(chance.randint(0, 2)):
            at = chance.randrange(len(text) + 1)
            new = bytes([chance.choice(b"\"'[]{}=.,#\\\n\t _-+0123456789abexuTZ:\r\x00\x7f\xc3\xa9")])
            text[at:at + chance.randint(0, 2)] = new * chance.randint(0, 3)
        yield bytes(text)


def ours(documents, flavour="unit"):
    request = b"".join(b"%d\n%s" % (len(d), d) for d in documents)
    got = subprocess.run([REPO / "build" / flavour / "toml_dump"], input=request, stdout=subprocess.PIPE, check=True, timeout=300)
    answers = [json.loads(line) for line in got.stdout.decode().split("\n")[:-1]]
    assert len(answers) == len(documents)
    return answers


def oracle(text):
    try:
        return tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None


def same(mine, theirs):
    (kind, value), = mine.items()
    if kind == "table":
        return type(theirs) is dict and value.keys() == theirs.keys() and all(same(value[k], theirs[k]) for k in value)
    if kind == "array":
        return type(theirs) is list and len(value) == len(theirs) and all(map(same, value, theirs))
    if kind == "float":
        number = float(value.replace("_", ""))
        return type(theirs) is float and (number == theirs or (math.isnan(number) and math.isnan(theirs)))
    if kind == "datetime":
        return tomllib.loads("x = " + value)["x"] == theirs and type(theirs).__module__ == "datetime"
    return type(value) is type(theirs) and value == theirs


def differences(documents, flavour="unit"):
    for text, mine in zip(documents, ours(documents, flavour)):
        theirs = oracle(text)
        if "error" in mine and len(mine) == 1 and isinstance(mine["error"], str):
            if theirs is not None and not any(word in mine["error"] for word in ON_PURPOSE):
                yield text, mine["error"], theirs
        elif theirs is None or not same(mine, theirs):
            yield text, mine, theirs


@pytest.fixture(scope="module", autouse=True)
def program():
    subprocess.run(["make", "-s", "build/unit/toml_dump", "build/unit-asan/toml_dump"], cwd=REPO, check=True, stdout=subprocess.DEVNULL, timeout=300)


@pytest.mark.parametrize("flavour", ["unit", "unit-asan"])
def test_documents_mean_the_same_to_tomllib(flavour):
    assert list(differences(list(texts()), flavour)) == []


def test_the_stock_file_cut_at_every_byte_means_the_same_to_tomllib():
    whole = STOCK.encode()
    assert list(differences([whole[:n] for n in range(len(whole) + 1)])) == []


@pytest.mark.parametrize("seed", range(4))
def test_broken_documents_mean_the_same_to_tomllib(seed):
    assert list(differences(list(broken(5000, seed)))) == []


def test_refusals_on_purpose_are_few():
    refused = [a["error"] for a in ours(list(texts())) if isinstance(a.get("error"), str)]
    assert sum("64 bits" in e for e in refused) == 6 and any("levels" in e for e in refused)
