"""Looks at a set-up before a crawl has to find out: what is well, what is not, what to do."""
