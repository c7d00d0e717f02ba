// Keeps a page that is open all day true: fragments are merged in place, words like "4 min ago" grow
// older on their own, and a page that is no longer refreshed says so.

/* global htmx */

import { button, failsAt, isAway, showLine, stopSpinning } from "./shell.js";

const CHANGED_MS = 2400;

// ---- Merging: what did not change stays the same node, with its focus, text, selection and state.

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || null : null;
}

function isSameKind(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

function mergeAttributes(from, to) {
  const keeps = to.hasAttribute("data-keep");
  for (const { name, value } of from.attributes) {
    if (name === "open" && to.localName === "details") continue; // the reader's, not the server's
    if (to.getAttribute(name) !== value) to.setAttribute(name, value);
  }
  if (keeps) return;
  for (const { name } of [...to.attributes]) {
    if (from.hasAttribute(name) || name === "data-copied") continue;
    if (name === "open" && to.localName === "details") continue;
    to.removeAttribute(name);
  }
}

function markChanged(text) {
  const amount = text.parentElement?.closest(".amount");
  if (!amount) return;
  amount.classList.remove("is-changed");
  void amount.offsetWidth; // restarts the animation
  amount.classList.add("is-changed");
  setTimeout(() => amount.classList.remove("is-changed"), CHANGED_MS);
}

function merge(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (to.nodeValue !== from.nodeValue) {
      to.nodeValue = from.nodeValue;
      markChanged(to);
    }
    return;
  }
  mergeAttributes(from, to);
  if (to.hasAttribute("data-keep") && !from.firstElementChild) return;
  if (isOpenYet(to) && from.querySelector(".part-closed")) {
    fetchAgain.add(opener(to)); // opened after this answer was asked for
    return;
  }
  if (to.localName === "textarea") return;
  if (to.localName === "select") mergeOptions(from, to);
  else mergeChildren(from, to);
}

// What there is to choose from, and which of it holds, are the server's; what is chosen is the reader's.
function mergeOptions(from, to) {
  const { value } = to;
  mergeChildren(from, to);
  if ([...to.options].some((option) => option.value === value)) to.value = value;
}

function mergeChildren(from, to) {
  const keyed = new Map();
  for (const child of to.children) if (child.id) keyed.set(child.id, child);
  let at = to.firstChild;
  for (const wanted of [...from.childNodes]) {
    const key = keyOf(wanted);
    let match = null;
    if (key) match = keyed.get(key) ?? null;
    else if (at && isSameKind(at, wanted)) match = at;
    if (match && isSameKind(match, wanted)) {
      if (match === at) at = at.nextSibling;
      else to.insertBefore(match, at);
      merge(wanted, match);
    } else {
      to.insertBefore(document.importNode(wanted, true), at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

htmx.defineExtension("calm", {
  isInlineSwap: (style) => style === "calm",
  handleSwap(style, target, fragment) {
    if (style !== "calm") return false;
    const incoming = fragment.querySelector?.(`#${CSS.escape(target.id)}`) ?? fragment.firstElementChild;
    if (incoming) merge(incoming, target);
    grow();
    for (const details of fetchAgain) htmx.trigger(details, "toggle");
    fetchAgain.clear();
    return [target];
  },
});

// ---- Rows that open: their parts are fetched when they do, and come with every later update.

const fetchAgain = new Set();

const opener = (parts) => parts.previousElementSibling?.querySelector("details[data-row]");

function isOpenYet(node) {
  const isFull = node.classList.contains("parts") && !node.querySelector(".part-closed");
  return isFull && Boolean(opener(node)?.open);
}

// The whole row opens: a click on it that is for nothing else in it, and not the end of a selection. No element
// is stretched over the row for that: in WebKit a row is no frame for one, and it lies over the page.
const CLICKABLE = "a, button, summary, label, input, select, .amount, .aside";

document.addEventListener("click", (event) => {
  const details = event.target.closest("tr.lead")?.querySelector("details");
  if (!details?.getClientRects().length || event.target.closest(CLICKABLE) || !getSelection().isCollapsed) return;
  details.open = !details.open;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = event.detail;
  if (elt.matches("details[data-row]") && !elt.open) event.preventDefault();
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== figures()) return;
  for (const row of document.querySelectorAll("details[data-row][open]")) {
    event.detail.parameters.append("open", row.dataset.row);
  }
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = event.detail;
  if (elt.matches("details[data-row]") && successful) poll(); // parts and their sum are of one moment
});

// What could not be fetched is not shown as it was.
failsAt("details[data-row]", (details) => {
  const again = button("Try again", () => htmx.trigger(details, "toggle"));
  const row = document.createElement("tr");
  row.className = "part part-closed";
  const cell = row.insertCell();
  cell.colSpan = details.closest("table").tHead.rows[0].cells.length;
  cell.append("Could not be loaded. ", again);
  details.closest("tbody").nextElementSibling?.replaceChildren(row);
});

// ---- Polling: not in the background, at once on return, never into a corner of the page.

const figures = () => document.getElementById("figures");

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt === figures()) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) poll();
});

// Back from the browser's page cache: what stands there is of when one left.
addEventListener("pageshow", (event) => {
  if (event.persisted) poll();
});

function poll() {
  if (figures()) htmx.trigger(figures(), "refresh");
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig, shouldSwap } = event.detail;
  if (target === figures() && isAway(event.detail)) {
    // Most likely to sign in: the whole page goes there, and comes back after it.
    event.detail.shouldSwap = false;
    location.reload();
  } else if (target === figures() && shouldSwap && requestConfig.path !== target.getAttribute("hx-get")) {
    // The page has come to be about something else since this was asked for.
    event.detail.shouldSwap = false;
    poll();
  }
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, successful } = event.detail;
  // Not on the way to sign in: a second answer would lead there once more, and lose what is typed.
  const leadsAway = Boolean(xhr.getResponseHeader("HX-Redirect"));
  if (elt.matches?.("[data-refresh], form:has([data-refresh])") && successful && !leadsAway) poll();
  if (elt !== figures()) return;
  if ([401, 403, 404].includes(xhr.status)) location.reload();
  else if (successful) sawServer(xhr.getResponseHeader("Date"));
});

failsAt("#figures", lostServer);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-refresh]");
  if (!button) return;
  if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
  else button.querySelector(".icon")?.classList.add("spin");
}, true);

// ---- How assets moved comes after the page, as cells for rows that are there. A cell stands beside the
// total that it is of or not at all: where a total has moved on, its row's cells are asked for again.

const CELLS_MS = 60000;
/** Version and time of the cells that a page shows, by the element that fetches them. */
const cellsShown = new WeakMap();

const cellSource = () => document.getElementById("changes");
const movedRows = () => document.querySelectorAll(".figures-moved .group > tr.lead");
const cellsOf = (row) => row.querySelectorAll("td.moved");

// Places at the end of a fraction tell nothing: "1.50" is "1.5".
function withoutZeros(text) {
  return text?.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

const totalOf = (row) => withoutZeros(row.querySelector(".total .amount")?.dataset.exact);
const isOf = (row, cell) => withoutZeros(cell.dataset.of) === totalOf(row);
const isWhole = (row) => [...cellsOf(row)].every((cell) => isOf(row, cell));

function clearCells(row) {
  for (const cell of cellsOf(row)) {
    cell.replaceChildren();
    delete cell.dataset.of;
  }
}

function putCells(line) {
  const row = document.getElementById(`row-${line.dataset.row}`)?.rows[0];
  if (!row) return;
  const places = cellsOf(row);
  for (const [index, cell] of [...line.cells].entries()) {
    if (places[index] && isOf(row, cell)) merge(cell, places[index]);
  }
}

htmx.defineExtension("cells", {
  isInlineSwap: (style) => style === "cells",
  handleSwap(style, target, fragment) {
    if (style !== "cells") return false;
    const came = fragment.querySelector?.("#changes");
    for (const line of came?.querySelectorAll("tr[data-row]") ?? []) putCells(line);
    cellsShown.set(target, { version: came?.dataset.version ?? "", at: Date.now() });
    return [target];
  },
});

document.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters } = event.detail;
  if (elt !== cellSource() || ![...movedRows()].every(isWhole)) return;
  if (cellsShown.has(elt)) parameters.append("version", cellsShown.get(elt).version);
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, successful } = event.detail;
  if (elt !== cellSource()) return;
  if ([401, 403, 404].includes(xhr.status)) location.reload();
  else if (successful) cellsShown.set(elt, { ...cellsShown.get(elt), at: Date.now() });
});

// What could not be fetched is not shown as it was.
failsAt("#changes", () => {
  for (const row of movedRows()) {
    const [first] = cellsOf(row);
    if (!first || first.hasChildNodes()) continue;
    const again = button("Try again", askForCells);
    again.title = "The changes could not be loaded";
    first.append(again);
  }
});

function askForCells() {
  if (cellSource()) htmx.trigger(cellSource(), "ask");
}

// Newer totals are in place, and nothing has been painted yet.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "figures" || !cellSource()) return;
  const behind = [...movedRows()].filter((row) => !isWhole(row));
  behind.forEach(clearCells);
  const age = Date.now() - (cellsShown.get(cellSource())?.at ?? 0);
  if (behind.length || age > CELLS_MS) askForCells();
});

// ---- Not live: said loudly, with the instant of the last answer.

let lastSeen = new Date();

function sawServer(date) {
  lastSeen = new Date();
  if (date) setClock(Date.parse(date));
  const line = document.getElementById("live-line");
  if (line && !line.hidden) {
    line.hidden = true;
    line.textContent = "";
  }
}

function lostServer() {
  const line = document.getElementById("live-line");
  if (!line) return;
  const at = lastSeen.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const text = `Not live: the server does not answer. Figures were last checked at ${at}, by this computer's clock.`;
  if (line.textContent !== text) line.textContent = text;
  line.hidden = false;
  stopSpinning(document.body);
}

// ---- Ages: counted by the server's clock, so that a wrong clock here makes nothing look fresh.

let offset = 0;

function setClock(serverNow) {
  if (Number.isFinite(serverNow)) offset = serverNow - Date.now();
}

// The same words as the server's balances/moments.py.
function ageOf(seconds) {
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

const AGE = /^(just now|\d+ (s|min|h|days) ago)$/;

function grow() {
  const now = Date.now() + offset;
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const text = time.textContent.trim();
    const then = Date.parse(time.dateTime);
    if (!AGE.test(text) || !Number.isFinite(then)) continue;
    const age = ageOf(Math.max(0, (now - then) / 1000));
    if (text !== age) time.textContent = age;
  }
}

setClock(Number(document.querySelector("meta[name=server-now]")?.content) * 1000);
setInterval(grow, 10000);

// ---- The session is looked after from the first touch on: that is no part of a page's first load.

const AT_LATEST_MS = 30000;
let isLookedAfter = false;

async function session() {
  const module = await import("./session.js");
  isLookedAfter = true;
  return module;
}

const lookAfter = () => isLookedAfter || session().catch(() => {}); // tried again at the next touch

for (const kind of ["pointerdown", "keydown", "focusin"]) {
  addEventListener(kind, lookAfter, { passive: true, capture: true });
}
setTimeout(lookAfter, AT_LATEST_MS);

document.addEventListener("htmx:confirm", (event) => {
  const { verb, issueRequest } = event.detail;
  if (verb !== "post") return;
  event.preventDefault();
  const go = () => issueRequest(true);
  session().then(({ beforePost }) => beforePost(go), go);
});

// Whoever looks after the session hears of forms first, also of one that is sent before.
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (isLookedAfter || form.method !== "post" || form.hasAttribute("hx-post") || submitter?.hasAttribute("hx-post")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const lost = () => showLine("session-line", "Not sent: the server does not answer. What you typed is still here.");
  session().then(() => form.requestSubmit(submitter), lost);
}, true);
