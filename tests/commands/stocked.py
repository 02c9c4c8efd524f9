"""A small dataset of real pictures, as a crawl leaves it, made without one."""

from dataclasses import replace
from hashlib import sha256
from io import BytesIO

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import ImageRow, RunRow, SightingRow
from carsets.fakeweb.drawing import draw_scene
from carsets.outcomes import Outcome
from carsets.vision.inspection import Limits, inspect


def picture(number, quality=85, size=(400, 300)):
    """Return a JPEG of a drawn car."""
    out = BytesIO()
    draw_scene(number, kind="vehicle", size=size).save(out, "JPEG", quality=quality)
    return out.getvalue()


def stock(data, images):
    """Fill a dataset: for each name the bytes, and what is said of them. Returns the ids."""
    catalog = Catalog.open(f"sqlite:///{data / 'catalog.sqlite'}")
    catalog.start_run(RunRow(run_id="run1", source="flickr", started_at="2026-01-01T00:00:00"))
    ids = {}
    for name, (body, said) in images.items():
        seen = inspect(body, Limits(small=False))
        digest = sha256(body).hexdigest()
        path = f"{digest[:2]}/{digest[2:4]}/{digest}.jpg"
        place = data / "images" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        sighting = SightingRow(
            source="flickr",
            query_id="q",
            url=f"https://photos.test/{name}.jpg",
            outcome=Outcome.STORED,
            run_id="run1",
        )
        row = ImageRow(
            sha256=digest,
            md5=seen.md5,
            pixel_hash=seen.pixel_hash,
            phash=seen.phash,
            dhash=seen.dhash,
            verdict="keep",
            path=path,
            bytes=len(body),
            width=seen.width,
            height=seen.height,
            fetched_at=said.pop("fetched_at", "2026-01-01T00:00:00+00:00"),
            license=said.get("license", "unknown"),
            run_id="run1",
        )
        ids[name] = catalog.admit(row, sighting=replace(sighting, **said)).image_id
    catalog.close()
    return ids
