"""The tables of the catalog. Columns named in the project's design keep their names.

Times are ISO 8601 text in UTC, hashes of 64 bits are signed numbers (see ``unsigned``), and what
only people and exports read is JSON. ``sightings.image_id`` is no foreign key: a crawl may tell of
a copy a moment before it tells of the image that it copies.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 6  # of the tables below; ``migrations`` leads older catalogs here

# SQLite counts rows by itself only in an INTEGER column.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, default="", server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, default=0, server_default="0")


schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True),
    _text("upgraded_at"),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    _text("source"),
    Column("arguments", JSON),  # the -a of the spider
    _text("started_at"),
    _text("finished_at"),  # "" while it runs, or when it was killed
    _count("found"),
    _count("kept"),
    _count("bytes"),
    Column("outcomes", JSON),
    Column("exit_code", Integer),
    _text("exit_reason"),
)

queries = Table(
    "queries",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("query_id", String(64), primary_key=True),
    _text("text"),
    Column("labels", JSON),
    Column("next_page", Integer, nullable=False, default=1, server_default="1"),
    Column("next", JSON(none_as_null=True)),  # what asks for next_page: number, address or token
    _count("found"),  # images on the pages that are done
    Column("outcome", String(32)),  # NULL while it is not finished
    _text("note"),
    Column("run_id", String(64), ForeignKey("runs.run_id")),  # that touched it last
    _text("started_at"),
    _text("ended_at"),
)

pages = Table(
    "pages",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("query_id", String(64), primary_key=True),
    Column("page", Integer, primary_key=True),
    _text("url"),
    Column("outcome", String(32), nullable=False),
    _count("found"),
    _text("note"),
    Column("run_id", String(64), ForeignKey("runs.run_id")),
    _text("read_at"),
)

sightings = Table(
    "sightings",
    metadata,
    Column("sighting_id", RowNumber, primary_key=True, autoincrement=True),
    # Where it was seen.
    Column("source", String(64), nullable=False),
    Column("query_id", String(64), nullable=False),
    Column("page", Integer, nullable=False, default=1, server_default="1"),
    Column("rank", Integer, nullable=False, default=0, server_default="0"),
    _text("url"),
    Column("url_hash", BigInteger, nullable=False),
    _text("page_url"),
    _text("thumbnail"),
    _text("alternates"),  # smaller copies, one a line, while a later run may try this URL again
    _text("source_id"),
    # What it is said to be.
    Column("width", Integer),
    Column("height", Integer),
    _text("title"),
    _text("description"),
    Column("tags", JSON),
    _text("taken"),
    _text("uploaded"),
    Column("labels", JSON),  # what the query stands for
    Column("extra", JSON),
    # Whose it is said to be.
    _text("license"),
    Column("license_evidence", SmallInteger, nullable=False, default=0, server_default="0"),
    _text("license_url"),
    _text("license_raw"),
    _text("author"),
    _text("author_url"),
    _text("attribution"),
    # How it ended.
    Column("outcome", String(32), nullable=False),
    Column("finality", SmallInteger, nullable=False),  # see sightings.Finality
    _text("note"),
    Column("attempts", Integer, nullable=False, default=0, server_default="0"),
    Column("image_id", String(64), index=True),
    Column("first_run_id", String(64), ForeignKey("runs.run_id")),
    Column("last_run_id", String(64), ForeignKey("runs.run_id")),
    _text("seen_at"),
    _text("ended_at"),
    # The hash stands for the URL, which may be 2,000 characters long, and leads the index, so
    # that the same index finds a URL whatever the query.
    UniqueConstraint("url_hash", "query_id", "source", name="one_sighting"),
    # Answers "which URLs are done?" from the index alone.
    Index("ended_urls", "finality", "attempts", "url_hash"),
    # Counts what the queries of a source have brought, without reading the rows.
    Index("ends_of_queries", "source", "outcome", "query_id"),
)

images = Table(
    "images",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("image_id", String(64), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("md5", String(32), nullable=False, index=True),
    _text("path"),  # inside the image store; "" when it was never stored
    _count("width"),  # pixels, upright
    _count("height"),
    _count("bytes"),
    _text("format"),
    _text("mime"),
    _text("mode"),
    Column("flags", JSON),
    Column("pixel_hash", String(16), nullable=False, index=True),
    Column("phash", BigInteger, nullable=False),
    Column("dhash", BigInteger, nullable=False),
    # Rights.
    _text("license"),
    Column("license_evidence", SmallInteger, nullable=False, default=0, server_default="0"),
    _text("license_url"),
    _text("license_raw"),
    _text("license_read_at"),
    Column("openness", Integer, nullable=False, default=0, server_default="0"),
    _text("reservation"),  # "free", "reserved", or "" when nothing was asked
    Column("reservation_signals", JSON),
    _text("reservation_checked_at"),
    Column("embedded", JSON),  # rights statements inside the file
    # What is on it.
    Column("labels", JSON),
    Column("car_score", Float),
    Column("part_score", Float),
    Column("top_labels", JSON),
    _text("view"),
    _text("model"),
    Column("features", LargeBinary),  # float16
    Column(
        "body_counts", JSON(none_as_null=True)
    ),  # what ``scrapy counts --join`` knows of its model
    # Its place in the dataset.
    Column("verdict", String(16), nullable=False, index=True),
    Column("superseded_by", String(64), ForeignKey("images.image_id")),
    _text("served_url"),
    Column("served_headers", JSON),
    _text("fetched_at"),
    Column("run_id", String(64), ForeignKey("runs.run_id"), index=True),
    # Orders the review queue without reading the rows, which their features make large.
    Index("queue_for_review", "verdict", "car_score"),
    sqlite_autoincrement=True,  # a sequence number is never used again
)

counts = Table(
    "counts",
    metadata,
    Column("count_id", RowNumber, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),  # the engine that was asked
    Column("query_id", String(64), nullable=False),  # the same as of a query for images
    _text("text"),
    Column("labels", JSON),
    Column("total", BigInteger),  # NULL: the engine answered, and told no total
    _text("counted_at"),
    Column("run_id", String(64), ForeignKey("runs.run_id")),
    _text("word"),  # the word that was added to the vehicle: car, suv, truck, van
    _text("raw"),  # as the engine wrote it
    _text("language"),  # in which it was asked; "" where the engine knows none
    UniqueConstraint("source", "query_id", "counted_at", name="one_count"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("review_id", RowNumber, primary_key=True, autoincrement=True),
    Column("image_id", String(64), ForeignKey("images.image_id"), nullable=False, index=True),
    _text("rater"),
    Column("decision", String(16), nullable=False),
    Column("labels", JSON),
    _text("note"),
    Column("undone", Boolean, nullable=False, default=False),
    _text("reviewed_at"),
)

review_actions = Table(  # every decision and every undoing, in the order of their arrival
    "review_actions",
    metadata,
    Column("action_id", RowNumber, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),  # made up by who sends it
    Column("image_id", String(64), ForeignKey("images.image_id"), nullable=False, index=True),
    Column("review_id", BigInteger, nullable=False, index=True),
    Column("undo", Boolean, nullable=False),  # False: it made the decision; True: it took it back
)

review_places = Table(  # where each person has stopped
    "review_places",
    metadata,
    Column("rater", Text, primary_key=True),
    Column("place", JSON, nullable=False),
)

duplicate_groups = Table(
    "duplicate_groups",
    metadata,
    Column("group_id", String(64), primary_key=True),
    Column("image_id", String(64), ForeignKey("images.image_id"), primary_key=True),
    Column("level", String(32), nullable=False),
    Column("distance", Integer),
    _text("grouped_at"),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("kind", String(16), primary_key=True),  # "url", "sha256", "phash", "author", "host"...
    Column("value", String(64), primary_key=True),  # hash of the URL, sha256 or pHash, in hex
    _text("reason"),
    _text("removed_at"),
)

releases = Table(
    "releases",
    metadata,
    Column("release_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),  # 1, then one more for each patch
    _text("format"),
    _text("mode"),
    _text("destination"),  # absolute path
    Column("options", JSON),  # what made it: enough to make it again
    Column("image_numbers", LargeBinary),  # ``images.seq`` of its images: see releases.py
    _count("image_count"),
    _count("bytes"),
    _text("digest"),  # sha256 of its SHA256SUMS
    _text("made_at"),
    _text("withdrawn_at"),  # "" while it stands
)

verifications = Table(
    "verifications",
    metadata,
    Column("verification_id", RowNumber, primary_key=True, autoincrement=True),
    Column("run_id", String(64), nullable=False, index=True),  # one verify run
    Column("image_id", String(64), nullable=False, index=True),
    _text("url"),
    Column("verdict", String(32), nullable=False),
    _text("note"),
    _text("license"),  # what the source says today; "" when it was not asked
    _text("verified_at"),
)

# --- What `scrapy curate` and `scrapy review` know --------------------------------------------

scores = Table(
    "scores",
    metadata,
    Column("image_id", String(64), ForeignKey("images.image_id"), primary_key=True),
    Column("kind", String(32), primary_key=True),  # a name of carsets.curation.kinds
    Column("score", Float, nullable=False),  # 0 = nothing to doubt, 1 = surely wrong
    _text("reason"),  # for people
    _text("scored_at"),
)

pair_verdicts = Table(
    "pair_verdicts",
    metadata,
    Column("image_a", String(64), primary_key=True),  # the smaller id of the two
    Column("image_b", String(64), primary_key=True),
    Column("same", Boolean, nullable=False),  # whether people call them one picture
    _text("rater"),
    _text("decided_at"),
)

spot_checks = Table(
    "spot_checks",
    metadata,
    Column("check_id", String(64), primary_key=True),
    Column("plan", JSON),  # strata, seed, size: enough to draw the same sample again
    Column("image_ids", JSON),
    Column("result", JSON(none_as_null=True)),  # NULL until all are reviewed
    _text("made_at"),
    _text("finished_at"),
)

# --- What `scrapy redetect` knows -------------------------------------------------------------

batch_jobs = Table(  # work over the whole catalog that can be stopped and gone on with
    "batch_jobs",
    metadata,
    Column("job_id", RowNumber, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("options", JSON, nullable=False),  # the same options go on with it
    _count("last_seq"),  # the newest image that it looks at
    _count("done_to"),  # its images up to this number are done
    Column("tally", JSON, nullable=False),  # how they ended
    _text("started_at"),
    _text("finished_at"),  # "" while it runs, or was stopped
)

past_detections = Table(  # what was said of an image before it was looked at again
    "past_detections",
    metadata,
    Column("job_id", BigInteger, primary_key=True),  # that overwrote it
    Column("image_id", String(64), ForeignKey("images.image_id"), primary_key=True),
    _text("model"),
    Column("car_score", Float),
    Column("part_score", Float),
    Column("top_labels", JSON),
    _text("view"),
    Column("verdict", String(16), nullable=False),
)

# --- What `scrapy baseline` and `scrapy iterate` know ------------------------------------------

lessons = Table(  # what was learnt from the features, and how good that is
    "lessons",
    metadata,
    Column("lesson_id", RowNumber, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),  # "baseline" or "iterate"
    _text("subject"),  # the label that was learnt; "" for a round of `scrapy iterate`
    Column("options", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    _text("learnt_at"),
)

# --- What workers that share a plan know of each other ----------------------------------------
# All of it is of use only while they work. Times are seconds since 1970 on the database's clock.

workers = Table(
    "workers",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("source", String(64), nullable=False, index=True),
    _text("plan"),  # what it was asked to do: workers with the same share one limit
    Column("expires_at", Float, nullable=False),  # dead from then on, unless it says that it lives
    Column("has_left", Boolean, nullable=False),  # it has ended by itself
    _text("bench"),  # how the source has refused it; "" = it has not
    _count("outstanding"),  # images that it may still keep, of the plan's limit
)

query_leases = Table(
    "query_leases",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("query_id", String(64), primary_key=True),
    Column("place", Integer, nullable=False),  # in the plan of who came first
    _text("run_id"),  # who asks it; "" = nobody
)

url_claims = Table(
    "url_claims",
    metadata,
    Column("url_hash", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", String(64), nullable=False, index=True),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("next_at", Float, nullable=False),  # when it may be sent the next request
)

host_bytes = Table(
    "host_bytes",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("day", String(10), primary_key=True),  # ISO 8601, UTC
    Column("bytes", BigInteger, nullable=False),  # that it gave, over all runs
)

host_requests = Table(  # under way
    "host_requests",
    metadata,
    Column("request_id", String(64), primary_key=True),
    Column("host", String(255), nullable=False, index=True),
    Column("run_id", String(64), nullable=False, index=True),
)
