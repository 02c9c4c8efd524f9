"""Makes a release and dies over its n-th file, as ``kill -9`` would have it.

python killed_export.py CATALOG_URL STORE DEST FORMAT SIZE N before|after
"""

import os
import signal
import sys
from pathlib import Path

from carsets.catalog.catalog import Catalog
from carsets.release.folder import ReleaseFolder
from carsets.release.journal import Journal
from carsets.release.options import read_options
from carsets.release.progress import ExportProgress
from carsets.release.release import Surroundings, make_release


def main(url, store, destination, name, size, count, when):
    add, done = Journal.add, []

    def die(self, *args):
        done.append(args)
        if len(done) == int(count) and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        add(self, *args)
        if len(done) == int(count):
            os.kill(os.getpid(), signal.SIGKILL)

    if when == "publish":
        ReleaseFolder.publish = lambda self: os.kill(os.getpid(), signal.SIGKILL)
    else:
        Journal.add = die
    options = read_options(
        name, Path(destination), {"split": "80/20", "size": size, "only_allowed": True}
    )
    make_release(
        Catalog.open(url), options, Surroundings(images_store=store, workers=1), ExportProgress(0)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
