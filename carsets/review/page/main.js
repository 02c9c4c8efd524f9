// The review page: one image or a grid, by keyboard. What a key does, it does at once on the
// screen; the outbox carries it to the catalog.

import { Outbox } from "./outbox.js";
import { MARKS, element, labelsOf, markOf, renderPanel, sayReview } from "./panel.js";
import { Pictures } from "./pictures.js";
import { Server } from "./server.js";
import { Zoom } from "./zoom.js";

const PAGE = 400; // images asked for at once
const REFILL = 300; // ask for more when fewer are ahead: ten keys a second leave half a minute
const AHEAD = 8; // pictures fetched before they are needed
const TILES = 24;
const LATE = 100; // milliseconds until a picture that is not there yet is said to be missing
const NEWS = 3000; // milliseconds between two looks at what others have decided

const KEYS = [
  ["K", "keep", "Keep: the picture and its labels are right"],
  ["O", "picture", "Keep the picture only: I cannot tell about its labels"],
  ["D", "drop", "Drop: it does not belong in the dataset"],
  ["R", "relabel", "Relabel: correct what is wrong"],
  ["V", "view", "View: outside (E), inside (I), a part (P), unknown (X)"],
  ["S", "skip", "Skip: somebody else may decide"],
  ["U", "undo", "Undo, any number of times (also Ctrl+Z)"],
  ["→ ←", "", "Next, previous (also L and H; up and down in the grid)"],
  ["M", "mate", "Next near duplicate"],
  ["Y", "same", "It is the same picture"],
  ["N", "different", "It is not the same picture"],
  ["G", "grid", "One image, or a grid"],
  ["X", "choose", "Grid: choose an image; K, O, D, S then hold for all chosen ones"],
  ["Shift+K", "keep-page", "Grid: keep all that are not decided, go on to the next page"],
  ["Enter", "open", "Grid: show the image alone"],
  ["Z", "zoom", "Whole image, or every pixel"],
  ["+ −", "", "Larger, smaller (also the wheel); drag or Shift+arrows to move"],
  ["I", "agreement", "How far people agree (κ)"],
  ["?", "help", "These keys"],
];
const BY_KEY = {
  k: "keep", o: "picture", d: "drop", r: "relabel", v: "view", s: "skip", u: "undo", m: "mate",
  y: "same", n: "different", g: "grid", x: "choose", z: "zoom", i: "agreement", "?": "help",
  arrowright: "next", arrowleft: "previous", l: "next", h: "previous", arrowdown: "down",
  arrowup: "up", enter: "open", "+": "zoom-in", "=": "zoom-in", "-": "zoom-out",
}; // prettier-ignore
const HELD = new Set(["next", "previous", "down", "up", "zoom-in", "zoom-out"]); // may repeat
const VIEW_KEYS = { e: "exterior", i: "interior", p: "part", x: "unknown" };

const $ = (id) => document.getElementById(id);
const server = new Server();
const pictures = new Pictures(server);
const zoom = new Zoom($("stage"), $("picture"));

const desk = {
  rater: "", names: [], known: {}, labels: {}, views: [], blind: false, images: 0,
  items: [], at: 0, end: false, last: -1, left: null, loading: null, wanted: {}, epoch: 0,
  grid: false, chosen: new Set(), mate: 0, since: 0, decided: 0,
  done: [], // my decisions that stand, the newest last: what undo takes back
  oldest: 0, // number of the oldest decision in `done` that the server told of; 0: none
  mine: new Set(), // keys that this window has sent
}; // prettier-ignore
let outbox = null;

// --- The queue -------------------------------------------------------------------------------

function here() {
  return desk.items[desk.at];
}

function asked() {
  return Object.fromEntries(Object.entries(desk.wanted).filter(([, value]) => value));
}

async function more() {
  if (desk.loading || desk.end) return desk.loading;
  const epoch = desk.epoch;
  desk.loading = (async () => {
    try {
      const page = await server.get("/api/queue", { ...asked(), after: desk.last, count: PAGE });
      if (epoch === desk.epoch) add(page);
    } catch (error) {
      trouble(error);
      setTimeout(() => epoch === desk.epoch && more(), 2000);
    } finally {
      if (epoch === desk.epoch) desk.loading = null;
    }
    draw();
  })();
  return desk.loading;
}

function add(page) {
  const there = new Set(desk.items.map((item) => item.image_id));
  desk.items.push(...page.items.filter((item) => !there.has(item.image_id)));
  desk.end = page.end;
  desk.last = page.last;
  desk.left = page.left === null ? null : page.left - page.items.length;
}

async function begin(at = "") {
  desk.epoch += 1;
  const epoch = desk.epoch;
  Object.assign(desk, { items: [], at: 0, end: false, last: -1, left: null, loading: null, mate: 0 });
  desk.chosen.clear();
  draw();
  try {
    const page = await server.get("/api/queue", { ...asked(), at, count: PAGE });
    if (epoch !== desk.epoch) return;
    add(page);
    trouble(null);
  } catch (error) {
    trouble(error);
    if (epoch === desk.epoch && error.status !== 403) setTimeout(() => begin(at), 2000);
    return;
  }
  if (!desk.items.length && at) return begin(); // nothing after the place: from the start
  draw();
  keepPlace();
}

function go(step) {
  const wanted = desk.at + step;
  if (wanted < 0) return;
  desk.at = Math.min(wanted, desk.items.length); // one past the last: nothing is left, or it loads
  while (step > 0 && takenByOthers(here())) desk.at += 1;
  desk.mate = 0;
  zoom.whole();
  refill();
  draw();
  keepPlace();
}

// Somebody else was quicker: an image that is looked for because it is undecided is passed over.
function takenByOthers(item) {
  if (!item || desk.blind || desk.wanted.state !== "open") return false;
  const said = item.reviews.filter((review) => review.decision !== "skip");
  return said.length > 0 && said.every((review) => review.rater !== desk.rater);
}

function refill() {
  if (desk.items.length - desk.at < REFILL) more();
}

// --- Deciding --------------------------------------------------------------------------------

function decide(decision, labels = null, note = "") {
  const targets = desk.grid && desk.chosen.size ? [...desk.chosen].map(find) : [here()];
  if (!targets[0]) {
    if (!desk.end) toast("That was not taken: the next image is not here yet");
    return;
  }
  for (const item of targets) decideOne(item, decision, decision === "keep" ? labels?.(item) : labels, note);
  desk.chosen.clear();
  if (targets.length === 1) go(1);
  else draw();
}

function decideOne(item, decision, labels, note = "") {
  const key = crypto.randomUUID();
  const seen = Math.max(0, ...item.reviews.map((review) => review.id ?? 0));
  const entry = { key, image_id: item.image_id, decision, seen };
  if (labels && Object.keys(labels).length) entry.labels = labels;
  if (note) entry.note = note;
  desk.mine.add(key);
  outbox.add(entry);
  desk.done.push({ key, image_id: item.image_id });
  item.reviews.push({ ...entry, labels: labels ?? {}, note, id: seen, rater: desk.rater });
}

// What a plain "keep" says is right: all labels that stand on the screen.
function confirmed(item) {
  const { view, ...labels } = labelsOf(item); // the view is a decision of its own
  return labels;
}

function find(id) {
  return desk.items.find((item) => item.image_id === id);
}

async function undo() {
  const last = desk.done.pop();
  if (!last) {
    if (!(await remember())) return toast("There is nothing to undo");
    return undo();
  }
  const key = crypto.randomUUID();
  desk.mine.add(key);
  outbox.add({ key, undoes: last.key });
  let place = desk.items.findIndex((item) => item.image_id === last.image_id);
  if (place < 0) {
    try {
      const { items } = await server.get("/api/images", { ids: last.image_id });
      desk.items.splice(desk.at, 0, ...items);
    } catch (error) {
      trouble(error);
    }
    place = desk.items.findIndex((item) => item.image_id === last.image_id);
  }
  if (place >= 0) {
    const item = desk.items[place];
    item.reviews = item.reviews.filter((review) => review.key !== last.key);
    desk.at = place;
    desk.mate = 0;
    zoom.whole();
  }
  draw();
  return undefined;
}

// Fetches older decisions of mine, for undo; says whether there are any.
async function remember() {
  try {
    const { decisions } = await server.get("/api/history", { before: desk.oldest, count: 100 });
    const known = new Set(desk.done.map((one) => one.key));
    const taken = desk.mine;
    const older = decisions.filter((one) => !known.has(one.key) && !taken.has(one.key));
    if (decisions.length) desk.oldest = decisions[decisions.length - 1].id;
    desk.done.unshift(...older.reverse().map(({ key, image_id }) => ({ key, image_id })));
    return older.length > 0 || (decisions.length > 0 && remember());
  } catch (error) {
    trouble(error);
    return false;
  }
}

function answered(result, entry, answer) {
  if (answer.decided !== undefined) desk.decided = answer.decided;
  const item = find(entry.image_id);
  if (result.state === "refused") {
    toast(`Not taken: ${result.why}`, "conflict");
    if (item) item.reviews = item.reviews.filter((review) => review.key !== entry.key);
    desk.done = desk.done.filter((one) => one.key !== entry.key);
    draw();
    return;
  }
  const mine = item?.reviews.find((review) => review.key === entry.key);
  if (mine) mine.id = result.review_id;
  const others = (result.others ?? []).filter((one) => !desk.mine.has(one.key));
  const differing = others.filter((one) => contradicts(one, entry));
  if (differing.length) {
    const who = differing.map((one) => (one.rater === desk.rater ? sayHere(one) : sayReview(one)));
    const text = `Not the same as ${who.join("; ")}. Both are kept; yours is the newest and counts.`;
    toast(text, "conflict");
  }
  if (item && others.length) learn(item, [...item.reviews, ...others]);
}

function sayHere(review) {
  return `what you said in another window (${review.decision})`;
}

function contradicts(one, other) {
  const verdicts = ["keep", "drop"];
  if (verdicts.includes(one.decision) && verdicts.includes(other.decision)) {
    if (one.decision !== other.decision) return true;
  }
  const labels = Object.entries(one.labels ?? {});
  return labels.some(([name, value]) => name in (other.labels ?? {}) && other.labels[name] !== value);
}

function learn(item, reviews) {
  const unique = new Map(reviews.map((review) => [review.key, review]));
  const number = (review) => (desk.mine.has(review.key) && !review.at ? Infinity : review.id);
  item.reviews = [...unique.values()].sort((one, other) => number(one) - number(other) || 0);
  draw();
}

async function news() {
  if (!document.hidden) {
    try {
      const answer = await server.get("/api/changes", { since: desk.since });
      desk.since = answer.since;
      for (const [id, reviews] of Object.entries(answer.reviews)) {
        const item = find(id);
        if (!item) continue;
        const told = new Set(reviews.map((review) => review.key));
        const underway = item.reviews.filter((one) => desk.mine.has(one.key) && !one.at && !told.has(one.key));
        const waiting = new Set(outbox.waiting.map(([, entry]) => entry.key));
        const undone = new Set(outbox.waiting.map(([, entry]) => entry.undoes));
        learn(item, [
          ...reviews.filter((review) => !undone.has(review.key)),
          ...underway.filter((one) => waiting.has(one.key)),
        ]);
      }
      if (!outbox.size) trouble(null);
    } catch (error) {
      trouble(error);
    }
  }
  setTimeout(news, NEWS);
}

async function judge(place, same) {
  const item = here();
  const mate = item?.mates[place];
  if (!mate) return;
  desk.mate = place;
  const before = mate.same;
  mate.same = mate.same === same ? null : same; // once more takes it back
  draw();
  try {
    await server.post("/api/pairs", { images: [item.image_id, mate.image_id], same: mate.same });
  } catch (error) {
    mate.same = before;
    toast(`Not saved: ${error.message}`, "conflict");
    draw();
  }
}

// --- The place -------------------------------------------------------------------------------

function place() {
  const item = here() ?? desk.items[desk.items.length - 1];
  return { image_id: item?.image_id ?? "", grid: desk.grid, filter: { ...desk.wanted } };
}

let placeTimer = 0;
function keepPlace() {
  clearTimeout(placeTimer);
  placeTimer = setTimeout(() => server.post("/api/place", { place: place() }).catch(() => {}), 400);
}

addEventListener("pagehide", () => {
  if (here()) server.post("/api/place", { place: place() }, true).catch(() => {});
});
addEventListener("beforeunload", (event) => {
  if (outbox?.size) event.preventDefault();
});

// --- What is seen ----------------------------------------------------------------------------

let drawing = false;
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    paint();
  });
}

function paint() {
  const item = here();
  const nothing = !item && (desk.end || !desk.loading) && desk.epoch > 0;
  $("nothing").hidden = !(nothing && desk.end);
  const grid = desk.grid && Boolean(item);
  $("grid").hidden = !grid;
  $("stage").hidden = desk.grid || $("nothing").hidden === false;
  $("panel").hidden = !item;
  document.querySelector("[data-do=grid]").setAttribute("aria-pressed", String(desk.grid));
  const left = desk.left === null ? "" : Math.max(desk.items.length - desk.at + desk.left, 0);
  const many = left === "" ? "" : `${left.toLocaleString("en")} to look at · `;
  $("progress").textContent = `${many}${desk.decided.toLocaleString("en")} decided by ${desk.rater}`;
  if (!$("nothing").hidden) paintNothing();
  if (!item) {
    $("picture").hidden = true;
    $("verdict-mark").hidden = true;
    $("no-picture").hidden = false;
    $("no-picture").textContent = "Waiting for the next images…";
    return;
  }
  if (grid) paintGrid();
  else paintPicture(item);
  renderPanel($("panel"), item, {
    rater: desk.rater, names: desk.names, judge, chosenMate: desk.mate, pictures,
  }); // prettier-ignore
}

function paintNothing() {
  const filtered = desk.wanted.source || desk.wanted.label || desk.wanted.verdict;
  const titles = {
    open: desk.items.length ? "That was the last one." : "Everything is decided.",
    second: desk.items.length ? "That was the last one." : "Nothing waits for a second look.",
    mine: "You have decided nothing yet.",
    all: "There are no such images.",
  };
  $("nothing-title").textContent = titles[desk.wanted.state] ?? titles.all;
  $("nothing-text").textContent = filtered
    ? "Other filters may still have some."
    : "Every decision is in the catalog; you can close the page.";
}

function mark(node, decision) {
  node.hidden = !decision;
  node.textContent = MARKS[decision] ?? "";
  node.className = node.className.replace(/ ?mark-\w+/, "");
  if (decision) node.classList.add(`mark-${decision}`);
}

let shownId = "";
async function paintPicture(item) {
  mark($("verdict-mark"), markOf(item, desk.rater));
  if (shownId === item.image_id) return;
  shownId = item.image_id;
  const ahead = desk.items.slice(Math.max(desk.at - 1, 0), desk.at + AHEAD);
  const mates = item.mates.map((mate) => mate.image_id);
  pictures.expect([item.image_id, ...ahead.map((one) => one.image_id), ...mates]);
  const picture = $("picture");
  const late = setTimeout(() => shownId === item.image_id && without("The picture is on its way…"), LATE);
  const address = item.stored ? await pictures.get(item.image_id) : null;
  if (address && shownId === item.image_id) {
    picture.alt = Object.values(labelsOf(item)).join(" ") || "unlabelled image";
    picture.src = address;
    await picture.decode().catch(() => {});
  }
  clearTimeout(late);
  if (shownId !== item.image_id) return;
  if (!address) {
    if (item.stored) shownId = ""; // to be tried again
    return without(item.stored ? "Its file is not in the store, or could not be fetched." : "Its file was not kept.");
  }
  picture.hidden = false;
  $("no-picture").hidden = true;
  zoom.draw();
}

// Says why there is no picture: the one before must not be taken for this one.
function without(why) {
  $("picture").hidden = true;
  $("no-picture").hidden = false;
  $("no-picture").textContent = why;
}

function pageStart() {
  return desk.at - (desk.at % TILES);
}

function paintGrid() {
  shownId = "";
  const start = pageStart();
  const items = desk.items.slice(start, start + TILES);
  pictures.expect(desk.items.slice(start, start + 2 * TILES).map((item) => item.image_id));
  const old = new Map([...$("grid").children].map((tile) => [tile.dataset.id, tile]));
  const tiles = items.map((item, n) => fillTile(old.get(item.image_id) ?? makeTile(item), item, start + n));
  $("grid").replaceChildren(...tiles);
  tiles[desk.at - start]?.scrollIntoView({ block: "nearest" });
}

function makeTile(item) {
  const picture = element("img", { alt: "", draggable: false });
  const tile = element(
    "button",
    { type: "button", class: "tile", "data-id": item.image_id, tabIndex: -1 },
    picture,
    element("span", { class: "mark" }),
    element("span", { class: "words" }, element("b"), element("span")),
  );
  pictures.get(item.image_id).then((address) => {
    if (address) picture.src = address;
  });
  tile.addEventListener("click", (event) => {
    desk.at = desk.items.findIndex((one) => one.image_id === item.image_id);
    desk.mate = 0;
    if (event.ctrlKey || event.metaKey) act("choose");
    draw();
  });
  tile.addEventListener("dblclick", () => act("open"));
  return tile;
}

function fillTile(tile, item, place) {
  const decision = markOf(item, desk.rater);
  tile.className = "tile";
  tile.classList.toggle("here", place === desk.at);
  tile.classList.toggle("chosen", desk.chosen.has(item.image_id));
  tile.classList.toggle("drop", decision === "drop");
  mark(tile.querySelector(".mark"), decision);
  const [words, doubt] = tile.querySelector(".words").children;
  words.textContent = Object.values(labelsOf(item)).join(" ") || "no labels";
  const first = item.doubts.find((one) => one.kind !== "doubt");
  doubt.textContent = first ? first.reason : item.title;
  return tile;
}

function columns() {
  return getComputedStyle($("grid")).gridTemplateColumns.split(" ").length;
}

function toast(text, kind = "") {
  const node = element("div", { class: `toast ${kind}` }, text);
  $("toasts").append(node);
  while ($("toasts").children.length > 4) $("toasts").firstChild.remove();
  setTimeout(() => node.remove(), kind ? 12000 : 4000);
}

function trouble(error) {
  const waiting = outbox?.size ?? 0;
  const kept = waiting ? ` ${waiting} decisions wait safely in this browser, and are sent later.` : "";
  $("trouble").hidden = !error;
  if (!error) return;
  $("trouble").textContent =
    error.status === 403
      ? `Open the link that \`scrapy review\` has printed: the one of this page is no longer good.${kept}`
      : error.status
        ? `The server does not answer as it should (${error.message}). Trying again.${kept}`
        : `The server does not answer: is \`scrapy review\` still running? Trying again.${kept}`;
}

function tellSaving({ waiting, problem, status }) {
  const node = $("saved");
  node.className = problem ? "stuck" : waiting ? "busy" : "done";
  node.textContent = waiting ? `${waiting} unsaved` : "all saved";
  if (problem) trouble({ message: problem, status });
  else if (!$("trouble").hidden) trouble(null);
  node.dataset.waiting = String(waiting);
}

// --- Dialogs ---------------------------------------------------------------------------------

function openRelabel() {
  const item = here();
  if (!item) return;
  const now = labelsOf(item);
  const fields = $("relabel-fields");
  fields.replaceChildren();
  const names = [...new Set([...desk.names, ...Object.keys(now)])];
  for (const name of names) {
    const list = element("datalist", { id: `known-${name.replaceAll(" ", "-")}` });
    const input = element("input", { name, value: now[name] ?? "", maxLength: 200 });
    input.setAttribute("list", list.id);
    const suggest = () => {
      const make = fields.querySelector("input[name=make]")?.value ?? "";
      const values = name === "model" ? desk.known.models?.[make] : desk.known[name];
      const all = [...new Set([...(values ?? []), ...(desk.labels[name] ?? [])])];
      list.replaceChildren(...all.slice(0, 2000).map((value) => element("option", { value })));
    };
    input.addEventListener("focus", () => {
      suggest();
      input.select();
    });
    fields.append(element("label", { class: "field" }, element("span", {}, name), input, list));
  }
  $("relabel").querySelector("input[name=note]").value = "";
  $("relabel").dataset.id = item.image_id;
  open("relabel");
}

$("relabel").addEventListener("close", () => {
  const dialog = $("relabel");
  const item = find(dialog.dataset.id);
  if (dialog.returnValue !== "save" || !item) return;
  const now = labelsOf(item);
  const changed = {};
  for (const input of $("relabel-fields").querySelectorAll("input")) {
    const value = input.value.trim().replace(/\s+/g, " ");
    if (value !== (now[input.name] ?? "")) changed[input.name] = value;
  }
  if (!Object.keys(changed).length) return toast("Nothing was changed");
  desk.at = desk.items.indexOf(item);
  desk.chosen.clear();
  decide("relabel", changed, dialog.querySelector("input[name=note]").value.trim());
});

function setView(view) {
  $("view").close();
  decide("view", { view });
}

function open(id) {
  const dialog = $(id);
  dialog.returnValue = "";
  if (!dialog.open) dialog.showModal();
}

async function showAgreement() {
  const holder = $("agreement-table");
  holder.replaceChildren(element("p", {}, "Counting…"));
  open("agreement");
  try {
    const { agreements } = await server.get("/api/agreement");
    const head = ["", "who", "images", "the same", "κ"].map((text) => element("th", {}, text));
    const rows = agreements.map((one) => {
      const number = (text) => element("td", { class: "number" }, text);
      const kappa =
        one.kappa === null
          ? "one answer only"
          : `${one.kappa.toFixed(2)} [${one.interval.map((end) => end.toFixed(2)).join(", ")}]`;
      return element(
        "tr", {},
        element("td", {}, one.what), element("td", {}, one.raters.join(" · ")),
        number(one.images.toLocaleString("en")), number(`${(one.observed * 100).toFixed(1)} %`), number(kappa),
      ); // prettier-ignore
    });
    holder.replaceChildren(
      rows.length
        ? element("table", {}, element("tr", {}, ...head), ...rows)
        : element("p", {}, "No image has been decided about by two people yet."),
    );
  } catch (error) {
    holder.replaceChildren(element("p", {}, error.message));
  }
}

// --- Actions ---------------------------------------------------------------------------------

function keepPage() {
  const start = pageStart();
  const items = desk.items.slice(start, start + TILES);
  const undecided = items.filter((item) => !markOf(item, desk.rater));
  for (const item of undecided) decideOne(item, "keep", confirmed(item));
  desk.chosen.clear();
  go(start + items.length - desk.at);
}

const ACTIONS = {
  keep: () => decide("keep", confirmed),
  picture: () => decide("keep"),
  drop: () => decide("drop"),
  skip: () => decide("skip"),
  relabel: openRelabel,
  view: () => here() && open("view"),
  undo,
  next: () => go(1),
  previous: () => go(-1),
  down: () => desk.grid && go(Math.min(columns(), desk.items.length - 1 - desk.at)),
  up: () => desk.grid && go(-Math.min(columns(), desk.at)),
  mate: () => {
    const count = here()?.mates.length ?? 0;
    if (count) desk.mate = (desk.mate + 1) % count;
    draw();
  },
  same: () => judge(desk.mate, true),
  different: () => judge(desk.mate, false),
  grid: () => {
    desk.grid = !desk.grid;
    shownId = "";
    draw();
    keepPlace();
  },
  open: () => {
    if (desk.grid) ACTIONS.grid();
  },
  choose: () => {
    const id = here()?.image_id;
    if (!desk.grid || !id) return;
    if (!desk.chosen.delete(id)) desk.chosen.add(id);
    draw();
  },
  "keep-page": () => (desk.grid ? keepPage() : ACTIONS.keep()),
  zoom: () => zoom.toggle(),
  "zoom-in": () => zoom.by(1),
  "zoom-out": () => zoom.by(-1),
  agreement: showAgreement,
  help: () => open("help"),
  "show-all": () => show({ state: "all", verdict: "", source: "", label: "", value: "" }),
  "from-start": () => begin(),
};

function act(name) {
  ACTIONS[name]?.();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  act(button.dataset.do);
  button.blur(); // so that a later Enter does not press it again
});

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return dialogKey(event);
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return undefined;
  }
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z" && !event.altKey) {
    event.preventDefault();
    return act("undo");
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  if (event.shiftKey && key.startsWith("arrow")) {
    const [right, down] = { arrowright: [1, 0], arrowleft: [-1, 0], arrowdown: [0, 1], arrowup: [0, -1] }[key];
    zoom.move(right, down);
    return event.preventDefault();
  }
  const name = event.shiftKey && key === "k" ? "keep-page" : BY_KEY[key];
  if (!name || (event.repeat && !HELD.has(name))) return undefined; // a held key decides once
  event.preventDefault();
  return act(name);
});

function dialogKey(event) {
  if ($("view").open && VIEW_KEYS[event.key.toLowerCase()] && !event.repeat) {
    event.preventDefault();
    setView(VIEW_KEYS[event.key.toLowerCase()]);
  }
}

// --- Filters ---------------------------------------------------------------------------------

function show(wanted) {
  desk.wanted = wanted;
  const form = $("filters");
  for (const [name, value] of Object.entries(wanted)) form.elements[name].value = value;
  $("value-field").hidden = !wanted.label;
  begin();
}

$("filters").addEventListener("submit", (event) => event.preventDefault());
$("filters").addEventListener("change", (event) => {
  const wanted = Object.fromEntries(new FormData($("filters")));
  $("value-field").hidden = !wanted.label;
  const values = desk.labels[wanted.label] ?? [];
  $("values").replaceChildren(...values.map((value) => element("option", { value })));
  if (event.target.name === "label") $("filters").elements.value.value = wanted.value = "";
  if (wanted.label && !wanted.value) {
    $("filters").elements.value.focus(); // half a filter is none
    wanted.label = "";
  }
  desk.wanted = wanted;
  if (event.target.tagName === "SELECT" && event.target.name !== "label") event.target.blur();
  begin();
});

// --- The beginning ---------------------------------------------------------------------------

function fillChoices(start) {
  const options = (name, values) =>
    $("filters").elements[name].append(...values.map((value) => element("option", { value }, value)));
  options("verdict", start.verdicts);
  options("source", start.sources);
  options("label", [...new Set([...start.names, ...Object.keys(start.labels)])]);
  $("keys").append(
    ...KEYS.map(([key, , text]) =>
      element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, text)),
    ),
  );
  const words = { exterior: "outside", interior: "inside", part: "a part", unknown: "unknown" };
  for (const [key, view] of Object.entries(VIEW_KEYS)) {
    const button = element("button", { type: "button", onclick: () => setView(view) });
    button.append(element("kbd", {}, key.toUpperCase()), ` ${words[view]}`);
    $("views").append(button);
  }
}

async function main() {
  let start;
  try {
    start = await server.get("/api/start");
  } catch (error) {
    trouble(error);
    if (error.status !== 403) setTimeout(main, 2000);
    return;
  }
  const { rater, blind, names, known, labels, views, images, since, decided } = start;
  Object.assign(desk, { rater, blind, names, known, labels, views, images, since, decided });
  document.title = `carsets review · ${rater}`;
  $("blind").hidden = !blind;
  fillChoices(start);
  const owner = `${start.dataset}:${rater}`;
  outbox = new Outbox(server, owner, { tell: tellSaving, done: answered, place });
  const kept = start.place.filter ?? {};
  desk.grid = start.place.grid === true;
  desk.wanted = { state: start.state, verdict: "", source: "", label: "", value: "", ...kept };
  for (const [name, value] of Object.entries(desk.wanted)) $("filters").elements[name].value = value;
  $("value-field").hidden = !desk.wanted.label;
  tellSaving({ waiting: outbox.size, problem: "", status: 0 });
  outbox.waiting.forEach(([, entry]) => desk.mine.add(entry.key));
  await outbox.send(); // first what an earlier page could not send
  await begin(start.place.image_id ?? "");
  news();
}

main();
