"""Looking at images. A plain Python library: nothing here knows of Scrapy."""
