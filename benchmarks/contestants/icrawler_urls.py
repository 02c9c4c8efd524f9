"""icrawler's downloader, 64 threads: LIST STORE."""

from __future__ import annotations

import sys

from icrawler.builtin import UrlListCrawler

crawler = UrlListCrawler(downloader_threads=64, storage={"root_dir": sys.argv[2]}, log_level=40)
crawler.crawl(sys.argv[1])
