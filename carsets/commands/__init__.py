"""Commands that carsets adds to ``scrapy``."""

# Where Scrapy marks old names it looks at the source of every caller: 0.4 s in the midst of the
# imports of a command, 0.06 s here.
import scrapy.core.downloader.contextfactory  # noqa: F401
