"""Every engine that tells totals, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.counting.baidu import BAIDU
from carsets.counting.bing import BING
from carsets.counting.flickr import FLICKR
from carsets.counting.google import GOOGLE
from carsets.counting.openverse import OPENVERSE
from carsets.counting.yandex import YANDEX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.counting.engine import Engine

ENGINES: Mapping[str, Engine] = {
    engine.name: engine for engine in (FLICKR, OPENVERSE, BING, GOOGLE, BAIDU, YANDEX)
}
