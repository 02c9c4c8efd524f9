"""A small dataset to look at, and a review of it."""

import json
import threading
from contextlib import contextmanager
from http.client import HTTPConnection

from sqlalchemy import select

from carsets.catalog.reviews import Decision
from carsets.catalog.schema import duplicate_groups, images, queries, scores
from carsets.review.desk import Desk
from carsets.review.server import ReviewServer
from tests.release.conftest import Dataset, jpeg


class ReviewData(Dataset):
    """A dataset with ways to doubt its images."""

    def id(self, sha256):
        return sha256[:16]

    def add_many(self, count, files=0):
        """Add images quickly, which share so many files; return their ids."""
        rows, paths = [], [f"{number}.jpg" for number in range(files)] or [""]
        for number in range(files):
            (self.store / paths[number]).write_bytes(jpeg(number))
        for number in range(count):
            digest = f"{number:08x}" * 8
            rows.append(
                {
                    "image_id": digest[:16],
                    "sha256": digest,
                    "md5": digest[:32],
                    "pixel_hash": digest[:16],
                    "phash": number,
                    "dhash": number,
                    "verdict": "keep",
                    "path": paths[number % len(paths)],
                    "mime": "image/jpeg",
                    "labels": {"make": "Ford", "color": "red"},
                }
            )
        with self.catalog._write() as connection:
            connection.execute(images.insert(), rows)
        return [row["image_id"] for row in rows]

    def doubt(self, image_id, score, kind="doubt", reason="because"):
        with self.catalog._write() as connection:
            row = {"image_id": image_id, "kind": kind, "score": score, "reason": reason}
            connection.execute(scores.insert(), row)

    def review_by(self, rater, image_id, decision, labels=None):
        said = Decision(
            key=f"{rater}:{image_id}", image_id=image_id, decision=decision, labels=labels
        )
        self.catalog.record_reviews(rater, [said], "2026-02-01T00:00:00+00:00")

    def verdict(self, image_id, verdict):
        with self.catalog._write() as connection:
            which = images.c.image_id == image_id
            connection.execute(images.update().where(which).values(verdict=verdict))

    def every(self):
        with self.catalog._read() as connection:
            return list(connection.scalars(select(images.c.sha256).order_by(images.c.seq)))

    def group(self, *image_ids):
        with self.catalog._write() as connection:
            rows = [{"group_id": image_ids[0], "image_id": i, "level": "near"} for i in image_ids]
            connection.execute(duplicate_groups.insert(), rows)

    def ask(self, source, query_id, text, **labels):
        with self.catalog._write() as connection:
            row = {"source": source, "query_id": query_id, "text": text, "labels": labels}
            connection.execute(queries.insert(), row)

    def desk(self, **options):
        return Desk(self.catalog, "test", **options)

    @contextmanager
    def serving(self, *raters, port=0, **options):
        """Serve the review page; gives a function from rater to ``Client``."""
        raters = raters or ("ann",)
        desk = self.desk(**options)
        with ReviewServer(desk, self.store, raters, host="127.0.0.1", port=port) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            try:
                yield server
            finally:
                server.shutdown()
                thread.join()


class Client:
    """Somebody who talks to the server without its page."""

    def __init__(self, server, rater="ann", **headers):
        self.server = server
        token = next(token for token, name in server.tokens.items() if name == rater)
        self.headers = {
            "Host": f"127.0.0.1:{server.port}",
            "Authorization": f"Bearer {token}",
        } | {name.replace("_", "-"): value for name, value in headers.items()}

    def ask(self, method, path, body=None):
        """Return the status, the headers and the body."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        headers = self.headers
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers = {"Content-Type": "application/json", "Content-Length": len(body)} | headers
        for name, value in headers.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, answer.headers, read

    def get(self, path):
        status, _, body = self.ask("GET", path)
        assert status == 200, body
        return json.loads(body)

    def post(self, path, body):
        status, _, body = self.ask("POST", path, body)
        assert status == 200, body
        return json.loads(body)

    def decide(self, *decisions):
        return self.post("/api/decisions", {"decisions": list(decisions)})["results"]


def decision(key, image_id, what="keep", **more):
    """Return a decision as a page sends it."""
    return {"key": f"{key}-0000-0000", "image_id": image_id, "decision": what} | more


def undo(key, of):
    """Return the undoing of one."""
    return {"key": f"{key}-0000-0000", "undoes": f"{of}-0000-0000"}
