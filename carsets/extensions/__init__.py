"""What listens to the crawl: the ledger, the receipt, the progress display."""
