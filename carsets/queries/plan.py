"""A query, and the plan of a run: the product of its lists, made one query at a time."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING

from carsets.queries.vehicle_rows import Vehicle
from carsets.queries.vehicles import merge
from carsets.queries.vocabulary import bodies, color_named, colors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carsets.queries.template import Template

DEFAULT_PER_QUERY = 100  # images; as many as source 1 asked of one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Words to ask a source, and the labels that they stand for.

    ``labels`` holds ``make``, ``model``, ``color``, ``body`` and ``year``, and of these only what
    the words say. ``word`` is the entry of the list of extra words; it is not a label.
    """

    text: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    word: str = ""

    @property
    def query_id(self) -> str:
        """Return 12 hex digits, the same on every machine and in every run."""
        facts = json.dumps([self.text, sorted(self.labels.items())])
        return hashlib.sha256(facts.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a query is about: a vehicle (or only its make, or none), a body style, a year."""

    make: str = ""
    model: str = ""
    body: str = ""
    year: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The queries of a run, in a stable order, and how much they may bring."""

    template: Template
    vehicles: tuple[Vehicle, ...] = ()
    colors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()  # () = those of each vehicle
    years: tuple[int, ...] = ()  # () = those of each vehicle
    languages: tuple[str, ...] = ()  # () = colors as the user writes them, bodies in English
    synonyms: bool = False  # every name of a color and body style, not only the usual one
    noun: bool = False  # say "car" where no word and no body style says what is meant
    fixed: tuple[Query, ...] = ()  # free queries, instead of a product
    per_query: int = DEFAULT_PER_QUERY  # images to ask of one query
    limit: int = 0  # images to keep of the run's queries; 0 = no limit

    def __len__(self) -> int:
        """Return the exact number of queries without making them."""
        spoken: dict[str, int] = {}  # queries about one subject, by its body style
        total = 0
        for subject in self.subjects():
            if subject.body not in spoken:
                spoken[subject.body] = sum(
                    len(self._spoken(color, subject.body)) for color in self.colors or ("",)
                )
            total += spoken[subject.body]
        return total * len(self.words or ("",)) + len(self.fixed)

    def __iter__(self) -> Iterator[Query]:
        yield from self.fixed
        for subject in self.subjects():
            for color, word in product(self.colors or ("",), self.words or ("",)):
                for color_words, body_words, noun in self._spoken(color, subject.body):
                    yield self._query(subject, color, color_words, body_words, word or noun, word)

    def subjects(self) -> Iterator[Subject]:
        """Yield what the queries are about: what is known not to exist is left out."""
        if self.fixed:
            return
        fields = self.template.fields
        for vehicle in self._asked_vehicles():
            vehicle_bodies = self._bodies_of(vehicle)
            vehicle_years = self._years_of(vehicle)
            if vehicle_bodies is None or vehicle_years is None:
                continue
            for body in vehicle_bodies if "body" in fields else ("",):
                for year in vehicle_years if "year" in fields else (0,):
                    yield Subject(vehicle.make, vehicle.model, body, year)

    def _asked_vehicles(self) -> tuple[Vehicle, ...]:
        """Return the vehicles as far as the template names them: two models of one make are one
        subject when only the make is said."""
        if not self.vehicles:
            return (Vehicle(make="", model=""),)
        make, model = "make" in self.template.fields, "model" in self.template.fields
        if make and model:
            return self.vehicles
        return merge(
            replace(one, make=one.make if make else "", model=one.model if model else "")
            for one in self.vehicles
        )

    def _bodies_of(self, vehicle: Vehicle) -> tuple[str, ...] | None:
        """Return the body styles to ask of a vehicle; None when it has none of the wanted."""
        if not self.bodies:
            return vehicle.bodies or ("",)
        if not vehicle.bodies:  # not known: nothing is excluded
            return self.bodies
        return tuple(body for body in self.bodies if body in vehicle.bodies) or None

    def _years_of(self, vehicle: Vehicle) -> tuple[int, ...] | None:
        """Return the years to ask of a vehicle; None when it was made in none of the wanted."""
        if not self.years:
            return vehicle.all_years() or (0,)
        return tuple(year for year in self.years if vehicle.made_in(year)) or None

    def _spoken(self, color: str, body: str) -> tuple[tuple[str, str, str], ...]:
        """Return the ways to say a color and a body style, and the noun that goes with them.

        One language at a time: a German color does not meet a French body style.
        """
        if "body" not in self.template.fields:
            body = ""
        ways: dict[tuple[str, str, str], None] = {}
        for language in self.languages or ("",):
            color_names = self._color_names(color, language)
            body_names = self._body_names(body, language)
            says_car = self.noun and not body and not self.words
            noun = self._body_names("car", language)[0] if says_car else ""
            ways.update(dict.fromkeys((*both, noun) for both in product(color_names, body_names)))
        return tuple(ways)

    def _color_names(self, color: str, language: str) -> tuple[str, ...]:
        term = colors().get(color_named(color)) if color else None
        if term is None or not (language or self.synonyms):
            return (color,)
        names = term.names[language or "en"]
        return names if self.synonyms else names[:1]

    def _body_names(self, body: str, language: str) -> tuple[str, ...]:
        if not body:
            return ("",)
        names = bodies()[body].names[language or "en"]
        return names if self.synonyms else names[:1]

    def _query(
        self,
        subject: Subject,
        color: str,
        color_words: str,
        body_words: str,
        word: str,
        listed: str,
    ) -> Query:
        year = str(subject.year or "")
        said = {
            "color": color_words,
            "make": subject.make,
            "model": subject.model,
            "body": body_words,
            "year": year,
            "word": word,
        }
        labels = {
            "make": subject.make,
            "model": subject.model,
            "color": color_named(color) if color else "",
            "body": subject.body,
            "year": year,
        }
        stands_for = {
            name: value for name, value in labels.items() if value and name in self.template.fields
        }
        return Query(text=self.template.fill(said), labels=stands_for, word=listed)
