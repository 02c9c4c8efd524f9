"""Reading what the sources answer: plain functions, apart from Scrapy."""
