"""What every command that needs no crawl does alike."""

import argparse

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from carsets.catalog.catalog import Catalog
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand
from carsets.problems import UserError


@pytest.fixture
def ask(tmp_path):
    """Return a function that runs a command which does one thing; it returns the command."""

    def run(thing, when_stopped=""):
        class Asked(PlainCommand):
            def short_desc(self):
                return "Do one thing"

            def answer(self, args, opts):
                thing(self)

        command = Asked()
        command.when_stopped = when_stopped
        command.settings = Settings({"DATA_DIR": str(tmp_path)})
        command.run([], argparse.Namespace())
        return command

    return run


def raising(problem):
    def thing(command):
        raise problem

    return thing


def test_a_problem_of_the_users_is_one_line_and_its_exit_code(ask, capsys):
    assert ask(raising(UserError("mend\nit", ExitCode.STORE_FAILED))).exitcode == 5
    assert capsys.readouterr() == ("", "carsets: mend it\n")


def test_a_problem_tells_no_secret_and_moves_no_cursor(ask, capsys):
    ask(raising(UserError("postgresql://ann:hunter22@db/cars\x1b[2J")))
    assert capsys.readouterr().err == "carsets: postgresql://ann:[redacted]@db/cars\\x1b[2J\n"


def test_a_fault_of_carsets_is_no_problem_of_the_users(ask):
    with pytest.raises(ZeroDivisionError):
        ask(lambda command: 1 / 0)


def test_what_was_stopped_says_how_to_go_on(ask, capsys):
    assert ask(raising(KeyboardInterrupt()), when_stopped="give it again").exitcode == 4
    assert capsys.readouterr().err == "carsets: give it again\n"


def test_a_stop_that_nothing_is_to_be_said_of_is_not_swallowed(ask):
    with pytest.raises(KeyboardInterrupt):
        ask(raising(KeyboardInterrupt()))


def test_arguments_are_refused_by_the_commands_name(ask):
    with pytest.raises(UsageError, match=r"scrapy test_plain_command takes options only"):
        ask(lambda command: command.refuse_arguments(["more"]))
    ask(lambda command: command.refuse_arguments([]))


def test_a_catalog_is_never_made_by_asking(ask, tmp_path, capsys):
    def thing(command):
        with command.open_catalog():
            pass

    assert ask(thing).exitcode == 5
    assert str(tmp_path) in capsys.readouterr().err
    assert not (tmp_path / "catalog.sqlite").exists()


def test_the_catalog_is_closed_whatever_happens(ask, tmp_path, monkeypatch):
    Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}").close()
    closed = []
    close = Catalog.close
    monkeypatch.setattr(Catalog, "close", lambda self: (closed.append(self), close(self)))

    def thing(command):
        with command.open_catalog():
            raise UserError("no")

    ask(thing)
    assert len(closed) == 1
