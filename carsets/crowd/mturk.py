"""Mechanical Turk: a table of questions for its page for requesters, and its table of answers.

The table of a batch has one question a row; the template shows it. Its results come as CSV with
``Input.`` before the names of our columns and ``Answer.`` before those of the form.

Columns: https://docs.aws.amazon.com/AWSMechTurk/latest/RequesterUI/ManagingResults.html
"""

from __future__ import annotations

import csv
import html
import json
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from carsets.crowd.majority import Answer
from carsets.crowd.questions import COLUMNS, read_asked
from carsets.exports.comma_separated import row
from carsets.exports.spreadsheet import defused, exact
from carsets.problems import UserError
from carsets.review.decisions import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from carsets.crowd.choosing import Task

TABLE, TEMPLATE = "tasks.csv", "template.html"
HEADER = ("image_url", "text", *COLUMNS)
NEEDED = ("AssignmentId", "WorkerId", "AssignmentStatus", *(f"Input.{name}" for name in COLUMNS))
STATUSES = {"Submitted", "Approved", "Rejected"}
IN_ADDRESSES = "%/:?&=#+,;@~!$*()[]"  # and letters, digits, - . _; all else is percent-encoded
LARGEST_CELL = 1 << 20  # characters
HOW = (
    "Make a project from template.html ({text}, {image_url} and so on are filled in from the "
    "table), publish a batch with tasks.csv, and give the batch's results to "
    "`scrapy tasks import mturk Batch_results.csv`."
)


def files_of(tasks: Sequence[Task]) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield the names of the files of a batch, and their texts in parts."""
    yield TABLE, chain((row(HEADER, "\r\n"),), map(_row, tasks))
    yield TEMPLATE, iter((_template(tasks[0].asked.answers),))


def _row(task: Task) -> str:
    """Return a row. Its first two cells become part of a page, and so are no markup."""
    address, text = quote(task.image, safe=IN_ADDRESSES), html.escape(task.asked.text)
    cells = (address, text, *task.asked.cells().values())
    return row(map(defused, cells), "\r\n")


def _template(answers: Sequence[str]) -> str:
    """Return the form. It loads nothing but the image: no script, no style of anybody."""
    choices = "\n".join(
        '  <p><label><input type="radio" name="answer" required '
        f'value="{html.escape(answer)}"> {html.escape(answer)}</label></p>'
        for answer in answers
    )
    return f"""\
<section style="font: 18px/1.5 sans-serif; margin: 1em auto; max-width: 50em">
  <h3>${{text}}</h3>
  <p><img src="${{image_url}}" alt="The picture did not load: choose the last answer"
    referrerpolicy="no-referrer" style="max-height: 70vh; max-width: 100%"></p>
{choices}
</section>
"""


# --- Answers ------------------------------------------------------------------------------------


def read_answers(path: Path, name_of: Callable[[str], str]) -> Iterator[Answer]:
    """Yield the answers of a table of results that were not rejected, and are not empty.

    ``name_of`` makes pseudonyms of workers. Raises UserError, with the number of the line.
    """
    csv.field_size_limit(LARGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            try:
                yield from _answers(reader, name_of)
            except (csv.Error, BadRequest) as problem:
                where = f"{path}, line {reader.line_num}"
                raise UserError(f"{where}: {problem}; nothing was taken") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8; nothing was taken") from None


def _answers(reader: csv.DictReader[str], name_of: Callable[[str], str]) -> Iterator[Answer]:
    header = reader.fieldnames or []
    missing = [name for name in NEEDED if name not in header]
    if not any(name.startswith("Answer.") for name in header):
        missing.append("Answer.answer")
    if missing:
        raise BadRequest(f"no results of a batch of ours: {', '.join(missing)} is missing")
    seen: set[str] = set()
    for cells in reader:
        if None in cells or None in cells.values():
            raise BadRequest("it has not as many cells as the header")
        status, assignment = cells["AssignmentStatus"], cells["AssignmentId"]
        if status not in STATUSES:
            raise BadRequest(f"AssignmentStatus {status[:40]!r} is none that is known")
        if not assignment or not cells["WorkerId"]:
            raise BadRequest("AssignmentId or WorkerId is missing")
        if assignment in seen:
            raise BadRequest(f"assignment {assignment[:40]!r} stands there twice")
        seen.add(assignment)
        asked = read_asked({name: exact(cells[f"Input.{name}"]) for name in COLUMNS})
        answer = read_answer(cells)
        if answer and answer not in asked.answers:
            raise BadRequest(f"{answer[:40]!r} answers no {asked.question} question")
        if answer and status != "Rejected":
            yield Answer(asked, name_of(cells["WorkerId"]), answer, reader.line_num)


def read_answer(cells: Mapping[str, str]) -> str:
    """Return what somebody chose, in each of the shapes that Mechanical Turk's forms give; ""."""
    if text := cells.get("Answer.answer", ""):
        return exact(text)
    if tasks := cells.get("Answer.taskAnswers", ""):
        return _chosen(_json(tasks))
    flat = {
        name.removeprefix("Answer.answer."): value
        for name, value in cells.items()
        if name.startswith("Answer.answer.")
    }
    return _chosen([{"answer": {name: value == "true" for name, value in flat.items()}}])


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest("Answer.taskAnswers is not JSON") from None


def _chosen(said: Any) -> str:
    match said:
        case [{"answer": str(answer)}]:
            return answer
        case [{"answer": dict(values)}]:
            chosen = [name for name, value in values.items() if value is True]
            if len(chosen) > 1:
                raise BadRequest("two answers to one question")
            return str(chosen[0]) if chosen else ""
    raise BadRequest("Answer.taskAnswers holds no answer of ours")
