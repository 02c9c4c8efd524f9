"""From lists of vehicles, colors and words to queries: what ``-a`` arguments say becomes a plan.

Numbers come from splitting queries (by color, year, body style, language), never from scrolling
through one.
"""

from __future__ import annotations

import inspect
import re

from carsets.queries.lists import BUILTIN, QueryError, load_colors, load_words, tidy
from carsets.queries.plan import DEFAULT_PER_QUERY, Plan, Query
from carsets.queries.template import Template
from carsets.queries.vehicle_rows import NEWEST_YEAR, OLDEST_YEAR, Vehicle
from carsets.queries.vehicles import choose_vehicles
from carsets.queries.vocabulary import LANGUAGES, bodies, body_named, color_named

__all__ = ["PLAN_ARGUMENTS", "Plan", "Query", "QueryError", "Vehicle", "build_plan"]


# What each list fills in; a template must have room for what is given.
FILLS = {
    "colors": ("color",),
    "vehicles": ("make", "model", "body", "year"),
    "years": ("year",),
    "bodies": ("body",),
    "words": ("word",),
}


def build_plan(
    *,
    vehicles: str = "",
    makes: str = "",
    exclude: str = "",
    colors: str = "",
    bodies: str = "",
    years: str = "",
    words: str = "",
    languages: str = "",
    synonyms: str = "",
    template: str = "",
    query: str = "",
    per_query: str = "",
    limit: str = "",
) -> Plan:
    """Return the plan that arguments ask for; all are strings as ``-a`` gives them, "" = not given.

    ``vehicles``  ``all``, a list file, or ``Ford Focus,VW Passat``
    ``makes``     of these vehicles, only those of the makes
    ``exclude``   not these: makes or ``make model``; a list file or words
    ``colors``    ``all`` (the ten most frequent), a list file, or words
    ``bodies``    ``all`` (those of each vehicle), a list file, or words; split by them, or, where
                  the template has no ``{body}``, only vehicles that have one of them
    ``years``     ``all`` (those of each vehicle) or ``1998,2004-2007``; likewise
    ``words``     a list file, or words
    ``languages`` say colors and body styles in these: ``en,de,fr`` or ``all``
    ``synonyms``  ``yes``: every name of a color and body style (estate, station wagon ...)
    ``template``  the wording; placeholders: color, make, model, body, year, word, in braces
    ``query``     one free query, instead of all of the above
    ``per_query`` images to ask of one query; 100 when not given
    ``limit``     images to keep in the whole run; not given or 0 = no limit

    Raises QueryError, one line for the user.
    """
    each = _whole_number("per_query", per_query, DEFAULT_PER_QUERY, least=1)
    most = _whole_number("limit", limit, 0, least=0)
    if query.strip():
        others = (vehicles, makes, exclude, colors, bodies, years, words, languages, synonyms)
        if any(map(str.strip, (*others, template))):
            raise QueryError("query= is a whole query: it goes with per_query and limit alone")
        free = Query(text=tidy(query))
        return Plan(template=Template(""), fixed=(free,), per_query=each, limit=most)
    lists = zip(FILLS, (colors, vehicles, years, bodies, words), strict=True)
    given = {name for name, value in lists if value.strip()}
    if (makes.strip() or exclude.strip()) and "vehicles" not in given:
        raise QueryError("makes= and exclude= choose among vehicles: give vehicles=all too")
    if not given:
        raise QueryError('nothing to ask: give -a query="red Ford Mustang" or -a vehicles=all')
    wording = _template(template, given)
    spoken = _languages(languages)
    every_name = _yes("synonyms", synonyms)
    plan = Plan(
        template=wording,
        vehicles=choose_vehicles(vehicles, makes, exclude),
        colors=_colors(colors, bool(spoken or every_name)),
        words=load_words(words, "words") if "words" in given else (),
        bodies=_bodies(bodies, "vehicles" in given),
        years=_years(years, "vehicles" in given),
        languages=spoken,
        synonyms=every_name,
        noun=not template.strip() and "words" not in given,
        per_query=each,
        limit=most,
    )
    if not len(plan):
        raise QueryError("nothing to ask: no vehicle of the list has such a body style and year")
    return plan


PLAN_ARGUMENTS = tuple(inspect.signature(build_plan).parameters)


def _template(text: str, given: set[str]) -> Template:
    """Return the wording: the user's, which must say what was given, or one that does."""
    if not text.strip():
        parts = {"colors": "{color}", "vehicles": "{make} {model}", "years": "{year}",
                 "bodies": "{body}"}  # fmt: skip
        said = [part for name, part in parts.items() if name in given]
        return Template(" ".join([*said, "{word}"]))
    template = Template(text)
    if not template.fields:
        raise QueryError(f"template={text}: no placeholder in it; for a free query give query=")
    filters = {"bodies", "years"} if "vehicles" in given else set()
    for name, placeholders in FILLS.items():
        if name in given - filters and not template.fields & set(placeholders):
            raise QueryError(f"template={text}: {name} are given, but nothing in it says them")
    return template


def _colors(value: str, translated: bool) -> tuple[str, ...]:
    """Return the colors as the user writes them, or, if they are to be said in other ways, each
    color once."""
    if not value.strip():
        return ()
    words = load_colors(value)
    return tuple(dict.fromkeys(map(color_named, words))) if translated else words


def _bodies(value: str, with_vehicles: bool) -> tuple[str, ...]:
    """Return the body styles to ask for; none stands for those of each vehicle."""
    if not value.strip():
        return ()
    if value.strip().lower() in BUILTIN:
        return () if with_vehicles else tuple(bodies())
    found: dict[str, None] = {}
    for word in load_words(value, "bodies"):
        body = body_named(word)
        if body is None:
            raise QueryError(f"bodies: {word!r} is none of: {', '.join(bodies())}")
        found[body] = None
    return tuple(found)


def _years(value: str, with_vehicles: bool) -> tuple[int, ...]:
    """Return the years to ask for; none stands for those of each vehicle."""
    text = value.strip().lower()
    if not text or (text in BUILTIN and with_vehicles):
        return ()
    found: set[int] = set()
    for part in re.split(r"[,;\s]+", re.sub(r"\s*[-–]\s*", "-", text)):
        span = re.fullmatch(r"([0-9]{4})(?:-([0-9]{4}))?", part)
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not OLDEST_YEAR <= first <= last <= NEWEST_YEAR + 2:
            raise QueryError(
                f"years={value}: expected years like 1998 or 2004-2007, found {part!r}"
            )
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def _languages(value: str) -> tuple[str, ...]:
    text = value.strip().lower()
    if text in BUILTIN:
        return LANGUAGES
    chosen = tuple(dict.fromkeys(filter(None, re.split(r"[,;\s]+", text))))
    for language in chosen:
        if language not in LANGUAGES:
            raise QueryError(f"languages: {language!r} is none of: {', '.join(LANGUAGES)}")
    return chosen


def _yes(name: str, value: str) -> bool:
    text = value.strip().lower()
    if text not in {"", "yes", "no", "1", "0", "true", "false"}:
        raise QueryError(f"{name}={value}: expected yes or no")
    return text in {"yes", "1", "true"}


def _whole_number(name: str, value: str, default: int, least: int) -> int:
    text = str(value).strip()
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) < least:
        raise QueryError(f"{name}={value}: expected a whole number of at least {least}")
    return int(text)
