// What is known of an image, in words. All of it was written by strangers: it only ever becomes
// text, never markup, and addresses become links only when they lead to the web.

export function element(tag, facts = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name === "class") made.className = value;
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function foreign(text) {
  return element("bdi", {}, text);
}

function link(address, text) {
  if (!/^https?:\/\//i.test(address)) return foreign(text);
  const facts = { href: address, target: "_blank", rel: "noopener noreferrer" };
  return element("a", facts, foreign(text));
}

function hostOf(address) {
  try {
    return new URL(address).host;
  } catch {
    return "";
  }
}

// --- People's word ---------------------------------------------------------------------------

// Of each thing the newest decision counts; `reviews` are the oldest first.
export function wordOf(reviews) {
  const word = { verdict: "", view: "", labels: {} };
  for (const review of reviews) {
    if (review.decision === "skip") continue;
    if (review.decision === "keep" || review.decision === "drop") word.verdict = review.decision;
    for (const [name, value] of Object.entries(review.labels ?? {})) {
      if (name === "view") word.view = value;
      else word.labels[name] = value;
    }
  }
  return word;
}

export function labelsOf(item) {
  const labels = { ...item.labels, ...wordOf(item.reviews).labels };
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value));
}

// The newest decision of a person that says what the image is, for the mark on it.
export function markOf(item, rater) {
  const mine = item.reviews.filter((review) => review.rater === rater);
  return mine.length ? mine[mine.length - 1].decision : "";
}

export const MARKS = {
  keep: "kept",
  drop: "dropped",
  relabel: "relabelled",
  view: "view set",
  skip: "skipped",
};

export function inConflict(item) {
  const verdicts = new Map();
  for (const review of item.reviews) {
    if (review.decision === "keep" || review.decision === "drop") {
      verdicts.set(review.rater, review.decision);
    }
  }
  return new Set(verdicts.values()).size > 1;
}

export function sayReview(review) {
  const changed = Object.entries(review.labels ?? {})
    .map(([name, value]) => `${name} ${value || "none"}`)
    .join(", ");
  const words = { keep: changed ? `keep: ${changed}` : "keep the picture", view: changed };
  const said = words[review.decision] ?? (changed || review.decision);
  return `${review.rater}: ${said}${review.note ? ` (${review.note})` : ""}`;
}

// --- The panel -------------------------------------------------------------------------------

export function renderPanel(panel, item, { rater, names, judge, chosenMate, pictures }) {
  panel.replaceChildren(
    ...[
      labelsSection(item, names),
      doubtsSection(item),
      matesSection(item, { rater, judge, chosenMate, pictures }),
      reviewsSection(item),
      factsSection(item),
    ].filter(Boolean),
  );
}

function labelsSection(item, names) {
  const now = labelsOf(item);
  const word = wordOf(item.reviews);
  const list = element("dl", { class: "labels" });
  const all = [...names, ...Object.keys({ ...item.labels, ...word.labels }).sort()];
  for (const name of new Set(all)) {
    if (!now[name] && !item.labels[name]) continue;
    const value = element("dd", {});
    if (item.labels[name] && item.labels[name] !== now[name]) {
      value.append(element("del", {}, foreign(item.labels[name])));
    }
    const current = foreign(now[name] ?? "none");
    if (name in word.labels) current.className = "by-people";
    value.append(current);
    list.append(element("dt", {}, name), value);
  }
  if (!list.children.length) list.append(element("dd", { class: "soft" }, "no labels"));
  const view = word.view || (item.view === "exterior" ? "" : item.view);
  if (view) list.append(element("dt", {}, "view"), element("dd", {}, view));
  return element("section", { "aria-label": "Labels" }, list);
}

function doubtsSection(item) {
  const section = element("section", {}, element("h3", {}, "Why it is doubted"));
  const doubts = item.doubts.filter((doubt) => doubt.kind !== "doubt");
  for (const doubt of doubts) {
    const head = element(
      "div",
      {},
      element("meter", { min: 0, max: 1, value: doubt.score }),
      element("b", {}, doubt.kind.replaceAll("_", " ")),
    );
    const reason = element("p", {}, foreign(doubt.reason));
    section.append(element("div", { class: "doubt" }, head, reason));
  }
  if (item.car_score !== null) {
    const seen = item.top_labels.map(([label, share]) => `${label} ${Math.round(share * 100)} %`);
    const text = `The detector calls it a car with ${Math.round(item.car_score * 100)} %`;
    section.append(
      element("p", { class: "soft" }, seen.length ? `${text}: ${seen.join(", ")}` : text),
    );
  } else if (!doubts.length) {
    section.append(element("p", { class: "soft" }, "Nothing: it waits for its turn by age."));
  }
  return section;
}

function matesSection(item, { judge, chosenMate, pictures }) {
  if (!item.mates.length) return null;
  const mates = element("div", { class: "mates" });
  item.mates.forEach((mate, place) => {
    const picture = element("img", { alt: `near duplicate ${mate.image_id}` });
    pictures.get(mate.image_id).then((address) => {
      if (address) picture.src = address;
      else picture.alt = "not in the store";
    });
    const button = (same, text) =>
      element(
        "button",
        {
          type: "button",
          "aria-pressed": String(mate.same === same),
          onclick: () => judge(place, same),
        },
        text,
      );
    const buttons = element("p", { class: "buttons" }, button(true, "same"), button(false, "not the same"));
    mates.append(
      element("div", { class: place === chosenMate ? "mate chosen" : "mate" }, picture, buttons),
    );
  });
  return element("section", {}, element("h3", {}, "Same picture? (Y / N, M: next)"), mates);
}

function reviewsSection(item) {
  if (!item.reviews.length) return null;
  const section = element("section", {}, element("h3", {}, "What people said"));
  for (const review of item.reviews) {
    section.append(element("p", { class: "review" }, foreign(sayReview(review))));
  }
  if (inConflict(item)) {
    const text = "They do not agree: the newest counts.";
    section.append(element("p", { class: "review conflict" }, text));
  }
  return section;
}

function factsSection(item) {
  const list = element("dl", { class: "facts" });
  const add = (name, ...value) => list.append(element("dt", {}, name), element("dd", {}, ...value));
  const clipped = (text) => element("span", { class: "clip", title: text }, foreign(text));
  if (item.title) add("title", clipped(item.title));
  if (item.author) add("author", clipped(item.author));
  if (item.query) add("asked", clipped(item.query));
  if (item.source) {
    const page = item.page_url || item.url;
    const host = hostOf(page);
    add("source", item.source, host ? " · " : "", host ? link(page, host) : "");
  }
  add("license", link(item.license_url, item.license || "unknown"));
  const size = `${item.width} × ${item.height}, ${item.format} ${(item.bytes / 1024).toFixed(0)} KiB`;
  add("file", size);
  add("verdict", { keep: "keep", review: "waits for people", dropped: "dropped" }[item.verdict] ?? "");
  add("image", element("code", {}, item.image_id));
  return element("section", {}, element("h3", {}, "Where it is from"), list);
}
