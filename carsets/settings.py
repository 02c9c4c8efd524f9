"""Every knob of carsets, grouped in the order in which an image meets them.

Change one for a run with ``-s NAME=value``. A Scrapy default that is changed here says what it
was and why. Secrets (keys, tokens) are read from the environment only.
"""

import os

BOT_NAME = "carsets"
SPIDER_MODULES = ["carsets.spiders"]
NEWSPIDER_MODULE = "carsets.spiders"
COMMANDS_MODULE = "carsets.commands"

# --- Where things are kept --------------------------------------------------------------------

# The folder of a dataset: catalog.sqlite, images/, receipts/, reports/. Each path can be set
# apart; relative ones are taken from the current directory, so make it absolute under Scrapyd.
DATA_DIR = os.environ.get("CARSETS_DATA_DIR", "data")
CATALOG_URL = os.environ.get("CATALOG_URL", "")  # "" = sqlite in DATA_DIR
IMAGES_STORE = os.environ.get("IMAGES_STORE", "")  # "" = DATA_DIR/images; s3:// and gs:// work too
RECEIPTS_DIR = ""  # "" = DATA_DIR/receipts
PAGES_DIR = ""  # "" = DATA_DIR/pages: answers of sources that could not be read

# --- Manners: who we say we are, and how hard we knock ----------------------------------------

# A web page or mail address at which the hosts you crawl can reach you.
CONTACT = os.environ.get("CONTACT", "")

ROBOTSTXT_OBEY = True  # Scrapy: False; also asked before every image
DOWNLOAD_DELAY = 1  # seconds between two requests to a host. Scrapy: 0
DOWNLOAD_DELAY_JITTER = 0.5
CONCURRENT_REQUESTS = 96  # above IMAGES_IN_FLIGHT, so that images never starve the sources
CONCURRENT_REQUESTS_PER_DOMAIN = 2  # Scrapy: 8

# --- What the process may do ------------------------------------------------------------------

TELNETCONSOLE_ENABLED = False  # Scrapy: True; it opens a port
REMOTE_CONTROL_ENABLED = False  # Scrapy: True; it opens a port on which Python can be run
COOKIES_ENABLED = False  # Scrapy: True; image hosts need none
LOG_LEVEL = "INFO"  # Scrapy: DEBUG, which prints every URL and every item
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
FEED_EXPORT_ENCODING = "utf-8"
