"""Signals between the spiders, the ledger and the progress display.

Sent through ``crawler.signals.send_catch_log(signal, spider=..., **facts)``; receivers name the
facts they want.
"""

query_page_read = object()
"""One answer of a source was read. Facts: ``query`` (Query), ``page`` (int), ``outcome``
(QueryOutcome), ``found`` (int, images taken from it), ``last`` (bool: no page will follow),
``next`` (str | int | None: what asks for the page after it), ``note`` (str), ``url`` (str)."""

query_ended = object()
"""No more pages will be asked for a query. Facts: ``query`` (Query), ``outcome``
(QueryOutcome), ``note`` (str)."""

image_found = object()
"""An image entered the way of an image. Facts: ``item`` (CarImage)."""

image_replaced = object()
"""A better copy took the place of images that this run had stored. Facts: ``replaced`` (image id ->
the Outcome that its URLs have from now on), ``by`` (image id)."""
