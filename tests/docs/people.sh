# What docs/people.md takes for granted: a dataset.
scrapy crawl openverse -a vehicles="Ford Mustang" -a colors=red -a limit=12 -a per_query=20 \
    -s CAR_DETECTION_ENABLED=False -s CONTACT=test@example.org
