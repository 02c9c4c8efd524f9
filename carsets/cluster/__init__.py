"""Workers that share a plan: what one asks of the others, through the catalog. No Scrapy here."""
