"""What is known of how wrong a dataset is, in the words of its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_STRATA = 20


def spot_check_rows(check: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a spot check found, as name and text. What is no spot check of ours is shown."""
    if "strata" not in check:
        yield from ((name, str(value)) for name, value in sorted(check.items()))
        return
    by = f", drawn by {', '.join(check['by'])}" if check["by"] else ""
    yield "sample", f"{check['answered']:,} of {check['of']:,} images{by}"
    yield "something wrong", in_words(check["wrong"])
    yield "does not belong there", in_words(check["dropped"])
    for name, numbers in check["labels"].items():
        yield f"wrong {name}", in_words(numbers)
    strata = sorted(check["strata"], key=lambda of: (-of["of"], of["stratum"]))
    for of in strata[:MOST_STRATA] if len(strata) > 1 else ():
        yield f"of {of['stratum']}, {of['answered']:,} of {of['of']:,}", in_words(of)


def baseline_rows(lessons: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield, for each label, how well a linear head has learnt it: the cells of a row."""
    for label, found in lessons.items():
        name, test = list(found["parts"].items())[-1]
        yield (
            label,
            found["network"],
            f"{found['classes']:,}",
            f"{found['learnt']:,}",
            f"{test['images']:,} ({name})",
            in_words(test["accuracy"]),
            f"{test['macro_f1']:.3f}",
            f"{test['majority']:.1%}",
            in_words(found["shuffled"]["accuracy"]) + ("" if found["sound"] else ": NOT SOUND"),
        )


def in_words(numbers: Mapping[str, Any]) -> str:
    """Return a share with its margin."""
    share, low, high = numbers["share"], numbers["low"], numbers["high"]
    return f"{share:.1%} (95 %: {low:.1%} to {high:.1%})"
