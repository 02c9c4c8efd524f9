"""The container file and the compose file: linted, and shut as tightly as they say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONTAINER = ROOT / "deploy" / "Containerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"
SERVICES = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]


def lint(program, *words):
    command = [str(Path(sys.executable).with_name(program)), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check_compose(path):
    return lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", path)


def test_the_container_file_passes_hadolint():
    done = lint("hadolint", CONTAINER)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_hadolint_would_complain(tmp_path):
    path = tmp_path / "Containerfile"
    path.write_text(CONTAINER.read_text().replace("python:3.11-slim-bookworm", "python"))
    assert "DL3006" in lint("hadolint", path).stdout


def test_the_compose_file_is_one():
    done = check_compose(COMPOSE)
    assert done.returncode == 0, done.stdout


def test_a_misspelt_word_in_it_would_be_seen(tmp_path):
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE.read_text().replace("cap_drop", "cap_dorp"))
    assert check_compose(path).returncode == 1


def instructions(word):
    """Return what follows an instruction of the container file, in order."""
    text = CONTAINER.read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(rf"^{word} +(.*)$", text, re.MULTILINE)


def test_nothing_runs_as_root():
    assert instructions("USER")[-1] == "10001"
    assert all(SERVICES[name]["user"] not in {"root", "0"} for name in ("postgres", "redis"))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_shut(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert not service.keys() & {"privileged", "network_mode", "pid", "ipc", "devices"}


def test_the_catalog_and_the_queue_have_no_way_out():
    assert yaml.safe_load(COMPOSE.read_text())["networks"]["backend"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in ("postgres", "redis")] == [["backend"]] * 2


def test_no_password_is_in_the_file_and_none_may_be_missing():
    text = COMPOSE.read_text(encoding="utf-8")
    for name in ("SCRAPYD_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "CONTACT"):
        assert f"${{{name}:?" in text
    for line in text.splitlines():
        if re.search(r"(PASSWORD|KEY|TOKEN|AUTH): ", line):
            assert "${" in line, line


def test_what_the_image_is_made_of_is_there_and_reaches_the_builder():
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    copied = {word for line in instructions("COPY") for word in line.split()[:-1]}
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_can_speak_to_the_services_beside_it():
    installed = "".join((ROOT / name).read_text() for name in instructions("COPY")[0].split()[:-1])
    assert {"psycopg", "redis", "scrapyd"} <= set(
        re.findall(r"^([a-z]+)\b", installed, re.MULTILINE)
    )
