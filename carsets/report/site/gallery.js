// The gallery: filters columns of numbers, and draws the few tiles that are in view.
// Words of strangers reach the page through textContent alone.
"use strict";

const FIELDS = ["id", "path", "width", "height", "bytes", "format", "title", "author", "page", "licenseUrl", "query", "labels", "doubts"];
const NONE = "(none)";
const LABELS = ["make", "model", "color", "body", "year"];
const NO_SCORE = 65535;
const GAP = 12;
const SORTS = [
  ["doubt", "most doubted first"],
  ["unsure", "least sure of a car first"],
  ["sure", "surest of a car first"],
  ["newest", "newest first"],
  ["oldest", "oldest first"],
];

const waiting = new Map(); // name of a file -> what waits for it
window.carsets = {
  take(name, data) {
    if (name === "facts") start(data);
    else waiting.get(name)?.resolve(data);
  },
};

function element(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

function load(name) {
  if (!waiting.has(name)) {
    let resolve, reject;
    const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
    waiting.set(name, { promise, resolve });
    const script = element("script", { src: `data/${name}.js` });
    script.onload = () => script.remove();
    script.onerror = () => {
      waiting.delete(name);
      reject(new Error(`data/${name}.js is missing`));
    };
    document.head.append(script);
  }
  return waiting.get(name).promise;
}

function unpack(text, Kind) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) bytes[place] = letters.charCodeAt(place);
  return new Kind(bytes.buffer);
}

function start(facts) {
  const $ = (id) => document.getElementById(id);
  const began = performance.now();
  const columns = facts.columns;
  for (const column of Object.values(columns)) column.codes = unpack(column.codes, Uint16Array);
  const doubts = unpack(facts.doubts, Int16Array);
  const scores = unpack(facts.scores, Uint16Array);
  const times = unpack(facts.times, Uint32Array);
  const total = facts.count;
  const grid = $("grid"), fields = $("fields"), count = $("count"), dialog = $("dialog");
  const number = new Intl.NumberFormat("en");
  let found = new Uint32Array(0); // places of the images that are shown, in their order
  let words = null; // of all images, once somebody searched
  let asked = 0; // number of the filter that was asked for last
  let current = 0; // place in ``found`` that has the focus
  const drawn = new Map(); // place in ``found`` -> tile

  // --- Filters ---------------------------------------------------------------------------------

  function addSelect(name, label, options) {
    const select = element("select", { name, id: `by-${name}` });
    for (const [value, text] of options) select.append(element("option", { value }, text));
    fields.append(element("label", {}, label, select));
    return select;
  }
  for (const [name, column] of Object.entries(columns)) {
    const values = column.values.map((value, code) => [value, column.counts[code]]);
    if (values.length < 2 && (values.length === 0 || values[0][0] === NONE)) continue;
    values.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    addSelect(name, name, [["", "any"], ...values.map(([value, n]) => [value, `${value} (${number.format(n)})`])]);
  }
  const sorts = SORTS.filter(([name]) => facts.curated || name !== "doubt");
  addSelect("sort", "order", sorts);
  const controls = [...fields.querySelectorAll("select, input")];

  function sorted(places) {
    const order = fields.elements.sort.value;
    const key = {
      doubt: () => 0, // the order in which they come
      unsure: (i) => scores[i],
      sure: (i) => (scores[i] === NO_SCORE ? 1 : -scores[i]),
      newest: (i) => -times[i],
      oldest: (i) => times[i],
    }[order];
    if (order === "doubt") return places;
    const keys = Float64Array.from(places, key);
    const ranks = Uint32Array.from(places.keys());
    ranks.sort((a, b) => keys[a] - keys[b] || a - b);
    return Uint32Array.from(ranks, (rank) => places[rank]);
  }

  async function readWords() {
    if (words) return;
    const files = Math.ceil(total / facts.words_a_file);
    const parts = [];
    for (let file = 0; file < files; file++) {
      count.textContent = `Reading words: ${file + 1} of ${files}…`;
      parts.push(await load(`words-${String(file).padStart(3, "0")}`));
    }
    words = parts.flat();
  }

  async function filter(keepPlace = false) {
    const mine = ++asked;
    const text = fields.elements.q.value.trim().toLowerCase();
    if (text) {
      try {
        await readWords();
      } catch (error) {
        count.textContent = `The words cannot be searched: ${error.message}`;
        return;
      }
      if (mine !== asked) return; // somebody typed on
    }
    const began = performance.now();
    const tests = [];
    for (const [name, column] of Object.entries(columns)) {
      const value = fields.elements[name]?.value;
      if (value) tests.push([column.codes, column.values.indexOf(value)]);
    }
    const needles = text.split(/\s+/).filter(Boolean);
    const places = new Uint32Array(total);
    let size = 0;
    next: for (let place = 0; place < total; place++) {
      for (const [codes, code] of tests) if (codes[place] !== code) continue next;
      for (const needle of needles) if (!words[place].includes(needle)) continue next;
      places[size++] = place;
    }
    found = sorted(places.subarray(0, size));
    const narrowed = tests.length > 0 || needles.length > 0;
    count.textContent = narrowed
      ? `${number.format(size)} of ${number.format(total)} images`
      : `${number.format(total)} images`;
    if (!size) count.textContent += total ? ": no image is like this" : ": the dataset is empty";
    $("clear").hidden = !narrowed;
    if (!keepPlace) {
      current = 0;
      if (scrollY > grid.offsetTop) scrollTo({ top: 0, behavior: "instant" });
    }
    layOut();
    document.documentElement.dataset.filterMs = (performance.now() - began).toFixed(1);
  }

  function remember() {
    const wanted = new URLSearchParams();
    for (const control of controls)
      if (control.value && !(control.name === "sort" && control.value === sorts[0][0])) wanted.set(control.name, control.value);
    history.replaceState(null, "", wanted.size ? `#${wanted}` : location.pathname);
  }
  function recall() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const control of controls) {
      const value = wanted.get(control.name) ?? (control.name === "sort" ? sorts[0][0] : "");
      control.value = value;
      if (control.tagName === "SELECT" && control.selectedIndex < 0) control.selectedIndex = 0;
    }
    filter();
  }
  let pause = 0;
  fields.addEventListener("input", (event) => {
    clearTimeout(pause);
    pause = setTimeout(() => (remember(), filter()), event.target.id === "q" ? 150 : 0);
  });
  fields.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", recall);
  $("clear").addEventListener("click", () => {
    for (const control of controls) if (control.name !== "sort") control.value = "";
    remember();
    filter();
    $("q").focus();
  });

  // --- The grid: only what is in view ----------------------------------------------------------

  let across = 1, width = 200, height = 200;
  function layOut() {
    const room = grid.clientWidth;
    across = Math.max(2, Math.floor((room + GAP) / (190 + GAP)));
    width = (room - GAP * (across - 1)) / across;
    height = Math.round(width * 0.75) + 58;
    grid.style.height = `${Math.ceil(found.length / across) * (height + GAP)}px`;
    for (const tile of drawn.values()) tile.remove();
    drawn.clear();
    draw();
  }
  function draw() {
    const top = scrollY - grid.offsetTop;
    const first = Math.max(0, Math.floor((top - innerHeight / 2) / (height + GAP)) * across);
    const last = Math.min(found.length, Math.ceil((top + innerHeight * 1.5) / (height + GAP)) * across);
    for (const [place, tile] of drawn)
      if (place < first || place >= last) {
        if (tile.contains(document.activeElement)) continue; // do not lose the focus
        tile.remove();
        drawn.delete(place);
      }
    for (let place = first; place < last; place++) if (!drawn.has(place)) drawn.set(place, makeTile(place));
  }
  let planned = false;
  function soon() {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => ((planned = false), draw()));
  }
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", layOut);

  const value = (name, image) => columns[name].values[columns[name].codes[image]];
  function nameOf(image) {
    return LABELS.map((name) => value(name, image)).filter((text) => text !== NONE).join(" ") || "no label";
  }
  function readImage(image) {
    const file = `images-${String(Math.floor(image / facts.images_a_file)).padStart(4, "0")}`;
    return load(file).then((rows) => {
      const row = rows[image % facts.images_a_file];
      return Object.fromEntries(FIELDS.map((name, place) => [name, row[place]]));
    });
  }
  function pictureOf(row, frame) {
    if (!facts.store || !row.path) {
      frame.replaceChildren(row.path ? "not on this disk" : "not shown: not in the dataset");
      return;
    }
    const src = `${facts.store}/${row.path.split("/").map(encodeURIComponent).join("/")}`;
    const picture = element("img", { alt: "", decoding: "async" });
    picture.onerror = () => frame.replaceChildren("the file is missing");
    picture.src = src;
    frame.replaceChildren(picture);
  }
  function makeTile(place) {
    const image = found[place];
    const frame = element("div", { class: "frame" });
    const about = `${value("license", image)} · ${value("source", image)} · ${value("verdict", image)}`;
    const name = nameOf(image);
    const tile = element(
      "li",
      { class: "tile", tabindex: place === current ? "0" : "-1", role: "button", "aria-label": `${name}, ${about}, ${place + 1} of ${found.length}` },
      frame,
      element("p", { class: "name" }, name),
      element("p", { class: "soft" }, doubts[image] >= 0 ? `doubt ${(doubts[image] / 10000).toFixed(2)} · ${about}` : about),
    );
    tile.dataset.place = place;
    tile.style.width = `${width}px`;
    tile.style.height = `${height}px`;
    tile.style.transform = `translate(${(place % across) * (width + GAP)}px, ${Math.floor(place / across) * (height + GAP)}px)`;
    grid.append(tile);
    readImage(image).then(
      (row) => tile.isConnected && pictureOf(row, frame),
      (error) => frame.replaceChildren(error.message),
    );
    return tile;
  }

  // --- One image, and the keyboard -------------------------------------------------------------

  function go(place, open = dialog.open) {
    if (place < 0 || place >= found.length) return;
    drawn.get(current)?.setAttribute("tabindex", "-1");
    current = place;
    const head = document.querySelector("header").offsetHeight + GAP;
    const top = grid.offsetTop + Math.floor(place / across) * (height + GAP);
    if (top < scrollY + head) scrollTo({ top: top - head, behavior: "instant" });
    else if (top + height > scrollY + innerHeight) scrollTo({ top: top + height - innerHeight + GAP, behavior: "instant" });
    draw();
    drawn.get(place)?.setAttribute("tabindex", "0");
    if (open) look(place);
    else drawn.get(place)?.focus({ preventScroll: true });
  }
  async function look(place) {
    const image = found[place];
    const row = await readImage(image);
    if (place !== current) return;
    const frame = element("div", { class: "big" });
    pictureOf(row, frame);
    const list = element("dl");
    const say = (name, ...content) => content.some((part) => part !== "") && list.append(element("dt", {}, name), element("dd", {}, ...content));
    for (const name of LABELS) if (value(name, image) !== NONE) say(name, value(name, image));
    for (const [name, text] of Object.entries(row.labels)) say(name, text);
    say("title", row.title);
    say("author", row.author);
    say("license", link(row.licenseUrl, value("license", image)), ` (evidence: ${value("evidence", image)})`);
    say("source", value("source", image));
    say("query", row.query);
    say("page", row.page ? link(row.page, row.page) : "");
    say("verdict", value("verdict", image));
    say("view", value("view", image));
    if (scores[image] !== NO_SCORE) say("car score", (scores[image] / 10000).toFixed(3));
    for (const [kind, score, reason] of row.doubts) say(kind.replaceAll("_", " "), `${score.toFixed(2)} ${reason}`);
    say("file", `${row.width} × ${row.height}, ${number.format(Math.ceil(row.bytes / 1000))} kB ${row.format}`);
    if (times[image]) say("fetched", new Date(times[image] * 1000).toISOString().slice(0, 16).replace("T", " "));
    say("all of it", element("code", {}, `scrapy explain ${row.id}`));
    const button = (text, label, act) => {
      const made = element("button", { type: "button", class: "plain", "aria-label": label }, text);
      made.addEventListener("click", act);
      return made;
    };
    dialog.replaceChildren(
      element("div", { class: "look" }, frame,
        element("div", { class: "words" },
          element("div", { class: "buttons" },
            button("←", "the image before", () => go(current - 1)),
            button("→", "the next image", () => go(current + 1)),
            button("Close", "close", () => dialog.close())),
          element("h2", { id: "dialog-title" }, nameOf(image)),
          element("p", { class: "note" }, `${number.format(place + 1)} of ${number.format(found.length)}`),
          list)));
    if (!dialog.open) dialog.showModal();
  }
  function link(url, text) {
    return /^https?:\/\//i.test(url) ? element("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, text) : text;
  }
  grid.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (tile) go(Number(tile.dataset.place), true);
  });
  dialog.addEventListener("close", () => go(current, false));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !dialog.open) {
      event.preventDefault();
      $("filters").open = true;
      $("q").focus();
      return;
    }
    const onTile = grid.contains(event.target) || dialog.open;
    if (typing || !onTile) return;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: dialog.open ? 1 : across, ArrowUp: dialog.open ? -1 : -across };
    if (event.key in steps) {
      event.preventDefault();
      go(current + steps[event.key]);
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      go(event.key === "Home" ? 0 : found.length - 1);
    } else if ((event.key === "Enter" || event.key === " ") && !dialog.open) {
      event.preventDefault();
      go(current, true);
    }
  });

  if (matchMedia("(max-width: 640px)").matches) $("filters").open = false;
  recall();
  document.documentElement.dataset.readyMs = (performance.now() - began).toFixed(1);
}
