-- The tables that carsets made at schema 5, on sqlite: what the upgrade is held against.
CREATE TABLE batch_jobs (
  job_id INTEGER NOT NULL,
  kind VARCHAR(32) NOT NULL,
  options JSON NOT NULL,
  last_seq BIGINT DEFAULT '0' NOT NULL,
  done_to BIGINT DEFAULT '0' NOT NULL,
  tally JSON NOT NULL,
  started_at TEXT DEFAULT '' NOT NULL,
  finished_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (job_id)
);
CREATE TABLE host_requests (
  request_id VARCHAR(64) NOT NULL,
  host VARCHAR(255) NOT NULL,
  run_id VARCHAR(64) NOT NULL,
  PRIMARY KEY (request_id)
);
CREATE INDEX ix_host_requests_host ON host_requests (host);
CREATE INDEX ix_host_requests_run_id ON host_requests (run_id);
CREATE TABLE hosts (
  host VARCHAR(255) NOT NULL,
  next_at FLOAT NOT NULL,
  PRIMARY KEY (host)
);
CREATE TABLE lessons (
  lesson_id INTEGER NOT NULL,
  kind VARCHAR(32) NOT NULL,
  subject TEXT DEFAULT '' NOT NULL,
  options JSON NOT NULL,
  result JSON NOT NULL,
  learnt_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (lesson_id)
);
CREATE TABLE pair_verdicts (
  image_a VARCHAR(64) NOT NULL,
  image_b VARCHAR(64) NOT NULL,
  same BOOLEAN NOT NULL,
  rater TEXT DEFAULT '' NOT NULL,
  decided_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (image_a, image_b)
);
CREATE TABLE query_leases (
  source VARCHAR(64) NOT NULL,
  query_id VARCHAR(64) NOT NULL,
  place INTEGER NOT NULL,
  run_id TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (source, query_id)
);
CREATE TABLE releases (
  release_id VARCHAR(64) NOT NULL,
  version INTEGER NOT NULL,
  format TEXT DEFAULT '' NOT NULL,
  mode TEXT DEFAULT '' NOT NULL,
  destination TEXT DEFAULT '' NOT NULL,
  options JSON,
  image_numbers BLOB,
  image_count BIGINT DEFAULT '0' NOT NULL,
  bytes BIGINT DEFAULT '0' NOT NULL,
  digest TEXT DEFAULT '' NOT NULL,
  made_at TEXT DEFAULT '' NOT NULL,
  withdrawn_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (release_id)
);
CREATE TABLE review_places (
  rater TEXT NOT NULL,
  place JSON NOT NULL,
  PRIMARY KEY (rater)
);
CREATE TABLE runs (
  run_id VARCHAR(64) NOT NULL,
  source TEXT DEFAULT '' NOT NULL,
  arguments JSON,
  started_at TEXT DEFAULT '' NOT NULL,
  finished_at TEXT DEFAULT '' NOT NULL,
  found BIGINT DEFAULT '0' NOT NULL,
  kept BIGINT DEFAULT '0' NOT NULL,
  bytes BIGINT DEFAULT '0' NOT NULL,
  outcomes JSON,
  exit_code INTEGER,
  exit_reason TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (run_id)
);
CREATE TABLE schema_version (
  version INTEGER NOT NULL,
  upgraded_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (version)
);
CREATE TABLE spot_checks (
  check_id VARCHAR(64) NOT NULL,
  "plan" JSON,
  image_ids JSON,
  result JSON,
  made_at TEXT DEFAULT '' NOT NULL,
  finished_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (check_id)
);
CREATE TABLE tombstones (
  kind VARCHAR(16) NOT NULL,
  value VARCHAR(64) NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  removed_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (kind, value)
);
CREATE TABLE url_claims (
  url_hash BIGINT NOT NULL,
  run_id VARCHAR(64) NOT NULL,
  PRIMARY KEY (url_hash)
);
CREATE INDEX ix_url_claims_run_id ON url_claims (run_id);
CREATE TABLE verifications (
  verification_id INTEGER NOT NULL,
  run_id VARCHAR(64) NOT NULL,
  image_id VARCHAR(64) NOT NULL,
  url TEXT DEFAULT '' NOT NULL,
  verdict VARCHAR(32) NOT NULL,
  note TEXT DEFAULT '' NOT NULL,
  license TEXT DEFAULT '' NOT NULL,
  verified_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (verification_id)
);
CREATE INDEX ix_verifications_image_id ON verifications (image_id);
CREATE INDEX ix_verifications_run_id ON verifications (run_id);
CREATE TABLE workers (
  run_id VARCHAR(64) NOT NULL,
  source VARCHAR(64) NOT NULL,
  "plan" TEXT DEFAULT '' NOT NULL,
  expires_at FLOAT NOT NULL,
  has_left BOOLEAN NOT NULL,
  bench TEXT DEFAULT '' NOT NULL,
  outstanding BIGINT DEFAULT '0' NOT NULL,
  PRIMARY KEY (run_id)
);
CREATE INDEX ix_workers_source ON workers (source);
CREATE TABLE counts (
  count_id INTEGER NOT NULL,
  source VARCHAR(64) NOT NULL,
  query_id VARCHAR(64) NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  labels JSON,
  total BIGINT,
  counted_at TEXT DEFAULT '' NOT NULL,
  run_id VARCHAR(64),
  word TEXT DEFAULT '' NOT NULL,
  raw TEXT DEFAULT '' NOT NULL,
  language TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (count_id),
  CONSTRAINT one_count UNIQUE (source, query_id, counted_at),
  FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE TABLE images (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  image_id VARCHAR(64) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  md5 VARCHAR(32) NOT NULL,
  path TEXT DEFAULT '' NOT NULL,
  width BIGINT DEFAULT '0' NOT NULL,
  height BIGINT DEFAULT '0' NOT NULL,
  bytes BIGINT DEFAULT '0' NOT NULL,
  format TEXT DEFAULT '' NOT NULL,
  mime TEXT DEFAULT '' NOT NULL,
  mode TEXT DEFAULT '' NOT NULL,
  flags JSON,
  pixel_hash VARCHAR(16) NOT NULL,
  phash BIGINT NOT NULL,
  dhash BIGINT NOT NULL,
  license TEXT DEFAULT '' NOT NULL,
  license_evidence SMALLINT DEFAULT '0' NOT NULL,
  license_url TEXT DEFAULT '' NOT NULL,
  license_raw TEXT DEFAULT '' NOT NULL,
  license_read_at TEXT DEFAULT '' NOT NULL,
  openness INTEGER DEFAULT '0' NOT NULL,
  reservation TEXT DEFAULT '' NOT NULL,
  reservation_signals JSON,
  reservation_checked_at TEXT DEFAULT '' NOT NULL,
  embedded JSON,
  labels JSON,
  car_score FLOAT,
  part_score FLOAT,
  top_labels JSON,
  "view" TEXT DEFAULT '' NOT NULL,
  model TEXT DEFAULT '' NOT NULL,
  features BLOB,
  body_counts JSON,
  verdict VARCHAR(16) NOT NULL,
  superseded_by VARCHAR(64),
  served_url TEXT DEFAULT '' NOT NULL,
  served_headers JSON,
  fetched_at TEXT DEFAULT '' NOT NULL,
  run_id VARCHAR(64),
  UNIQUE (image_id),
  UNIQUE (sha256),
  FOREIGN KEY(superseded_by) REFERENCES images (image_id),
  FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE INDEX ix_images_md5 ON images (md5);
CREATE INDEX ix_images_pixel_hash ON images (pixel_hash);
CREATE INDEX ix_images_run_id ON images (run_id);
CREATE INDEX ix_images_verdict ON images (verdict);
CREATE INDEX queue_for_review ON images (verdict, car_score);
CREATE TABLE pages (
  source VARCHAR(64) NOT NULL,
  query_id VARCHAR(64) NOT NULL,
  page INTEGER NOT NULL,
  url TEXT DEFAULT '' NOT NULL,
  outcome VARCHAR(32) NOT NULL,
  found BIGINT DEFAULT '0' NOT NULL,
  note TEXT DEFAULT '' NOT NULL,
  run_id VARCHAR(64),
  read_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (source, query_id, page),
  FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE TABLE queries (
  source VARCHAR(64) NOT NULL,
  query_id VARCHAR(64) NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  labels JSON,
  next_page INTEGER DEFAULT '1' NOT NULL,
  next JSON,
  found BIGINT DEFAULT '0' NOT NULL,
  outcome VARCHAR(32),
  note TEXT DEFAULT '' NOT NULL,
  run_id VARCHAR(64),
  started_at TEXT DEFAULT '' NOT NULL,
  ended_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (source, query_id),
  FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE TABLE sightings (
  sighting_id INTEGER NOT NULL,
  source VARCHAR(64) NOT NULL,
  query_id VARCHAR(64) NOT NULL,
  page INTEGER DEFAULT '1' NOT NULL,
  rank INTEGER DEFAULT '0' NOT NULL,
  url TEXT DEFAULT '' NOT NULL,
  url_hash BIGINT NOT NULL,
  page_url TEXT DEFAULT '' NOT NULL,
  thumbnail TEXT DEFAULT '' NOT NULL,
  source_id TEXT DEFAULT '' NOT NULL,
  width INTEGER,
  height INTEGER,
  title TEXT DEFAULT '' NOT NULL,
  description TEXT DEFAULT '' NOT NULL,
  tags JSON,
  taken TEXT DEFAULT '' NOT NULL,
  uploaded TEXT DEFAULT '' NOT NULL,
  labels JSON,
  extra JSON,
  license TEXT DEFAULT '' NOT NULL,
  license_evidence SMALLINT DEFAULT '0' NOT NULL,
  license_url TEXT DEFAULT '' NOT NULL,
  license_raw TEXT DEFAULT '' NOT NULL,
  author TEXT DEFAULT '' NOT NULL,
  author_url TEXT DEFAULT '' NOT NULL,
  attribution TEXT DEFAULT '' NOT NULL,
  outcome VARCHAR(32) NOT NULL,
  finality SMALLINT NOT NULL,
  note TEXT DEFAULT '' NOT NULL,
  attempts INTEGER DEFAULT '0' NOT NULL,
  image_id VARCHAR(64),
  first_run_id VARCHAR(64),
  last_run_id VARCHAR(64),
  seen_at TEXT DEFAULT '' NOT NULL,
  ended_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (sighting_id),
  CONSTRAINT one_sighting UNIQUE (url_hash, query_id, source),
  FOREIGN KEY(first_run_id) REFERENCES runs (run_id),
  FOREIGN KEY(last_run_id) REFERENCES runs (run_id)
);
CREATE INDEX ended_urls ON sightings (finality, attempts, url_hash);
CREATE INDEX ends_of_queries ON sightings (source, outcome, query_id);
CREATE INDEX ix_sightings_image_id ON sightings (image_id);
CREATE TABLE duplicate_groups (
  group_id VARCHAR(64) NOT NULL,
  image_id VARCHAR(64) NOT NULL,
  level VARCHAR(32) NOT NULL,
  distance INTEGER,
  grouped_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (group_id, image_id),
  FOREIGN KEY(image_id) REFERENCES images (image_id)
);
CREATE TABLE past_detections (
  job_id BIGINT NOT NULL,
  image_id VARCHAR(64) NOT NULL,
  model TEXT DEFAULT '' NOT NULL,
  car_score FLOAT,
  part_score FLOAT,
  top_labels JSON,
  "view" TEXT DEFAULT '' NOT NULL,
  verdict VARCHAR(16) NOT NULL,
  PRIMARY KEY (job_id, image_id),
  FOREIGN KEY(image_id) REFERENCES images (image_id)
);
CREATE TABLE review_actions (
  action_id INTEGER NOT NULL,
  "key" VARCHAR(64) NOT NULL,
  image_id VARCHAR(64) NOT NULL,
  review_id BIGINT NOT NULL,
  undo BOOLEAN NOT NULL,
  PRIMARY KEY (action_id),
  UNIQUE ("key"),
  FOREIGN KEY(image_id) REFERENCES images (image_id)
);
CREATE INDEX ix_review_actions_image_id ON review_actions (image_id);
CREATE INDEX ix_review_actions_review_id ON review_actions (review_id);
CREATE TABLE reviews (
  review_id INTEGER NOT NULL,
  image_id VARCHAR(64) NOT NULL,
  rater TEXT DEFAULT '' NOT NULL,
  decision VARCHAR(16) NOT NULL,
  labels JSON,
  note TEXT DEFAULT '' NOT NULL,
  undone BOOLEAN NOT NULL,
  reviewed_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (review_id),
  FOREIGN KEY(image_id) REFERENCES images (image_id)
);
CREATE INDEX ix_reviews_image_id ON reviews (image_id);
CREATE TABLE scores (
  image_id VARCHAR(64) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  score FLOAT NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  scored_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (image_id, kind),
  FOREIGN KEY(image_id) REFERENCES images (image_id)
);
INSERT INTO schema_version (version, upgraded_at) VALUES (5, '');
