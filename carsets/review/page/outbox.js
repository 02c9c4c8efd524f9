// Decisions on their way. Each is in the browser's storage before anything else happens, and stays
// there until the server says that it is in the catalog. It has a key of its own, so sending it
// again does no harm: not after a lost answer, not after a restart, not from two windows.

const MOST_AT_ONCE = 100;
const RETRY = [500, 1000, 2000, 5000]; // milliseconds; the last one for ever

export class Outbox {
  // tell(state) with {waiting, problem}; done(result, entry) for every decision that was answered.
  constructor(server, owner, { tell, done, place }) {
    this.server = server;
    this.prefix = `carsets-review:${owner}:`;
    this.tell = tell;
    this.done = done;
    this.place = place;
    this.waiting = []; // [name in the storage, entry]
    this.sending = false;
    this.failures = 0;
    this.count = 0;
    this.#adopt();
  }

  get size() {
    return this.waiting.length;
  }

  add(entry) {
    const number = String(this.count++).padStart(8, "0");
    const name = `${this.prefix}${Date.now()}-${number}-${entry.key}`;
    try {
      localStorage.setItem(name, JSON.stringify(entry));
    } catch {
      // full or forbidden: it is still in memory
    }
    this.waiting.push([name, entry]);
    this.#report("");
    this.send();
  }

  // What an earlier page, or one that was closed too soon, could not send.
  #adopt() {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(this.prefix));
    for (const name of names.sort()) {
      try {
        this.waiting.push([name, JSON.parse(localStorage.getItem(name))]);
      } catch {
        localStorage.removeItem(name);
      }
    }
  }

  async send() {
    if (this.sending || !this.waiting.length) return;
    this.sending = true;
    let pause = 0;
    try {
      await this.#sendSome(this.waiting.slice(0, MOST_AT_ONCE), this.place());
      this.failures = 0;
    } catch (error) {
      pause = RETRY[Math.min(this.failures++, RETRY.length - 1)];
      this.#report(error.message || String(error), error.status);
    }
    this.sending = false;
    setTimeout(() => this.send(), pause);
  }

  // The server takes nothing of a batch that holds something malformed: then each goes alone, and
  // only that one is given up, and named.
  async #sendSome(batch, place) {
    const decisions = batch.map(([, entry]) => entry);
    let answer;
    try {
      answer = await this.server.post("/api/decisions", { decisions, place });
    } catch (error) {
      if (error.status !== 400) throw error;
      if (batch.length > 1) {
        for (const one of batch) await this.#sendSome([one], undefined);
        return;
      }
      answer = { results: [{ state: "refused", why: error.message }] };
    }
    const names = new Set(batch.map(([name]) => name));
    this.waiting = this.waiting.filter(([name]) => !names.has(name));
    for (const name of names) localStorage.removeItem(name);
    answer.results.forEach((result, n) => this.done(result, decisions[n], answer));
    this.#report("");
  }

  #report(problem, status = 0) {
    this.tell({ waiting: this.waiting.length, problem, status });
  }
}
