"""A real Scrapyd on a free port of loopback, with a password."""

import base64
import json
import os
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
USER, PASSWORD = "carsets", "zQ3-of-the-tests-alone"
PATIENCE = 900  # seconds; nothing below depends on how much of them it takes
KEYS = {
    "FLICKR_API_KEY": "0" * 32,
    "GOOGLE_API_KEY": "1" * 39,
    "GOOGLE_CX": "2" * 20,
    "INSTAGRAM_TOKEN": "3" * 40,
    "INSTAGRAM_USER_ID": "17841405309211844",
}
CONFIGURATION = """[scrapyd]
poll_interval = 0.2
eggs_dir = eggs
logs_dir = logs
dbs_dir = dbs
items_dir = items
jobs_to_keep = 100
max_proc = 2
"""


class Scrapyd:
    """A real daemon on a free port of loopback, with a password."""

    def __init__(self, folder, bin_folder, configuration="", **variables):
        self.folder, self.bin = folder, bin_folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "scrapyd.conf").write_text(configuration or CONFIGURATION)
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            **KEYS,
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "SCRAPYD_BIND_ADDRESS": "127.0.0.1",
            "SCRAPYD_HTTP_PORT": str(self.port),
            "SCRAPYD_USERNAME": USER,
            "SCRAPYD_PASSWORD": PASSWORD,
            **variables,
        }
        self.environment = environment
        with (folder / "scrapyd.log").open("wb") as log:
            self.process = subprocess.Popen(
                [bin_folder / "scrapyd"],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait_for(lambda: self.ask("daemonstatus.json").get("status") == "ok")

    def read(self, call, **fields):
        """Return what it answers to one call. Raises URLError."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{call}")
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        data = urllib.parse.urlencode(fields, doseq=True).encode() if fields else None
        with urllib.request.urlopen(request, data, timeout=30) as answer:
            return answer.read()

    def ask(self, call, **fields):
        """Return the JSON of one call; an error of the connection as {}."""
        try:
            return json.loads(self.read(call, **fields))
        except (urllib.error.URLError, ConnectionError):
            return {}

    def schedule(self, spider, settings, **arguments):
        """Let it run a source; return the job."""
        fields = [f"{name}={value}" for name, value in settings.items()]
        answer = self.ask(
            "schedule.json", project="carsets", spider=spider, setting=fields, **arguments
        )
        assert answer.get("status") == "ok", answer
        return answer["jobid"]

    def jobs(self, state):
        """Return the jobs that are pending, running or finished."""
        listed = self.ask("listjobs.json?project=carsets").get(state, [])
        return {job["id"] for job in listed}

    def wait_for_jobs(self, jobs):
        """Wait until they have ended."""
        self.wait_for(lambda: set(jobs) <= self.jobs("finished"))

    def log(self, spider, job):
        """Return the log of a job, as the daemon shows it."""
        return self.read(f"logs/carsets/{spider}/{job}.log").decode()

    def wait_for(self, done):
        """Wait until something is so; fail with the daemon's log when it never is."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if done():
                return
            time.sleep(0.3)
        logs = [path.read_text() for path in self.folder.rglob("*.log")]
        pytest.fail("Scrapyd did not get there:\n" + "\n".join(logs)[-5000:])

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
