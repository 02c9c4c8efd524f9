"""The settings under which the commands of docs/ are run: carsets' own, and the built-in web."""

import os

from carsets.settings import *  # noqa: F403

FAKEWEB_PORT = int(os.environ["FAKEWEB_PORT"])
CAR_DETECTION_MODEL = "builtin"  # needs no download
INSPECTION_WORKERS = 1
