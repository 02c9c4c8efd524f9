// Talks to the server that this page came from. The token stands behind the # of the link, which
// no browser sends, and is put into a header, which no other site can do.

export class ServerError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Server {
  constructor() {
    const given = location.hash.slice(1);
    if (given) {
      sessionStorage.setItem("carsets-token", given);
      history.replaceState(null, "", location.pathname); // out of sight, and out of bookmarks
    }
    this.token = sessionStorage.getItem("carsets-token") ?? "";
  }

  async get(path, asked = {}, signal = undefined) {
    const query = new URLSearchParams(asked);
    return (await this.#ask(`${path}?${query}`, { signal })).json();
  }

  async post(path, body, keepalive = false) {
    const headers = { "Content-Type": "application/json" };
    const sent = { method: "POST", headers, body: JSON.stringify(body), keepalive };
    return (await this.#ask(path, sent)).json();
  }

  async image(id, signal) {
    return (await this.#ask(`/images/${id}`, { signal })).blob();
  }

  async #ask(path, options) {
    const headers = { ...options.headers, Authorization: `Bearer ${this.token}` };
    const answer = await fetch(path, { ...options, headers, credentials: "omit" });
    if (answer.ok) return answer;
    let problem = answer.statusText;
    try {
      problem = (await answer.json()).problem ?? problem;
    } catch {
      // no JSON: the status has to do
    }
    throw new ServerError(answer.status, problem);
  }
}
