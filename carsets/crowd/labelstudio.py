"""Label Studio: tasks with one question each, and the annotations that it exports as JSON."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from carsets.crowd.majority import Answer
from carsets.crowd.questions import read_asked
from carsets.exports.image_facts import ascii_json
from carsets.exports.labelstudio import AT_ONCE, CONFIG, plain
from carsets.problems import UserError
from carsets.review.decisions import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from carsets.crowd.choosing import Task

CONTROL = "answer"
HOW = (
    "Make a project with label_config.xml, import the tasks files, and let several people answer "
    "each (Settings, Quality, or one account each). Export as JSON, and give the file to "
    "`scrapy tasks import labelstudio project.json`. Images of --images local are served by Label "
    "Studio itself: LOCAL_FILES_SERVING_ENABLED=true, LOCAL_FILES_DOCUMENT_ROOT = the folder that "
    "holds the image store."
)


def files_of(tasks: Sequence[Task]) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield the names of the files of a project, and their texts in parts."""
    for number, start in enumerate(range(0, len(tasks), AT_ONCE)):
        yield f"tasks-{number:06}.json", _array(tasks[start : start + AT_ONCE])
    yield CONFIG, iter((_config(tasks[0].asked.answers),))


def _array(tasks: Sequence[Task]) -> Iterator[str]:
    for place, task in enumerate(tasks):
        data = {"image": task.image, "text": plain(task.asked.text), **task.asked.cells()}
        yield ("[\n" if not place else ",\n") + ascii_json({"data": data})
    yield "\n]\n"


def _config(answers: Sequence[str]) -> str:
    choices = "\n".join(f"    <Choice value={quoteattr(plain(one))}/>" for one in answers)
    return f"""\
<View>
  <Header value="$text"/>
  <Image name="image" value="$image"/>
  <Choices name="{CONTROL}" toName="image" choice="single" required="true">
{choices}
  </Choices>
</View>
"""


# --- Answers ------------------------------------------------------------------------------------


def read_answers(path: Path, name_of: Callable[[str], str]) -> Iterator[Answer]:
    """Yield the answers of an export that were not cancelled, and are not empty.

    ``name_of`` makes pseudonyms of annotators. Raises UserError, with the number of the task.
    """
    try:
        tasks = json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path} is not JSON; nothing was taken") from None
    if not isinstance(tasks, list):
        raise UserError(f"{path}: expected a list of tasks; export as JSON; nothing was taken")
    for number, task in enumerate(tasks, 1):
        try:
            yield from _answers(task, number, name_of)
        except BadRequest as problem:
            raise UserError(f"{path}, task {number}: {problem}; nothing was taken") from None


def _answers(task: Any, number: int, name_of: Callable[[str], str]) -> Iterator[Answer]:
    match task:
        case {"data": dict(data), "annotations": list(annotations)}:
            asked = read_asked(data)
        case _:
            raise BadRequest("no data or no annotations: export as JSON, not as JSON-MIN")
    for annotation in annotations:
        if not isinstance(annotation, dict):
            raise BadRequest("an annotation is no object")
        if annotation.get("was_cancelled"):
            continue
        who = _who(annotation.get("completed_by"))
        answers = [answer for one in _results(annotation) if (answer := _answer(one))]
        if len(answers) > 1:
            raise BadRequest("two answers to one question")
        for answer in answers:
            known = {plain(one): one for one in asked.answers}
            if answer not in known:
                raise BadRequest(f"{answer[:40]!r} answers no {asked.question} question")
            yield Answer(asked, name_of(who), known[answer], number)


def _results(annotation: dict[str, Any]) -> list[Any]:
    results = annotation.get("result")
    if not isinstance(results, list):
        raise BadRequest("an annotation without result")
    return list(islice(results, 100))


def _answer(result: Any) -> str:
    match result:
        case {"from_name": "answer", "type": "choices", "value": {"choices": list(choices)}}:
            if len(choices) > 1 or not all(isinstance(one, str) for one in choices):
                raise BadRequest("two answers to one question")
            return choices[0] if choices else ""
        case {"from_name": str()}:
            return ""  # of another control, which somebody has added
    raise BadRequest("a result without from_name")


def _who(completed_by: Any) -> str:
    """Return who it was: a number, or an object with one, as versions differ."""
    match completed_by:
        case bool():
            pass
        case int() | str():
            return str(completed_by)
        case {"id": int(number)}:
            return str(number)
        case {"email": str(email)}:
            return email
    raise BadRequest("an annotation without completed_by")
