"""``scrapy doctor``: the table, the JSON, the exit codes."""

import argparse
import json

import pytest
from scrapy.settings import Settings

import carsets.settings
from carsets.commands.doctor import Command

KEY = "0123456789abcdef-the-value"


@pytest.fixture
def doctor(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "all_proxy", "REDIS_URL", "FLICKR_API_KEY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    # A port at which nothing runs, whatever this machine runs.
    (tmp_path / "scrapyd.conf").write_text(
        "[scrapyd]\nhttp_port = 1\nusername = me\npassword = zQ3-not-to-be-guessed\n"
    )

    def run(*sources, strict=False, as_json=True, scrapyd_conf="", **given):
        command = Command()
        command.settings = Settings()
        command.settings.setmodule(carsets.settings, priority="project")
        given = {"DATA_DIR": str(tmp_path / "data"), "CAR_DETECTION_MODEL": "builtin"} | given
        command.settings.setdict({"CONTACT": "me@mine.test"} | given, priority="cmdline")
        options = argparse.Namespace(strict=strict, json=as_json, scrapyd_conf=scrapyd_conf)
        command.run(list(sources), options)
        out, err = capsys.readouterr()
        return command.exitcode, json.loads(out) if as_json and out else out, err

    return run


def named(findings, name):
    return [finding for finding in findings if finding["name"] == name]


def test_a_machine_that_is_fit_exits_with_0(doctor):
    code, findings, err = doctor()
    assert (code, err) == (0, "")
    names = {finding["name"] for finding in findings}
    assert names >= {
        "packages", "settings", "contact", "key", "browser", "proxy", "weights", "DATA_DIR", "disk",
        "clock", "catalog", "scrapyd",
    }  # fmt: skip
    assert all(finding["fix"] for finding in findings if finding["health"] != "ok")


def test_what_has_to_be_mended_exits_with_2(doctor):
    code, findings, _ = doctor("flickr")
    assert code == 2
    assert [f["said"] for f in named(findings, "key") if f["health"] == "fail"] == [
        "FLICKR_API_KEY is not set"
    ]


def test_what_should_be_looked_at_exits_with_4_for_the_strict_alone(doctor):
    assert doctor(CONTACT="")[0] == 0
    assert doctor(CONTACT="", strict=True)[0] == 4


def test_a_source_that_insists_on_a_contact_fails_without_one(doctor):
    code, findings, _ = doctor("openverse", CONTACT="")
    assert (code, named(findings, "contact")[0]["health"]) == (2, "fail")


def test_every_setting_that_cannot_be_meant_is_named_in_one_look(doctor):
    code, findings, _ = doctor(DOWNLOAD_TIMEOUT="soon", PURPOSE="fun", DATA_DRI="x")
    said = [finding["said"] for finding in named(findings, "settings")]
    assert code == 2
    assert any("DOWNLOAD_TIMEOUT=soon" in line for line in said)
    assert any("PURPOSE=fun" in line for line in said)
    [unknown] = [f for f in named(findings, "settings") if f["health"] == "warn"]
    assert unknown["fix"] == "did you mean DATA_DIR?"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"CHECK_KEPT_SHARE": "bling:0.3,*:0.1"}, "has a number for bling, which is no source"),
        ({"METRICS_PORT": "9410", "METRICS_HOST": "0.0.0.0"}, "reads the numbers of crawls"),
    ],
)
def test_settings_that_do_not_do_what_was_meant_are_warned_of(doctor, given, said):
    code, findings, _ = doctor(**given)
    [finding] = named(findings, "settings")
    assert (code, finding["health"]) == (0, "warn")
    assert said in finding["said"]


def test_the_table_is_for_people(doctor):
    code, text, _ = doctor("flickr", as_json=False)
    assert code == 2
    [line] = [line for line in text.splitlines() if "FLICKR_API_KEY is not set" in line]
    assert line.startswith("fail")
    assert "export FLICKR_API_KEY=..." in line
    assert text.splitlines()[-1].endswith("1 fail")


def test_a_configuration_of_scrapyd_can_be_named(doctor, tmp_path):
    path = tmp_path / "other.conf"
    path.write_text("[scrapyd]\nbind_address = 0.0.0.0\nhttp_port = 1\n")
    code, findings, _ = doctor(scrapyd_conf=str(path))
    assert code == 2
    assert len([f for f in named(findings, "scrapyd") if f["health"] == "fail"]) == 2
    code, findings, _ = doctor(scrapyd_conf=str(tmp_path / "none.conf"))
    assert (code, named(findings, "scrapyd")[0]["health"]) == (2, "fail")


def test_no_secret_is_printed_wherever_it_stands(doctor, monkeypatch):
    from carsets.net import redaction

    monkeypatch.setattr(redaction, "_secrets", {})
    monkeypatch.setattr(redaction, "_pattern", None)
    monkeypatch.setenv("FLICKR_API_KEY", KEY)
    redaction.register_environment()
    for as_json in (True, False):
        _, out, err = doctor("flickr", as_json=as_json, DATA_DIR=f"/nowhere/{KEY}")
        assert KEY not in str(out) + err


def test_an_unknown_source_is_one_line(doctor):
    code, out, err = doctor("bling")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no such source" in err


def test_nothing_is_left_behind(doctor, tmp_path):
    doctor()
    assert [path.name for path in tmp_path.iterdir()] == ["scrapyd.conf"]
