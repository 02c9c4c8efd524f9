"""The names of the built-in web: which hosts there are, and which addresses they claim to have."""

from __future__ import annotations

import hashlib
import ipaddress
import socket

CONTROL_HOST = "control.carsets.test"
BING, OPENVERSE, FLICKR = "www.bing.com", "api.openverse.org", "api.flickr.com"
DUCKDUCKGO, ECOSIA = "duckduckgo.com", "www.ecosia.org"
BRAVE, BRAVE_API = "search.brave.com", "api.search.brave.com"
YANDEX, BAIDU = "yandex.com", "image.baidu.com"
BING_THUMBNAILS = tuple(f"tse{number}.mm.bing.net" for number in range(1, 5))
YANDEX_WEB, VPIC = "yandex.ru", "vpic.nhtsa.dot.gov"
FLICKR_IMAGES = "live.staticflickr.com"
COMMONS, COMMONS_FILES = "commons.wikimedia.org", "upload.wikimedia.org"
OPEN_IMAGES_COPIES = "open-images-dataset.s3.amazonaws.com"
PLACEHOLDER_HOST = "s.yimg.com"  # where Flickr keeps the picture for photos that are gone
HOSTILE = "hostile.carsets.test"

IMAGE_HOSTS = tuple(f"photos-{number:02d}.carpix.test" for number in range(24))
COPY_HOSTS = tuple(f"mirror-{number:02d}.copypix.test" for number in range(8))
ROBOTS_HOST = "closed.carpix.test"  # its robots.txt forbids everything
PARTLY_CLOSED_HOST = "partly-closed.carpix.test"  # robots.txt forbids /private/
ROBOTS_5XX_HOST = "robots-5xx.carpix.test"
ROBOTS_SLOW_HOST = "robots-slow.carpix.test"
SLOW_HOST = "slow.carpix.test"
DRIP_HOST = "drip.carpix.test"
DECAYING = "decaying.carpix.test"  # its pictures change when a test says so
GONE_HOSTS = tuple(f"gone-{number}.carpix.test" for number in range(3))  # do not resolve
BULK_HOSTS = tuple(f"bulk-{number:02d}.carpix.test" for number in range(32))

# Names of hostile hosts and the addresses that they lead to.
PRIVATE_NAMES = {
    "intranet.carpix.test": "10.0.0.7",
    "router.carpix.test": "192.168.1.1",
    "metadata.carpix.test": "169.254.169.254",
    "loopback.carpix.test": "127.0.0.1",
    "mapped.carpix.test": "::ffff:127.0.0.1",
    "carrier.carpix.test": "100.64.0.1",
    "azure.carpix.test": "168.63.129.16",
    "oracle.carpix.test": "192.0.0.192",
    "nat64.carpix.test": "64:ff9b::a9fe:a9fe",
    "6to4.carpix.test": "2002:a9fe:a9fe::1",
    "ula.carpix.test": "fd00::1",
}
# URL prefixes that stand for addresses nobody may be sent to, in many spellings.
PRIVATE_PREFIXES = (
    "http://127.0.0.1",
    "http://localhost",
    "http://127.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://0.0.0.0",
    "http://[::1]",
    "http://[::ffff:127.0.0.1]",
    "http://①②⑦.0.0.1",
    "http://10.0.0.7",
    "http://172.16.3.4",
    "http://192.168.1.1",
    "http://169.254.169.254",
    "http://100.64.0.1",
    "http://168.63.129.16",
    "http://[fd00::1]",
    "http://[64:ff9b::a9fe:a9fe]",
    *(f"https://{name}" for name in PRIVATE_NAMES),
)

_KNOWN = frozenset(
    {
        CONTROL_HOST,
        BING,
        "th.bing.com",
        "ts1.mm.bing.net",
        *BING_THUMBNAILS,
        *(DUCKDUCKGO, ECOSIA, BRAVE, BRAVE_API, YANDEX, BAIDU),
        YANDEX_WEB,
        VPIC,
        OPENVERSE,
        "api.openverse.engineering",
        FLICKR,
        FLICKR_IMAGES,
        "www.flickr.com",
        "flickr.com",
        "customsearch.googleapis.com",
        "www.google.com",
        "graph.facebook.com",
        "www.instagram.com",
        "consent.google.com",
        COMMONS,
        COMMONS_FILES,
        OPEN_IMAGES_COPIES,
        PLACEHOLDER_HOST,
        HOSTILE,
        ROBOTS_HOST,
        PARTLY_CLOSED_HOST,
        ROBOTS_5XX_HOST,
        ROBOTS_SLOW_HOST,
        SLOW_HOST,
        DRIP_HOST,
        DECAYING,
        *IMAGE_HOSTS,
        *COPY_HOSTS,
        *BULK_HOSTS,
        *(f"www.{host}" for host in IMAGE_HOSTS),
    }
)


def resolve(host: str) -> list[str]:
    """Return the addresses of a host on the built-in web; none if the name does not exist.

    Literal addresses, in whatever spelling the system's resolver takes, stand for themselves.
    Good names have public addresses that nothing is ever sent to.
    """
    name = host.strip("[]").rstrip(".").lower()
    try:
        return [str(ipaddress.ip_address(name))]
    except ValueError:
        pass
    if name in {"localhost", "localhost.localdomain", "ip6-localhost"}:
        return ["127.0.0.1"]
    if name in PRIVATE_NAMES:
        return [PRIVATE_NAMES[name]]
    if name in _KNOWN or name.endswith(".any.carsets.test"):
        digest = hashlib.sha256(name.encode()).digest()
        return [f"93.184.{digest[0]}.{1 + digest[1] % 254}"]
    try:
        return [socket.inet_ntoa(socket.inet_aton(name))]
    except OSError:
        return []
