"""What the ``CAR_DETECTION_...`` settings say, whether they come as values or as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsets.vision.detection import DetectionSettingsError, Rule
from carsets.vision.detector_engine import BatchPlan
from carsets.vision.labels import DEFAULT_LABELS
from carsets.vision.model_files import ModelSpec
from carsets.vision.pooling import POOLINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def read_settings(settings: Mapping[str, Any]) -> tuple[ModelSpec, Rule, BatchPlan]:
    """Return what the ``CAR_DETECTION_...`` settings say; raises ValueError for a wrong one."""
    fetch = settings.get("CAR_DETECTION_FETCH", True)
    spec = ModelSpec(
        model=str(settings.get("CAR_DETECTION_MODEL") or "ResNet50"),
        weights=str(settings.get("CAR_DETECTION_WEIGHTS") or ""),
        sha256=str(settings.get("CAR_DETECTION_WEIGHTS_SHA256") or ""),
        fetch=str(fetch).lower() in ("1", "true", "yes", "on"),
        threads=int(_number(settings, "CAR_DETECTION_THREADS", 0)),
        pooling=_pooling(settings),
    )
    rule = Rule(
        name=str(settings.get("CAR_DETECTION_RULE") or "group"),
        keep=_number(settings, "CAR_DETECTION_KEEP", Rule().keep),
        review=_number(settings, "CAR_DETECTION_REVIEW", Rule().review),
    )
    plan = BatchPlan(
        size=int(_number(settings, "CAR_DETECTION_BATCH_SIZE", BatchPlan().size)),
        max_wait=_number(settings, "CAR_DETECTION_MAX_WAIT", BatchPlan().max_wait),
    )
    return spec, rule, plan


def read_labels(settings: Mapping[str, Any]) -> list[str]:
    """Return the entries of ``CAR_DETECTION_LABELS``: a list, or text with commas."""
    value: str | Collection[str] = settings.get("CAR_DETECTION_LABELS") or DEFAULT_LABELS
    entries = value.split(",") if isinstance(value, str) else value
    return [entry.strip() for entry in entries if entry.strip()]


def _pooling(settings: Mapping[str, Any]) -> str:
    value = str(settings.get("CAR_DETECTION_POOLING") or POOLINGS[0])
    if value not in POOLINGS:
        raise DetectionSettingsError(
            f"CAR_DETECTION_POOLING={value}: expected {', '.join(POOLINGS)}"
        )
    return value


def _number(settings: Mapping[str, Any], name: str, default: float) -> float:
    value = settings.get(name)
    try:
        return float(default if value is None or value == "" else value)
    except (TypeError, ValueError):
        raise DetectionSettingsError(f"{name} must be a number, not {value!r}") from None
