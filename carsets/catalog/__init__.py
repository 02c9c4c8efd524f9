"""The one database that is the truth of a dataset. Nothing here knows of Scrapy."""
