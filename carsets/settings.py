"""Every knob of carsets, grouped in the order in which an image meets them.

Change one for a run with ``-s NAME=value``. A Scrapy default that is changed here says what it
was and why. Secrets (keys, tokens) are read from the environment only.
"""

import os

from carsets.net import redaction

redaction.install()  # before the first log record: no secret of the environment is ever logged

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

# --- What may be reached ----------------------------------------------------------------------

# Addresses, networks and host names that you trust although they are not on the public internet
# ("192.168.1.0/24", "files.example"): your own file server, a trusted proxy. Default: none.
ADDRESS_ALLOWED: list[str] = []
URL_PORTS_ALLOWED = [80, 443]  # TCP ports; everything else is some other service
URL_MAX_LENGTH = 4096  # characters; signed URLs of image hosts reach about 2,000
# A proxy sees the addresses instead of us. True says that it keeps the crawl out of private
# networks; without it a configured proxy stops the run, and is never used.
PROXY_TRUSTED = False
# Scrapy: CachingThreadedResolver. Works only here, in the settings of the process; GuardProbe
# lets no run begin without it. IPv4 only.
TWISTED_DNS_RESOLVER = "carsets.net.address_guard.GuardedResolver"
DNS_TIMEOUT = 15  # seconds. Scrapy: 60, longer than the whole download may take
REACTOR_THREADPOOL_MAXSIZE = 20  # names resolved at once. Scrapy: 10, which dead names fill up
# Scrapy opens file:, s3: and ftp: URLs too. What is left beside these is `data:`, for the start
# of sources without pages; UrlGateMiddleware refuses every `data:` that was found.
DOWNLOAD_HANDLERS = {
    "http": "carsets.net.deadline.DeadlineDownloadHandler",
    "https": "carsets.net.deadline.DeadlineDownloadHandler",
    "file": None,
    "s3": None,
    "ftp": None,
}
ADDONS = {
    "carsets.fakeweb.addon.FakeWebAddon": 100,  # does nothing unless FAKEWEB_PORT is set
    "carsets.json_log.JsonLog": 200,  # does nothing unless LOG_JSON is set
    "carsets.addons.ClusterAddon": 200,  # does nothing unless CLUSTER_ENABLED says so
}
FAKEWEB_PORT = 0  # port of the built-in web on this machine; 0 = the live web
FAKEWEB_TLS_PORT = 0  # its second port, for sources that need a browser

# --- Manners: who we say we are, and how hard we knock ----------------------------------------

# A web page or mail address at which the hosts you crawl can reach you.
CONTACT = os.environ.get("CONTACT", "")

ROBOTSTXT_OBEY = True  # Scrapy: False; also asked before every image
ROBOTSTXT_USER_AGENT = "carsets"  # the name that robots.txt may use for us
ROBOTSTXT_CRAWL_DELAY_MAX = 30.0  # seconds; a longer Crawl-delay is taken for this. Scrapy: ignored
# Whether the sources' own search pages and APIs are asked only where their robots.txt allows it.
# Most forbid all search pages to all robots; the APIs among them have terms of their own.
SEARCH_ROBOTSTXT_OBEY = False
DOWNLOAD_DELAY = 1  # seconds between two requests to a host. Scrapy: 0
DOWNLOAD_DELAY_JITTER = 0.5
# Scrapy's own lets go of the limit per host when the delay is 0, and cannot pause a host.
DOWNLOADER = "carsets.net.downloader.PoliteDownloader"
REFERER_ENABLED = False  # Scrapy: True; no host need know where a URL was found
RETRY_TIMES = 2  # after the first try
RETRY_BACKOFF = 1.0  # seconds that a host is left alone after a failure; doubles with each try
# Seconds that a host may make us wait, by Retry-After. One that asks for more gets no further
# requests for images in this run; a later run asks again. Scrapy: the header is ignored.
RETRY_AFTER_MAX = 30.0
HOST_MAX_FAILURES = 10  # in a row; then no more images of that host in this run. 0 = no limit
# Bytes that a host gives in a day (UTC), over all runs and workers of a catalog; then its images
# wait for another day. 0 = no cap. 5 GiB are some 35,000 photos: a small site that pays for its
# traffic has 100 GB or so a month. What is under way then, and what other workers fetch within
# HOST_BYTES_INTERVAL, comes on top.
HOST_BYTES_PER_DAY = 5 * 1024**3
HOST_BYTES_PER_DAY_EXCEPT = {  # hosts that are made for traffic
    "live.staticflickr.com": 0,
    "upload.wikimedia.org": 0,
    "open-images-dataset.s3.amazonaws.com": 0,
}
HOST_BYTES_INTERVAL = 5.0  # seconds between two talks with the catalog about it
CONCURRENT_REQUESTS = 96  # above IMAGES_IN_FLIGHT, so that images never starve the sources
CONCURRENT_REQUESTS_PER_DOMAIN = 2  # Scrapy: 8

# --- Several workers on one plan --------------------------------------------------------------

# Whether other crawls may work on the same plan, on this machine or others: they then share out
# its queries, claim URLs before they fetch them, and keep to every host's pace together. All of
# it goes through the catalog. "auto": if CATALOG_URL is PostgreSQL. True works with SQLite too,
# for several processes of one machine.
CLUSTER_ENABLED = "auto"
# Seconds after which a worker that is not heard of is taken for dead, and others go on with its
# queries. Longer than any hitch of the network or of a machine that sleeps for a moment.
LEASE_SECONDS = 60.0
# "" = none, "redis://HOST:6379/0" = one queue there for spiders that follow links (those with
# ``follows_links = True``; none of the sources above does). Entries are JSON, never pickles, but
# who can write there decides what is asked: let only the workers reach it.
REDIS_URL = os.environ.get("REDIS_URL", "")

# --- The network: how long, how much ----------------------------------------------------------

DOWNLOAD_TIMEOUT = 30  # seconds for connecting, headers and body together. Scrapy: 180
DOWNLOAD_DEADLINE = 60.0  # seconds on the wire for one URL, all redirects and retries together
DOWNLOAD_MIN_BYTES_PER_SECOND = 1024  # a slower body is given up; 0 = never
DOWNLOAD_SLOW_GRACE = 5.0  # seconds before the speed is judged
DOWNLOAD_KEEP_ALIVE = 5.0  # seconds that an idle connection is kept; longer than DOWNLOAD_DELAY
DOWNLOAD_MAXSIZE = 25 * 1024 * 1024  # bytes. Scrapy: 1 GiB; a photo of 50 Mpx has about 20 MiB
DOWNLOAD_WARNSIZE = 0  # bytes; 0 = no warning: what is too large ends with its outcome anyway
DOWNLOAD_VERIFY_CERTIFICATES = True  # Scrapy: False
REDIRECT_MAX_TIMES = 5  # Scrapy: 20
MEDIA_ALLOW_REDIRECTS = True  # Scrapy: False, which loses every redirected image
METAREFRESH_ENABLED = False  # Scrapy: True; no image redirects by HTML
WATCHDOG_SECONDS = 120.0  # without any progress, then one line says what is in flight; 0 = never

# The order that a request passes from top to bottom, and an answer from bottom to top. Scrapy's
# middlewares that nothing here needs are left out: each costs time for every image.
DOWNLOADER_MIDDLEWARES = {
    "carsets.net.url_gate.UrlGateMiddleware": 20,
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # would also filter images
    "carsets.net.opt_outs.DeniedHostsMiddleware": 50,
    "carsets.net.daily_cap.DailyCap": 60,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "carsets.net.robots_txt.RobotsTxt": 100,
    "carsets.net.opt_outs.TdmFileMiddleware": 150,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": None,
    "carsets.net.manners.ContactUserAgent": 500,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "carsets.net.retry.PoliteRetry": 550,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "carsets.net.redirect.GatedRedirect": 600,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    "carsets.net.manners.TrustedProxy": 750,
}

# --- What the process may do ------------------------------------------------------------------

TELNETCONSOLE_ENABLED = False  # Scrapy: True; it opens a port
REMOTE_CONTROL_ENABLED = False  # Scrapy: True; it opens a port on which Python can be run
COOKIES_ENABLED = False  # Scrapy: True; image hosts need none
LOG_FORMATTER = "carsets.net.log_formatter.CarsetsLogFormatter"  # Scrapy's prints whole items
STATS_DUMP = False  # Scrapy: True; the receipt holds what people need of it
LOG_LEVEL = "INFO"  # Scrapy: DEBUG, which prints every URL and every item
LOG_JSON = False  # True: one JSON object a line, for programs that gather logs
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
ASYNCIO_EVENT_LOOP = "uvloop.Loop"  # Scrapy: asyncio's own, which takes a tenth more CPU time
FEED_EXPORT_ENCODING = "utf-8"
# scrapy crawl -o FILE, and Scrapyd's page of items. Scrapy's own would print whole CarImages.
FEED_EXPORTERS = {
    "json": "carsets.feed_lines.ImageArray",
    "jsonlines": "carsets.feed_lines.ImageLines",
    "jsonl": "carsets.feed_lines.ImageLines",
    "jl": "carsets.feed_lines.ImageLines",
}

# --- Asking the sources -----------------------------------------------------------------------

QUERIES_AT_ONCE = 2  # queries of one source that are open at a time, so that a run can be stopped
QUERY_END_KNOWN_SHARE = 0.9  # a page on which so many images were known ends its query

# The pace of each source: one request at a time, seconds between two. A spider's
# requests_per_minute, from which `scrapy plan` reckons, says the same.
DOWNLOAD_SLOTS = {
    "": {"concurrency": 1, "delay": 0.0, "jitter": 0.0},  # `data:`, which leaves no machine
    "www.bing.com": {"concurrency": 1, "delay": 2.0, "jitter": 0.2},  # no rule known: politeness
    "api.openverse.org": {"concurrency": 1, "delay": 3.0, "jitter": 0.0},  # its rule: 20 a minute
    "api.flickr.com": {"concurrency": 1, "delay": 1.1, "jitter": 0.0},  # its rule: 3,600 an hour
    "customsearch.googleapis.com": {"concurrency": 1, "delay": 1.0, "jitter": 0.0},  # politeness
    "www.google.com": {"concurrency": 1, "delay": 10.0, "jitter": 0.3},  # in a browser: as people
    # Its limit is unknown and low: it blocks for about an hour after few questions.
    "duckduckgo.com": {"concurrency": 1, "delay": 5.0, "jitter": 0.3},
    "search.brave.com": {"concurrency": 1, "delay": 10.0, "jitter": 0.3},  # 429 comes at once
    "api.search.brave.com": {"concurrency": 1, "delay": 1.1, "jitter": 0.0},  # its rule: 1 a second
    "www.ecosia.org": {"concurrency": 1, "delay": 3.0, "jitter": 0.3},  # no rule known: politeness
    "yandex.com": {"concurrency": 1, "delay": 5.0, "jitter": 0.3},  # captchas come fast
    "image.baidu.com": {"concurrency": 1, "delay": 3.0, "jitter": 0.2},  # no rule known: politeness
    "yandex.ru": {"concurrency": 1, "delay": 10.0, "jitter": 0.2},  # counts; captchas come fast
    "vpic.nhtsa.dot.gov": {"concurrency": 1, "delay": 1.0, "jitter": 0.2},  # a public registry
    "graph.facebook.com": {"concurrency": 1, "delay": 10.0, "jitter": 0.2},  # an allowance an hour
    "www.instagram.com": {"concurrency": 1, "delay": 10.0, "jitter": 0.5},  # as people do
    "live.staticflickr.com": {"concurrency": 4, "delay": 0.25, "jitter": 0.2},  # made for traffic
    "commons.wikimedia.org": {"concurrency": 1, "delay": 1.0, "jitter": 0.0},  # "in series"
    "upload.wikimedia.org": {"concurrency": 2, "delay": 0.5, "jitter": 0.2},  # its robot policy: 2
    "open-images-dataset.s3.amazonaws.com": {"concurrency": 4, "delay": 0.1, "jitter": 0.2},  # S3
}

# The browser, for the sources that show nothing without one.
BROWSER_EXECUTABLE = ""  # path of a Chromium; "" = the system's, or the one Playwright fetched
BROWSER_HOSTS: list[str] = []  # all that it may reach; the spider that needs one sets them
BROWSER_STORAGE_STATE = ""  # the user's own session; set by -a storage_state=FILE
BROWSER_TIMEOUT = 30.0  # seconds for a page to begin, and for what is awaited on it

SEARCH_REGION = "us-en"  # whose results, where -a region= says nothing: country and language
# Public engines are asked for strict safe search. Unless this allows it, -a safe=off is refused,
# and so is an engine that has no safe search at all (baidu).
SAFE_SEARCH_OFF_ALLOWED = False
# CountsSpider: totals younger than this are not asked again. At Openverse's 200 questions a day a
# plan of 4,184 takes 21 days.
COUNTS_MAX_AGE = 30  # days
COUNTS_MOST_FAILURES = 3  # unreadable or lost answers in a row; then no more of that engine
# scrapy counts: the share of all results by which the first body style must lead the second one.
COUNTS_MIN_MARGIN = 0.1
GOOGLE_SCROLLS = 10  # of one page at most; each brings about a hundred tiles
INSTAGRAM_GRAPH_VERSION = "v25.0"
INSTAGRAM_SCROLLS = 5  # of one hashtag's page at most
INSTAGRAM_BACKOFF = 900.0  # seconds of rest when 90 % of the hourly allowance are used
FLICKR_GEO = False  # whether to keep where a photo was taken: personal data, needed by few
FLICKR_LONGEST_SIDE = 2048  # pixels; of the sizes that Flickr offers the largest within this
# Flickr's API is for non-commercial use: with PURPOSE = "commercial" nothing is asked unless you
# have a written agreement with Flickr.
FLICKR_COMMERCIAL_AGREEMENT = False
FLICKR_RETRY_DELAY = 30.0  # seconds after "service not available"

OPENIMAGES_MIN_CONFIDENCE = 0.5  # of a label that a machine gave; the lists hold few below it

# --- What `scrapy plan` assumes: the crawl of 2016 that asked for 1,046,000 images ------------

PLAN_IMAGE_SHARE = 950 / 1046  # of the results asked for: images that arrive whole
PLAN_CAR_SHARE = 840 / 950  # of these: with a car in them
PLAN_UNIQUE_SHARE = 0.983  # of these: not there before (InstaCities1M)
PLAN_DOWNLOADS_PER_SECOND = 29.0  # 1,046,000 in 10 hours
PLAN_CHECKS_PER_SECOND = 2_400.0  # a million in 7 minutes
PLAN_DETECTIONS_PER_SECOND = 100 / 3  # 2,000 a minute on one Titan X; a receipt has your own
PLAN_IMAGE_BYTES = 150_000  # of a web photo as it was uploaded, on average
PLAN_SMALL_IMAGE_BYTES = 17_500  # the same at 300 x 300 pixels (InstaCities1M)

# --- The way of an image: the order in which it meets each step -------------------------------

ITEM_PIPELINES = {
    "carsets.pipelines.images.CarImagesPipeline": 100,  # asks words, then downloads
    "carsets.pipelines.mime.MimePipeline": 200,
    "carsets.pipelines.hash_lists.HashListsPipeline": 250,
    "carsets.pipelines.license.LicensePipeline": 300,
    "carsets.pipelines.duplicates.DuplicatesPipeline": 400,
    "carsets.pipelines.car_detection.CarDetectionPipeline": 500,
    "carsets.pipelines.storage.StoragePipeline": 900,
}

# Images between download and storage. Scrapy does not bound them: without this everything that a
# page yields is let loose at once. Above 64 nothing gets faster, below 32 detection waits.
IMAGES_IN_FLIGHT = 64
IMAGES_IN_FLIGHT_BYTES = 256 * 1024 * 1024  # no new download while those in flight hold more
CONCURRENT_ITEMS = 100  # of one page; Scrapy's default, above IMAGES_IN_FLIGHT

# CarImagesPipeline: how many runs may try a URL that fails in a way that can pass.
URL_MAX_ATTEMPTS = 3
# CarImagesPipeline: how many URLs one host may be asked for in one run (tarpits are endless).
URLS_PER_HOST = 100_000

# MimePipeline: what is an image for us. BMP, AVIF, TIFF can be added; SVG is never parsed.
IMAGE_FORMATS = ["JPEG", "PNG", "WEBP", "GIF"]
IMAGES_MIN_WIDTH = 128  # pixels; thumbnails and buttons are smaller
IMAGES_MIN_HEIGHT = 96
IMAGE_MAX_PIXELS = 50_000_000  # read from the header, before any decoding
IMAGE_MAX_ASPECT = 10.0  # longer side / shorter side; banners are longer
INSPECTION_WORKERS = 2  # processes that decode; one a core is enough
INSPECTION_TIMEOUT = 20.0  # seconds for one image, then its worker is killed

# MimePipeline: what is accepted of an image that the user's list describes by hashes.
# "same_bytes": nothing else; loses about 15 % of old lists to hosts that encode files anew.
# "same_picture": other bytes too if the list's perceptual hash agrees (NEAR_DUPLICATE_DISTANCE); a
# list without one is held to its bytes. "off": whatever comes, also what somebody put in its place.
LIST_INTEGRITY = "same_picture"

# HashListsPipeline: files of hashes that your organization supplies, one a line: SHA-256, MD5, or
# 64-bit perceptual hashes as the catalog has them. What they name is never stored, shown or logged
# with its address; docs/hash_lists.md says what to do then.
HASH_LISTS: list[str] = []
HASH_LIST_DISTANCE = 4  # bits of 64 in which a picture may differ: the same one, edited

# LicensePipeline: license codes ("by-4.0") or families ("by", "by-sa", "cc0", "unknown", "arr")
# that the dataset may hold; "*" is all. Search engines know no licenses, so all their images are
# "unknown": what may be published is decided, image by image, at the export.
LICENSE_ALLOWED = ["*"]
# What the dataset is made for, "research" or "commercial": decides what an export may hold and
# which sources may be asked. Both stand in the receipt.
PURPOSE = "research"
ORGANIZATION = ""  # who makes it, in one line
# "strict" obeys every machine-readable reservation, and takes for one what it cannot read or ask
# for. "research" records them all and obeys robots.txt and refusals of the host alone (article 3 of
# the EU directive 2019/790: for research organizations; needs PURPOSE = "research" and your
# ORGANIZATION). "custom" obeys those that RESERVATION_SIGNALS lists.
RESERVATION_POLICY = "strict"
RESERVATION_SIGNALS: list[str] = []  # of "custom": names of SIGNALS in reservations/policy.py
# Crawlers for which a rule in robots.txt counts as one for us: who shuts out GPTBot or CCBot means
# datasets for training, and cannot know our name. "*" = all of data/ai_agents.csv, [] = none.
RESERVATION_AI_AGENTS = ["*"]
# Your own list of hosts that are not asked: a CSV file with the columns host,reason,date, for terms
# that no program can read, and for lists of others (ai.txt, trust.txt, Spawning). "" = none.
RESERVATION_DENIED_HOSTS = ""

# DuplicatesPipeline: bits in which two 64-bit hashes may differ and still show the same picture.
# On labelled pairs the same picture edited stays within 4, look-alikes begin at 10.
NEAR_DUPLICATE_DISTANCE = 6
NEAR_DUPLICATE_DHASH_DISTANCE = 12  # a second, independent hash has to agree
PLACEHOLDER_PAGES = 20  # the same bytes on so many pages stand in for missing images

# CarDetectionPipeline: which network looks. "ResNet50" or any other name of keras.applications
# (Keras fetches ImageNet's weights once, about 100 MB), or "builtin": the small one that ships
# with carsets and needs no download. Never changed silently: missing weights stop the run.
CAR_DETECTION_ENABLED = True  # False: crawl only, without TensorFlow; scrapy redetect looks later
CAR_DETECTION_MODEL = "ResNet50"
CAR_DETECTION_WEIGHTS = ""  # your own weights (.weights.h5, .h5, .npz), never a whole model
CAR_DETECTION_WEIGHTS_SHA256 = ""  # needed with your own: checked before the file is opened
CAR_DETECTION_FETCH = True  # False: Keras may not fetch; the weights must be there already
CAR_DETECTION_THREADS = 0  # of one pass; 0 = as many as there are cores
# What becomes of the network's last map: "average" (the mean over the picture), "gem" or "rmac".
# Images whose features were made otherwise are never compared: scrapy redetect makes them anew.
CAR_DETECTION_POOLING = "average"
# "group": the probabilities of all vehicle labels together decide. "top4": a vehicle among the
# four best labels, the rule of the 2016 dataset.
CAR_DETECTION_RULE = "group"
CAR_DETECTION_KEEP = 0.5  # car score from which an image is kept: more likely one than not
CAR_DETECTION_REVIEW = 0.2  # car score from which people are asked; below it is not a car
# Groups of data/imagenet_vehicles.csv, exact labels, WordNet ids, or "preset-2016". Cars, SUVs,
# trucks and vans; of the buses only the two labels that networks give to vans and campers.
CAR_DETECTION_LABELS = [
    "car",
    "pickup_van_truck",
    "emergency_vehicle",
    "minibus",
    "recreational vehicle",
]
CAR_DETECTION_BATCH_SIZE = 32  # images; below IMAGES_IN_FLIGHT, or it can never fill
CAR_DETECTION_MAX_WAIT = 2.0  # seconds; how long a half-full batch may wait

# StoragePipeline: the run stops cleanly before the disk is full.
DISK_FREE_MIN = 500 * 1024 * 1024  # bytes

# --- Handing out -------------------------------------------------------------------------------

# scrapy export --mode internal: how long after its newest image was fetched a release may be kept
# (article 3(2) of the EU directive 2019/790: no longer than the research needs).
RETENTION_DAYS = 365
# scrapy retention --orphans: hours after which a file of the store that no image has is taken for
# left behind. Younger ones may belong to a worker that is about to enter them into the catalog.
ORPHAN_HOURS = 24.0
# scrapy export --blur: what finds faces and plates. "" = cascades that opencv-python-headless 4
# brings. Your own cascade (.xml): its sha256 is checked before it is opened. What each misses:
# python -m benchmarks.blur
BLUR_FACES_MODEL = ""
BLUR_FACES_SHA256 = ""
BLUR_PLATES_MODEL = ""
BLUR_PLATES_SHA256 = ""

# --- After the crawl ---------------------------------------------------------------------------

# scrapy curate: nothing is deleted; scores with reasons, and review for what is doubted enough.
# Bits in which the pHashes, and the dHashes, of two copies may differ. The crawl refuses what is
# nearer than NEAR_DUPLICATE_DISTANCE; look-alikes begin at 10.
CURATE_NEAR_DISTANCE = 8
CURATE_NEAR_DHASH_DISTANCE = 14
# Cosine of the features from which two images are called copies though their hashes differ (crops,
# watermarks); 2 = never. For ResNet50's features; see benchmarks/planted_noise.py for others.
CURATE_SAME_COSINE = 0.97
# Pairs that are likely copies whose files are held against each other, the likeliest first: points
# of the pictures confirm a copy, or refute it (30 to 60 ms each, two at once; where OpenCV is
# installed). --local-features looks at every likely pair; 0 = at none.
CURATE_LOCAL_PAIRS = 5_000
# Unrelated owners (authors, or else hosts) of one picture that was found for several classes, from
# which it is a placeholder. For fewer than three classes PLACEHOLDER_PAGES owners are needed.
CURATE_PLACEHOLDER_OWNERS = 8
# Share of a class that one host may give, where no author is known, and one author; ten images are
# always allowed. What is beyond is doubted, the smallest and least open images first.
CURATE_HOST_SHARE = 0.05
CURATE_AUTHOR_SHARE = 0.05
CURATE_REVIEW = 0.5  # doubt from which a kept image goes to review; above 1 = none does

# scrapy tasks: what an answer costs on Mechanical Turk, in US dollars. Its fee is a share of the
# reward, twice as much from ten answers to one question on, and a cent for each at least.
TASKS_REWARD = "0.03"
TASKS_FEE = "0.2"
TASKS_LEAST_FEE = "0.01"

# scrapy iterate: images that one round asks people about, of each group of related images one. What
# people say is used by the next round, so many small rounds teach more than one large one.
ITERATE_QUESTIONS = 200

# scrapy report: images in the gallery, the most doubted first. A browser filters them in a blink.
GALLERY_MOST = 100_000

# --- Is the run worth what it brought? --------------------------------------------------------

# What fails here ends the run with exit code 4; the receipt has every check. Each is a number, or
# one for each source: -s CHECK_KEPT_SHARE=flickr:0.3,*:0.1. Shares are of the images that were
# asked for: not of known URLs, and not of those that words exclude.
CHECK_FOUND_MIN = 0  # URLs, of a run that asked anything; 0 = no such check
CHECK_BLOCKED_SHARE = 0.5  # at most: 401, 403, 429 and benched hosts; 1 = no such check
CHECK_ERROR_SHARE = 0.5  # at most: the network, servers and decoders that failed
CHECK_KEPT_SHARE = 0.0  # at least; what is usual differs much between sources
CHECK_LEAST_IMAGES = 100  # asked for; of fewer, no share is judged: it would be chance

# --- Telling what happens ---------------------------------------------------------------------

# A step that cannot open (no weights, no catalog) closes the run with one line. Scrapy's own
# manager prints tracebacks.
ITEM_PROCESSOR = "carsets.pipelines.manager.StepManager"

# Ledger: rows go to the catalog in batches, off the reactor thread.
LEDGER_BATCH_SIZE = 500  # rows
LEDGER_MAX_WAIT = 0.5  # seconds; what a crash can lose, and the next run asks again
LEDGER_MOST_WAITING = 10_000  # rows; a slower catalog then holds the crawl back

EXTENSIONS = {
    "carsets.net.guard_probe.GuardProbe": 0,  # closes the run that the address guard cannot protect
    "carsets.net.watchdog.Watchdog": 50,
    "carsets.extensions.ledger.Ledger": 100,
    "carsets.extensions.progress.Progress": 200,
    "carsets.extensions.metrics.Metrics": 300,  # off unless METRICS_PORT or METRICS_TEXTFILE is set
    "carsets.extensions.receipt.Receipt": 900,  # closes last: it adds up what the others did
}
PROGRESS_INTERVAL = 10.0  # seconds between two lines where stderr is no terminal; 0 = silent

# Numbers for Prometheus. METRICS_PORT is one TCP port, or "9410-9419": the first free one, on a
# machine with several jobs at once. Whoever reaches METRICS_HOST reads them: "0.0.0.0" is all.
METRICS_PORT = ""
METRICS_HOST = "127.0.0.1"
# A file for node_exporter's textfile collector, "/var/lib/prometheus/node-exporter/{source}.prom";
# it stays when the crawl has ended, and then holds the receipt's numbers too.
METRICS_TEXTFILE = ""
METRICS_INTERVAL = 15.0  # seconds between two writes of that file
