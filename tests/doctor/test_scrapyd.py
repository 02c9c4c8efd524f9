"""Who could send code to Scrapyd: its configuration, and the daemon that runs (T18)."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from carsets.doctor import scrapyd
from carsets.doctor.finding import Health
from carsets.doctor.scrapyd import Exposure
from carsets.problems import UserError

SAMPLE = Path(__file__).parents[2] / "deploy" / "scrapyd.conf"
GOOD = "zQ3-not-to-be-guessed-7"


def judged(tmp_path, text, environment=()):
    path = tmp_path / "scrapyd.conf"
    path.write_text(text)
    exposure = scrapyd.read_configuration([path], dict(environment))
    return list(scrapyd.look_at_configuration(exposure, "scrapyd.conf"))


def conf(**values):
    return "[scrapyd]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "without username and password"),
        ({"username": "me"}, "without username and password"),
        ({"password": GOOD}, "without username and password"),
        ({"username": "me", "password": GOOD, "bind_address": "0.0.0.0"}, "other machines"),
        ({"username": "me", "password": GOOD, "bind_address": "::"}, "other machines"),
        ({"username": "me", "password": GOOD, "bind_address": "192.168.1.7"}, "other machines"),
        ({"username": "me", "password": GOOD, "bind_address": "node.test"}, "other machines"),
        ({"username": "me", "password": "short"}, "is shorter than 12"),
        ({"username": "me", "password": "my-long-password"}, "is a placeholder"),
    ],
)
def test_what_lets_others_in_is_a_failure(tmp_path, values, said):
    findings = judged(tmp_path, conf(**values))
    assert [finding.health for finding in findings] == [Health.FAIL]
    assert said in findings[0].said
    assert GOOD not in str(findings)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1", "localhost", ""])
def test_loopback_with_a_password_is_well(tmp_path, address):
    values = {"bind_address": address, "username": "me", "password": GOOD}
    [finding] = judged(tmp_path, conf(**values))
    assert finding.health is Health.OK


def test_the_sample_is_well_once_a_password_is_in_it(tmp_path):
    text = SAMPLE.read_text(encoding="utf-8")
    [finding] = judged(tmp_path, text)
    assert (finding.health, "is a placeholder" in finding.said) == (Health.FAIL, True)
    [finding] = judged(tmp_path, text.replace("CHANGE-ME", GOOD))
    assert finding.health is Health.OK


def test_both_open_and_without_a_password_are_two_failures(tmp_path):
    assert len(judged(tmp_path, conf(bind_address="0.0.0.0"))) == 2


def test_what_the_environment_says_wins_as_it_does_in_scrapyd(tmp_path):
    text = conf(bind_address="127.0.0.1", username="me", password=GOOD)
    [finding] = judged(tmp_path, text, {"SCRAPYD_BIND_ADDRESS": "0.0.0.0"}.items())
    assert finding.health is Health.FAIL
    environment = {"SCRAPYD_USERNAME": "me", "SCRAPYD_PASSWORD": GOOD}
    [finding] = judged(tmp_path, conf(), environment.items())
    assert finding.health is Health.OK


def test_files_are_found_where_scrapyd_reads_them_and_the_last_one_wins(tmp_path):
    etc, folder, home = tmp_path / "etc" / "scrapyd", tmp_path / "here", tmp_path / "home"
    for path, port in (
        (etc / "scrapyd.conf", 1),
        (etc / "conf.d" / "b.conf", 3),
        (etc / "conf.d" / "a.conf", 2),
        (folder / "scrapyd.conf", 4),
        (home / ".scrapyd.conf", 5),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(conf(http_port=port))
    found = scrapyd.find_configurations(folder, home, tmp_path)
    ports = [scrapyd.read_configuration(found[: n + 1], {}).port for n in range(len(found))]
    assert ports == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("text", ["no section", "[scrapyd]\nhttp_port = many\n", "\xff"])
def test_a_file_that_is_no_configuration_is_one_line(tmp_path, text):
    (tmp_path / "scrapyd.conf").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError) as caught:
        scrapyd.read_configuration([tmp_path / "scrapyd.conf"], {})
    assert "\n" not in str(caught.value)


# --- The daemon -------------------------------------------------------------------------------


@pytest.fixture
def daemon():
    """Return what starts a server that answers every question with one status."""
    servers = []

    def start(status):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                assert "Authorization" not in self.headers
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return Exposure(port=server.server_port, username="me", password=GOOD)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "health"), [(200, Health.FAIL), (401, Health.OK), (500, Health.WARN)]
)
def test_a_daemon_is_judged_by_what_it_answers_without_a_password(daemon, status, health):
    [finding] = scrapyd.look_at_daemon(daemon(status))
    assert finding.health is health


def test_where_no_daemon_runs_nothing_is_wrong(daemon):
    [finding] = scrapyd.look_at_daemon(Exposure(port=1))
    assert finding.health is Health.OK


def test_other_machines_are_not_asked(monkeypatch):
    monkeypatch.setattr(scrapyd, "ask", lambda *_: pytest.fail("asked"))
    [finding] = scrapyd.look_at_daemon(Exposure(address="192.0.2.1"))
    assert finding.health is Health.WARN
