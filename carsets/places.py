"""Where the parts of a dataset lie, from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

PATHS = ("DATA_DIR", "IMAGES_STORE", "RECEIPTS_DIR", "PAGES_DIR")


@dataclass(frozen=True, slots=True)
class Places:
    """The absolute places of one dataset."""

    data_dir: Path
    catalog_url: str  # SQLAlchemy URL
    images_store: str  # path, or s3:// or gs:// address
    receipts_dir: Path
    pages_dir: Path

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Read DATA_DIR and the settings that move a part of it elsewhere."""
        data_dir = Path(settings["DATA_DIR"]).expanduser().absolute()

        def place(name: str, inside: str) -> Path:
            given = settings.get(name)
            return Path(given).expanduser().absolute() if given else data_dir / inside

        store = str(settings.get("IMAGES_STORE") or data_dir / "images")
        if "://" not in store:
            store = str(Path(store).expanduser().absolute())
        return cls(
            data_dir=data_dir,
            catalog_url=settings.get("CATALOG_URL") or f"sqlite:///{data_dir / 'catalog.sqlite'}",
            images_store=store,
            receipts_dir=place("RECEIPTS_DIR", "receipts"),
            pages_dir=place("PAGES_DIR", "pages"),
        )


def refuse_relative(settings: Mapping[str, Any]) -> None:
    """Raise UserError for a path that would be taken from wherever a daemon was started."""
    given = {name: str(settings.get(name) or "") for name in PATHS}
    given["CATALOG_URL"] = str(settings.get("CATALOG_URL") or "").removeprefix("sqlite:///")
    for name, value in given.items():
        if value and "://" not in value and not Path(value).expanduser().is_absolute():
            raise UserError(
                f"{name}={value}: Scrapyd needs an absolute path, for its jobs run where it was "
                "started: -d setting=DATA_DIR=/srv/carsets, or CARSETS_DATA_DIR in its environment"
            )
