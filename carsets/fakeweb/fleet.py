"""The vehicles that the built-in web has pictures of, and how it understands a search for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from carsets.fakeweb.scene import BODIES, COLORS
from carsets.queries.vocabulary import body_named, color_named


@dataclass(frozen=True, slots=True)
class Model:
    """One make and model."""

    make: str
    model: str
    body: str
    first: int  # years of production
    last: int


FLEET: tuple[Model, ...] = tuple(
    Model(make, model, body, first, last)
    for make, model, body, first, last in (
        ("Volkswagen", "Passat", "wagon", 1973, 2023),
        ("Ford", "Focus", "hatchback", 1998, 2024),
        ("Toyota", "Corolla", "sedan", 1966, 2024),
        ("Mitsubishi", "Lancer", "sedan", 1973, 2017),
        ("Ford", "Mustang", "coupe", 1964, 2024),
        ("Chevrolet", "El Camino", "pickup", 1959, 1987),
        ("Volkswagen", "Golf", "hatchback", 1974, 2024),
        ("Mazda", "MX-5", "convertible", 1989, 2024),
        ("Jeep", "Wrangler", "suv", 1986, 2024),
        ("Ford", "F-150", "pickup", 1975, 2024),
        ("Mercedes-Benz", "Sprinter", "van", 1995, 2024),
        ("Honda", "Odyssey", "minivan", 1994, 2024),
        ("Scania", "R-series", "truck", 2004, 2024),
        ("Honda", "Civic", "sedan", 1972, 2024),
        ("BMW", "3 Series", "sedan", 1975, 2024),
        ("Audi", "A4", "wagon", 1994, 2024),
        ("Porsche", "911", "coupe", 1964, 2024),
        ("Toyota", "RAV4", "suv", 1994, 2024),
        ("Chrysler", "Voyager", "minivan", 1987, 2016),
        ("Fiat", "500", "hatchback", 1957, 2024),
        ("Renault", "Kangoo", "van", 1997, 2024),
        ("Volvo", "FH", "truck", 1993, 2024),
        ("Opel", "Astra", "hatchback", 1991, 2024),
        ("Nissan", "Skyline", "coupe", 1957, 2024),
        ("Chevrolet", "Corvette", "coupe", 1953, 2024),
        ("Subaru", "Outback", "wagon", 1994, 2024),
        ("Kia", "Sportage", "suv", 1993, 2024),
        ("Hyundai", "Elantra", "sedan", 1990, 2024),
        ("Citroën", "Berlingo", "van", 1996, 2024),
        ("Škoda", "Octavia", "wagon", 1996, 2024),
    )
)
COLOR_NAMES = tuple(COLORS)
COMBINATIONS = len(FLEET) * len(COLOR_NAMES)  # of a vehicle and a color
_GENERIC = re.compile(r"\b(cars?|vehicles?|automobiles?|autos?|voitures?|coches?)\b")


def combination(index: int) -> tuple[Model, str]:
    """Return the vehicle and the color behind a number below COMBINATIONS."""
    return FLEET[index // len(COLOR_NAMES)], COLOR_NAMES[index % len(COLOR_NAMES)]


@cache
def matching(text: str) -> tuple[int, ...]:
    """Return the combinations that a search for these words means; none when nothing is known."""
    words = text.casefold()
    tokens = re.findall(r"\w+", words)
    colors = {color_named(token) for token in tokens} & set(COLOR_NAMES)
    bodies = {body_named(token) for token in tokens} & set(BODIES)
    named = [model for model in FLEET if _contains(words, f"{model.make} {model.model}")]
    makes = named or [model for model in FLEET if _contains(words, model.make)]
    known = makes or colors or bodies or _GENERIC.search(words)
    if not known:
        return ()
    # A body style narrows down a make; a named model has the style that it has.
    models = [model for model in makes or FLEET if named or not bodies or model.body in bodies]
    return tuple(
        FLEET.index(model) * len(COLOR_NAMES) + number
        for model in models
        for number, color in enumerate(COLOR_NAMES)
        if not colors or color in colors
    )


def _contains(words: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", words) is not None
