"""Why a request failed, in the words of ``carsets.outcomes``.

``Refused`` is how our own code refuses a request; ``outcome_of`` translates every exception that
Scrapy, Twisted and OpenSSL end a download with.
"""

from __future__ import annotations

from gzip import BadGzipFile
from typing import TYPE_CHECKING
from zlib import error as ZlibError  # noqa: N812

from OpenSSL.SSL import Error as OpenSSLError
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.utils._compression import _DecompressionMaxSizeExceeded
from service_identity import CertificateError, VerificationError
from twisted.internet import error
from twisted.internet.defer import CancelledError
from twisted.web._newclient import ParseError, ResponseFailed, _WrapperException
from twisted.web.http import PotentialDataLoss, _DataLoss

from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator


class Refused(IgnoreRequest):
    """A request that our own code refuses, with its outcome.

    ``outcome`` is what the ledger counts; ``note`` says in a few words what was wrong.
    """

    def __init__(self, outcome: Outcome, note: str = "") -> None:
        self.outcome = outcome
        self.note = note
        super().__init__(f"{outcome}: {note}" if note else str(outcome))


# The first entry that matches wins, so the exact stands before the general.
_OUTCOMES: tuple[tuple[tuple[type[BaseException], ...], Outcome], ...] = (
    ((_DecompressionMaxSizeExceeded,), Outcome.TOO_LARGE),
    ((OpenSSLError, error.SSLError, CertificateError, VerificationError), Outcome.TLS),
    ((CannotResolveHostError, error.DNSLookupError, error.UnknownHostError), Outcome.DNS),
    ((DownloadTimeoutError, error.TimeoutError, error.TCPTimedOutError), Outcome.TIMEOUT),
    ((NotSupported, UnsupportedURLSchemeError), Outcome.SCHEME_FORBIDDEN),
    # Scrapy cancels a download for one reason only: DOWNLOAD_MAXSIZE.
    ((DownloadCancelledError,), Outcome.TOO_LARGE),
    # The last three: a compressed body that is damaged or cut off.
    (
        (_DataLoss, PotentialDataLoss, ResponseDataLossError, BadGzipFile, ZlibError, EOFError),
        Outcome.INCOMPLETE,
    ),
    ((ParseError,), Outcome.HTTP_OTHER),
    (
        (error.ConnectionDone, error.ConnectionLost, error.ConnectionAborted, TunnelError),
        Outcome.CONNECTION_LOST,
    ),
    # What is left of ConnectError: refused, no route, network unreachable.
    ((DownloadConnectionRefusedError, error.ConnectError), Outcome.CONNECTION_REFUSED),
    ((CancelledError,), Outcome.CANCELLED),
    ((DownloadFailedError, ResponseFailed), Outcome.CONNECTION_LOST),
)
_MAX_DEPTH = 8  # links of a chain of causes; longer ones say nothing new
_MAX_NOTE = 200  # characters


def outcome_of(exception: BaseException) -> tuple[Outcome, str]:
    """Return how a request that ended with this exception ended, and a note for people.

    The causes inside an exception are asked before the exception itself, for the wrappers of
    Scrapy and Twisted say less than what they wrap. What is unknown is ``Outcome.ERROR``.
    """
    chain = list(_causes(exception, _MAX_DEPTH))
    for cause in chain:
        if isinstance(cause, Refused):
            return cause.outcome, cause.note
    for types, outcome in _OUTCOMES:
        for cause in chain:
            if isinstance(cause, types):
                return outcome, _note(cause)
    if isinstance(exception, ValueError) and "invalid hostname" in str(exception):
        return Outcome.URL_FORBIDDEN, _note(exception)
    return Outcome.ERROR, _note(exception)


def _causes(exception: BaseException, depth: int) -> Iterator[BaseException]:
    """Yield what is wrapped in an exception, innermost first, then the exception."""
    if depth:
        if isinstance(exception, _WrapperException):
            for reason in exception.reasons:
                yield from _causes(reason.value, depth - 1)
        if exception.__cause__ is not None:
            yield from _causes(exception.__cause__, depth - 1)
    yield exception


def _note(cause: BaseException) -> str:
    text = " ".join(str(cause).split())
    name = type(cause).__name__
    return (f"{name}: {text}" if text else name)[:_MAX_NOTE]
