"""One of several processes that offer copies of the same pictures to one catalog at once.

Run as ``python hammer.py CATALOG_URL NUMBER CLUSTERS COPIES``: prints what became of each copy.
"""

import json
import random
import sys
import time
from hashlib import md5, sha256

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import Batch, ImageRow, RunRow, SightingRow
from carsets.outcomes import Outcome

RADIUS = 6


def copy_of(cluster: int, process: int, copy: int, run_id: str) -> ImageRow:
    """A copy: other bytes, a few bits of the pHash apart, of a size of its own."""
    name = f"{cluster}/{process}/{copy}".encode()
    digest = sha256(name).hexdigest()
    looks = int(sha256(f"looks {cluster}".encode()).hexdigest()[:16], 16)
    return ImageRow(
        sha256=digest,
        md5=md5(name).hexdigest(),
        pixel_hash=digest[16:32],
        phash=looks ^ (1 << random.Random(name).randrange(64)),
        dhash=0,
        verdict="keep",
        width=100 + 10 * copy + process,
        height=100,
        bytes=1_000,
        path=digest,
        run_id=run_id,
    )


def main(url: str, process: int, clusters: int, copies: int) -> None:
    catalog = Catalog.open(url)
    run_id = f"run{process}"
    catalog.start_run(RunRow(run_id=run_id, source="test", started_at=""))
    order = [(cluster, copy) for cluster in range(clusters) for copy in range(copies)]
    random.Random(process).shuffle(order)
    told = {}
    for cluster, copy in order:
        image = copy_of(cluster, process, copy, run_id)
        sighting = SightingRow(
            source="test",
            query_id="q",
            url=f"https://a.test/{image.sha256}",
            outcome=Outcome.STORED,
            run_id=run_id,
        )

        def match(batch, looks=image.phash):
            near = [(int(p) ^ looks).bit_count() <= RADIUS for p in batch.phash]
            return [int(seq) for seq, is_near in zip(batch.seq, near, strict=True) if is_near]

        admission = catalog.admit(image, sighting=sighting, match=match)
        told[image.sha256] = admission.kind
        if admission.kind != "stored":
            row = SightingRow(
                source="test",
                query_id="q",
                url=sighting.url,
                outcome=admission.outcome,
                image_id=admission.image_id,
                run_id=run_id,
            )
            catalog.write(Batch(sightings=[row]))
        time.sleep(0)
    catalog.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
