"""One file per command of ``scrapy``."""
