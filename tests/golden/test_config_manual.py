"""man/subcard-config.5.scd and docs/requests.md against the tables in the source: a key, an example, an error code."""
import pathlib
import re
import subprocess

REPO = pathlib.Path(__file__).resolve().parents[2]
MANUAL = (REPO / "man/subcard-config.5.scd").read_text()


def test_the_manual_has_every_key_of_config_yaml_and_no_other():
    paths = re.findall(r'^        \{ "([a-z.-]+)", [A-Z_]+, ', (REPO / "src/cli/config_yaml.c").read_text(), re.M)
    assert len(paths) == 10
    documented = re.findall(r"^\t?\*([a-z-]+)\*:", MANUAL.split("# CONFIG.YAML")[1].split("# CONFIG.TOML")[0], re.M)
    assert documented == [path.split(".")[-1] for path in paths]


def test_the_manual_has_every_key_of_config_toml_that_counts():
    source = (REPO / "src/cli/config_toml.c").read_text().replace('RUNTIME "', '"nvidia-container-runtime.').replace('CLI "', '"')
    counting = re.findall(r'^        \{ "([a-z.-]+)", \w+, (?!NO_EFFECT|SILENT)', source, re.M)
    documented = re.findall(r"^\|  ([a-z.-]+)$", MANUAL, re.M)
    assert sorted(documented) == sorted(counting) and len(counting) == 6


def test_the_manual_is_a_manual_page():
    page = subprocess.run(["scdoc"], input=MANUAL.encode(), stdout=subprocess.PIPE, check=True).stdout
    assert b".SH CONFIG.YAML" in page


def test_error_codes_and_exit_codes_of_the_table_are_those_of_the_source():
    source = dict(re.findall(r"^        X\((\d+), (\d), ", (REPO / "src/base/error.h").read_text(), re.M))
    table = dict(re.findall(r"^\| E(\d+) \| (\d) \|", (REPO / "docs/requests.md").read_text(), re.M))
    assert len(table) == 9 and all(source[code] == exit_code for code, exit_code in table.items())
