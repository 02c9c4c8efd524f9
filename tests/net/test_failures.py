"""Every exception of Scrapy, Twisted and OpenSSL has its outcome."""

import gzip
import zlib

import pytest
from OpenSSL import SSL
from scrapy import exceptions as scrapy
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.settings.default_settings import RETRY_EXCEPTIONS
from scrapy.utils._compression import _DecompressionMaxSizeExceeded
from scrapy.utils.misc import load_object
from service_identity import VerificationError
from twisted.internet import error as twisted
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError, ResponseFailed, ResponseNeverReceived
from twisted.web.http import _DataLoss

from carsets.net.address_guard import AddressForbidden
from carsets.net.failures import Refused, outcome_of
from carsets.outcomes import Outcome


def wrapped(*reasons, by=ResponseFailed):
    error = scrapy.DownloadFailedError("wrapped")
    error.__cause__ = by([Failure(reason) for reason in reasons])
    return error


def caused(error, cause):
    error.__cause__ = cause
    return error


CASES = [
    (Refused(Outcome.TOO_SLOW, "5 bytes/s"), Outcome.TOO_SLOW),
    (AddressForbidden("127.0.0.1"), Outcome.ADDRESS_FORBIDDEN),
    (scrapy.CannotResolveHostError("x"), Outcome.DNS),
    (twisted.DNSLookupError("x"), Outcome.DNS),
    (scrapy.DownloadConnectionRefusedError("x"), Outcome.CONNECTION_REFUSED),
    (twisted.ConnectionRefusedError("x"), Outcome.CONNECTION_REFUSED),
    (twisted.NoRouteError("x"), Outcome.CONNECTION_REFUSED),
    (scrapy.DownloadTimeoutError("x"), Outcome.TIMEOUT),
    (twisted.TimeoutError("x"), Outcome.TIMEOUT),
    (twisted.TCPTimedOutError("x"), Outcome.TIMEOUT),
    (scrapy.DownloadCancelledError("larger than download max size"), Outcome.TOO_LARGE),
    (caused(scrapy.IgnoreRequest("x"), _DecompressionMaxSizeExceeded(9, 3)), Outcome.TOO_LARGE),
    (scrapy.ResponseDataLossError(), Outcome.INCOMPLETE),
    (
        caused(scrapy.ResponseDataLossError(), ResponseFailed([Failure(_DataLoss())])),
        Outcome.INCOMPLETE,
    ),
    (gzip.BadGzipFile("x"), Outcome.INCOMPLETE),
    (zlib.error("x"), Outcome.INCOMPLETE),
    (EOFError("x"), Outcome.INCOMPLETE),
    (wrapped(twisted.ConnectionDone()), Outcome.CONNECTION_LOST),
    (wrapped(twisted.ConnectionLost(), by=ResponseNeverReceived), Outcome.CONNECTION_LOST),
    (wrapped(SSL.Error([("x", "", "certificate verify failed")])), Outcome.TLS),
    (wrapped(VerificationError([]), by=ResponseNeverReceived), Outcome.TLS),
    (wrapped(ParseError("x", b"y")), Outcome.HTTP_OTHER),
    (wrapped(Refused(Outcome.TOO_LARGE, "headers"), _DataLoss()), Outcome.TOO_LARGE),
    (wrapped(), Outcome.CONNECTION_LOST),
    (TunnelError("x"), Outcome.CONNECTION_LOST),
    (scrapy.NotSupported("x"), Outcome.SCHEME_FORBIDDEN),
    (scrapy.UnsupportedURLSchemeError("x"), Outcome.SCHEME_FORBIDDEN),
    (ValueError("invalid hostname: x"), Outcome.URL_FORBIDDEN),
    (CancelledError(), Outcome.CANCELLED),
    (scrapy.IgnoreRequest("Filtered offsite request"), Outcome.ERROR),
    (FileNotFoundError("our own fault"), Outcome.ERROR),
    (KeyError("our own fault"), Outcome.ERROR),
]


@pytest.mark.parametrize(("exception", "outcome"), CASES, ids=lambda value: repr(value)[:50])
def test_has_its_outcome(exception, outcome):
    assert outcome_of(exception)[0] is outcome


def test_what_scrapy_would_retry_is_never_a_fault_of_ours():
    for path in RETRY_EXCEPTIONS:
        if path is not OSError:
            assert outcome_of(load_object(path)())[0] is not Outcome.ERROR, path


def test_the_note_is_short_and_on_one_line():
    _, note = outcome_of(scrapy.CannotResolveHostError("a\nb" * 1000))
    assert len(note) <= 200
    assert "\n" not in note


def test_a_chain_that_bites_its_tail_ends():
    error = scrapy.DownloadFailedError("x")
    error.__cause__ = error
    assert outcome_of(error)[0] is Outcome.CONNECTION_LOST
