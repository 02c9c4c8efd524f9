"""vPIC as the built-in web speaks it, with its trap: makes match by parts of their names."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from carsets.fakeweb.fleet import FLEET, Model

_TYPES = {"car": (2, "Passenger Car"), "truck": (3, "Truck"), "mpv": (7, "MPV")}
_TRUCKS = {"pickup", "truck", "van"}
_OTHERS = ("GULF COAST (MARDIKIAN)", "FORD-LIKE TRAILERS LLC")  # match "kia" and "ford"
_MAKES = re.compile(r"/api/vehicles/GetMakesForVehicleType/([^/]+)")
_MODELS = re.compile(
    r"/api/vehicles/GetModelsForMakeYear/make/([^/]+)(?:/modelyear/(\d+))?/vehicletype/([^/]+)"
)


def vpic_answer(path: str) -> dict[str, Any] | None:
    """Return the answer to a call; None for one that is not spoken here."""
    if makes := _MAKES.fullmatch(path):
        return _makes(unquote(makes[1]))
    if models := _MODELS.fullmatch(path):
        return _models(unquote(models[1]), int(models[2] or 0), unquote(models[3]))
    return None


def _type_of(model: Model) -> str:
    if model.body in _TRUCKS:
        return "truck"
    return "mpv" if model.body in {"suv", "minivan"} else "car"


def _answer(criteria: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Count": len(results),
        "Message": "Response returned successfully",
        "SearchCriteria": criteria,
        "Results": results,
    }


def _makes(kind: str) -> dict[str, Any]:
    number, name = _TYPES.get(kind.lower(), (0, ""))
    names = dict.fromkeys(
        model.make.upper() for model in FLEET if number and _type_of(model) == kind.lower()
    )
    makes = [*names, *_OTHERS] if number else []
    results = [
        {
            "MakeId": 440 + place,
            "MakeName": make,
            "VehicleTypeId": number,
            "VehicleTypeName": name,
        }
        for place, make in enumerate(makes)
    ]
    return _answer(f"Vehicle Type: {kind}", results)


def _models(make: str, year: int, kind: str) -> dict[str, Any]:
    number, name = _TYPES.get(kind.lower(), (0, ""))
    found = [
        (model.make.upper(), model.model)
        for model in FLEET
        if make.casefold() in model.make.casefold()
        and _type_of(model) == kind.lower()
        and (not year or model.first <= year <= model.last)
    ]
    found += [(other, "Custom") for other in _OTHERS if make.casefold() in other.casefold()]
    results = [
        {
            "Make_ID": 440,
            "Make_Name": maker,
            "Model_ID": 1000 + place,
            "Model_Name": model,
            "VehicleTypeId": number,
            "VehicleTypeName": name,
        }
        for place, (maker, model) in enumerate(found)
    ]
    criteria = f"Make:{make} | ModelYear:{year or ''} | VehicleType:{kind}"
    return _answer(criteria, results)
