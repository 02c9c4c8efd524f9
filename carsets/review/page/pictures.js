// The originals, fetched with the token and kept for a while: the next ones before they are needed.

const MOST_KEPT = 60;

export class Pictures {
  constructor(server) {
    this.server = server;
    this.kept = new Map(); // id -> {promise, abort, url}; the oldest first
  }

  // Returns a promise of an address that an <img> can show, or of null where there is no file.
  get(id) {
    let entry = this.kept.get(id);
    if (entry) {
      this.kept.delete(id);
    } else {
      entry = this.#fetch(id);
    }
    this.kept.set(id, entry);
    this.#trim();
    return entry.promise;
  }

  // Fetches what is not there yet, and lets go of downloads that nobody waits for any more.
  expect(ids) {
    const wanted = new Set(ids);
    for (const [id, entry] of this.kept) {
      if (!entry.url && !entry.gone && !wanted.has(id)) {
        entry.abort.abort();
        this.kept.delete(id);
      }
    }
    for (const id of ids) this.get(id);
  }

  #fetch(id) {
    const entry = { abort: new AbortController(), url: null, gone: false };
    entry.promise = this.server.image(id, entry.abort.signal).then(
      (blob) => (entry.url = URL.createObjectURL(blob)),
      (error) => {
        entry.gone = error.status === 404;
        if (!entry.gone && this.kept.get(id) === entry) this.kept.delete(id); // to be tried again
        return null;
      },
    );
    return entry;
  }

  #trim() {
    for (const [id, entry] of this.kept) {
      if (this.kept.size <= MOST_KEPT) return;
      if (entry.url) URL.revokeObjectURL(entry.url);
      else entry.abort.abort();
      this.kept.delete(id);
    }
  }
}
