"""The closed list of ways in which a URL, and a query, can end.

Every URL that a source finds ends with exactly one ``Outcome``; every query ends with exactly
one ``QueryOutcome``. Nothing else may be written into the ledger, the receipt or the catalog.
"""

from enum import Enum, StrEnum


class Retry(Enum):
    """What a later run does with a URL that ended this way."""

    NEVER = "never"  # the answer is final: remembered, not asked again
    LATER = "later"  # transient: asked again by later runs, up to URL_MAX_ATTEMPTS times
    ALWAYS = "always"  # nothing was learnt about the URL itself: asked again by the next run


class Outcome(StrEnum):
    """How one URL ended. The value is the code that receipts and the catalog carry."""

    retry: Retry
    meaning: str

    # The defaults are for the look-up by value alone: Outcome("stored").
    def __new__(cls, code: str, retry: Retry = Retry.NEVER, meaning: str = "") -> "Outcome":
        outcome = str.__new__(cls, code)
        outcome._value_ = code
        outcome.retry = retry
        outcome.meaning = meaning
        return outcome

    # --- Kept ---------------------------------------------------------------------------------
    STORED = "stored", Retry.NEVER, "kept: the original bytes are in the store"

    # --- Never fetched: what words already exclude --------------------------------------------
    KNOWN_URL = "known_url", Retry.NEVER, "this URL has already ended, in this run or before"
    OVER_LIMIT = "over_limit", Retry.ALWAYS, "the limit of the run was reached before this URL"
    INLINE_THUMBNAIL = "inline_thumbnail", Retry.NEVER, "a data: picture inside a search page"
    SCHEME_FORBIDDEN = "scheme_forbidden", Retry.NEVER, "neither http nor https"
    URL_FORBIDDEN = "url_forbidden", Retry.NEVER, "not a usable URL: bad syntax, port or user name"
    ADDRESS_FORBIDDEN = "address_forbidden", Retry.NEVER, "leads to a private or reserved address"
    REMOVED = "removed", Retry.NEVER, "removed on request: a tombstone forbids it"
    LICENSE_EXCLUDED = "license_excluded", Retry.ALWAYS, "its license is outside LICENSE_ALLOWED"
    HOST_LIMIT = "host_limit", Retry.ALWAYS, "its host has given as many URLs as one run may ask"
    HOST_DAY_LIMIT = "host_day_limit", Retry.ALWAYS, "its host has given its bytes of the day"
    ROBOTS_DENIED = "robots_denied", Retry.NEVER, "the host's robots.txt forbids it"
    HOST_BENCHED = "host_benched", Retry.LATER, "its host blocked or failed too often in this run"

    # --- The network --------------------------------------------------------------------------
    HTTP_401 = "http_401", Retry.NEVER, "the host wants a login"
    HTTP_403 = "http_403", Retry.NEVER, "the host refuses"
    HTTP_404 = "http_404", Retry.NEVER, "not found"
    HTTP_410 = "http_410", Retry.NEVER, "gone for good"
    HTTP_429 = "http_429", Retry.LATER, "the host asks for fewer requests"
    HTTP_4XX = "http_4xx", Retry.NEVER, "another refusal of the host"
    HTTP_5XX = "http_5xx", Retry.LATER, "the host failed"
    HTTP_OTHER = "http_other", Retry.LATER, "an answer that is neither a page nor an error"
    DNS = "dns", Retry.LATER, "the name of the host does not resolve"
    CONNECTION_REFUSED = "connection_refused", Retry.LATER, "nobody listens there"
    CONNECTION_LOST = "connection_lost", Retry.LATER, "the connection broke"
    INCOMPLETE = "incomplete", Retry.LATER, "fewer bytes came than the host announced"
    TLS = "tls", Retry.LATER, "the certificate or the TLS handshake is not acceptable"
    TIMEOUT = "timeout", Retry.LATER, "not complete within DOWNLOAD_TIMEOUT"
    TOO_SLOW = "too_slow", Retry.LATER, "slower than DOWNLOAD_MIN_BYTES_PER_SECOND"
    TOO_LARGE = "too_large", Retry.NEVER, "larger than DOWNLOAD_MAXSIZE"
    REDIRECT_LIMIT = "redirect_limit", Retry.NEVER, "more redirects than REDIRECT_MAX_TIMES"
    EMPTY = "empty", Retry.LATER, "an answer without a body"

    # --- The content --------------------------------------------------------------------------
    HTML = "html", Retry.NEVER, "a web page instead of an image"
    SVG = "svg", Retry.NEVER, "a vector drawing: never parsed"
    UNSUPPORTED = "unsupported", Retry.NEVER, "not one of IMAGE_FORMATS"
    TRUNCATED = "truncated", Retry.LATER, "the image ends too early"
    UNDECODABLE = "undecodable", Retry.NEVER, "damaged: the decoder refuses it"
    DECODER_CRASH = "decoder_crash", Retry.NEVER, "the decoder died or ran out of its limits"
    TOO_SMALL = "too_small", Retry.NEVER, "smaller than IMAGES_MIN_WIDTH x IMAGES_MIN_HEIGHT"
    TOO_MANY_PIXELS = "too_many_pixels", Retry.NEVER, "more pixels than IMAGE_MAX_PIXELS"
    ASPECT = "aspect", Retry.NEVER, "longer or taller than IMAGE_MAX_ASPECT allows"
    ANIMATED = "animated", Retry.NEVER, "more than one frame"
    REPLACED = "replaced", Retry.NEVER, "not the picture that the user's list describes"

    # --- Rights -------------------------------------------------------------------------------
    OPTED_OUT = "opted_out", Retry.NEVER, "a machine-readable reservation of rights"
    QUARANTINED = "quarantined", Retry.NEVER, "on one of HASH_LISTS: not stored, and not shown"

    # --- Duplicates ---------------------------------------------------------------------------
    DUPLICATE_BYTES = "duplicate_bytes", Retry.NEVER, "the same bytes as an image already seen"
    DUPLICATE_PIXELS = "duplicate_pixels", Retry.NEVER, "the same pixels as an image already kept"
    NEAR_DUPLICATE = "near_duplicate", Retry.NEVER, "the same picture as one already kept"
    PLACEHOLDER = "placeholder", Retry.NEVER, "a picture that stands in for missing ones"

    # --- The detector -------------------------------------------------------------------------
    NOT_A_CAR = "not_a_car", Retry.NEVER, "the detector sees no car"

    # --- The store, and what should not happen ------------------------------------------------
    DISK_FULL = "disk_full", Retry.ALWAYS, "no space left: the run stops"
    STORE_FAILED = "store_failed", Retry.ALWAYS, "the image store refused the file"
    CANCELLED = "cancelled", Retry.ALWAYS, "the run was stopped before this URL was done"
    ERROR = "error", Retry.ALWAYS, "a fault of carsets: the log has the traceback"

    @classmethod
    def of_status(cls, status: int) -> "Outcome":
        """Return the outcome of an HTTP status that is not a success."""
        exact = f"http_{status}"
        if exact in cls._value2member_map_:
            return cls(exact)
        if 400 <= status < 500:
            return cls.HTTP_4XX
        return cls.HTTP_5XX if status >= 500 else cls.HTTP_OTHER


class QueryOutcome(StrEnum):
    """How one query of one source ended, or how one answer of a source reads."""

    RESULTS = "results"  # an answer with images
    NO_RESULTS = "no_results"  # the source says that it has none
    BLOCKED = "blocked"  # the source refuses us
    CONSENT = "consent"  # a consent form stands before the results
    CAPTCHA = "captcha"  # the source wants a human: we stop
    FORMAT_CHANGED = "format_changed"  # images are there, but we cannot read them any more
    HTTP_ERROR = "http_error"  # an error of the network or the server
    QUOTA = "quota"  # the source's allowance is used up

    @property
    def ends_source(self) -> bool:
        """Whether this answer benches the source for the rest of the run."""
        return self in {
            QueryOutcome.BLOCKED,
            QueryOutcome.CONSENT,
            QueryOutcome.CAPTCHA,
            QueryOutcome.QUOTA,
        }

    @property
    def is_answer(self) -> bool:
        """Whether the source answered the question (with images or with none)."""
        return self in {QueryOutcome.RESULTS, QueryOutcome.NO_RESULTS}


class ExitCode(int, Enum):
    """What a crawl tells the shell. The receipt says why."""

    OK = 0  # something kept, all queries answered
    BAD_USE = 2  # wrong argument, unreadable list, missing key or weights
    NOTHING_KEPT = 3
    PARTIAL = 4  # a source blocked, changed, failed or out of quota; stopped; a check failed
    STORE_FAILED = 5  # the image store or the catalog failed
    UNBALANCED = 6  # found is not the sum of the outcomes: a fault of carsets
    DECAYED = 7  # scrapy verify: not all is as it was kept
