"""What a crawl is doing, and what it brought, as Prometheus metrics."""
