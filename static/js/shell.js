// Menus that close, forms that are sent once, amounts that are copied, requests that fail. All work without
// this, only less comfortably. One file: a first load makes few requests.

/* global htmx */

const menus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) menu.querySelector("summary").focus();
  }
});

// A link to a place inside a closed <details>, or to the skip target, must also move the focus.
addEventListener("hashchange", () => {
  document.getElementById(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");
});

// A form that came back with errors begins at the first of them, or at what has to be typed again.
const refused = document.getElementById("form-errors")?.closest("form");
const isMissing = (field) => field.required && !field.value;
(document.querySelector("main [aria-invalid=true]") ?? [...(refused?.elements ?? [])].find(isMissing))?.focus();

const busy = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
  if (form.hasAttribute("hx-post") || event.submitter?.hasAttribute("hx-post")) return;
  if (busy.has(form)) {
    event.preventDefault(); // a second click sends nothing
    return;
  }
  busy.add(form);
  const button = event.submitter;
  const text = form.dataset.busy;
  if (!button || !text) return;
  button.dataset.idle = button.textContent;
  button.setAttribute("aria-disabled", "true"); // a disabled button would lose the focus
  button.textContent = text;
  say(text);
});

// Back from the back-forward cache: the form may be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) {
    busy.delete(form);
    for (const button of form.querySelectorAll("[data-idle]")) {
      button.textContent = button.dataset.idle;
      button.removeAttribute("aria-disabled");
      delete button.dataset.idle;
    }
    for (const input of form.querySelectorAll("input[type=password]")) input.value = "";
  }
});

// ---- Dates and times: WebKit shows today or now in a field that is empty, as if one had asked for it. The
// style sheet hides that while the mark is there.

const DATED = "input[type=date], input[type=time], input[type=datetime-local]";

function markEmpty() {
  for (const field of document.querySelectorAll(DATED)) field.toggleAttribute("data-empty", !field.value);
}

markEmpty();
for (const kind of ["input", "change", "htmx:afterSwap"]) document.addEventListener(kind, markEmpty);
addEventListener("pageshow", markEmpty);

// ---- Search: `/` leads to its field, arrows through what it found; `?` lists the keys. Who speaks to a
// computer can turn both off: words have such characters in them.

const search = document.getElementById("search");
const found = document.getElementById("found");
const isTyping = (element) =>
  Boolean(element?.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]"));
const keyList = () => document.getElementById("key-list");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if ("keysOff" in document.documentElement.dataset) return;
  if (event.key === "/" && search) {
    event.preventDefault();
    keyList()?.close();
    if (search.checkVisibility()) search.select();
    else location.assign(search.form.action);
  } else if (event.key === "?") keyList()?.showModal();
});

document.addEventListener("click", (event) => {
  const dialog = keyList();
  if (event.target.closest("[data-keys]")) dialog.showModal();
  else if (event.target === dialog) dialog.close(); // beside it
});

search?.form.addEventListener("keydown", (event) => {
  const places = [search, ...found.querySelectorAll("a")];
  const at = places.indexOf(document.activeElement);
  if (event.key === "Escape") {
    found.replaceChildren();
    search.value = "";
    search.focus();
  } else if (at >= 0 && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    places.at((at + (event.key === "ArrowDown" ? 1 : places.length - 1)) % places.length).focus();
  }
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== found) return;
  if (!search.value.trim()) found.replaceChildren();
  say(found.querySelector("[data-said]")?.dataset.said ?? "");
});

function say(text) {
  document.getElementById("said")?.replaceChildren(text);
}

// ---- Amounts are copied exactly: by click, by Enter, and inside any selection that is copied.
// An amount is text here and never becomes a number.

const isHidden = () => document.documentElement.dataset.amounts === "hidden";

async function copy(amount) {
  let note = "Copied";
  try {
    await navigator.clipboard.writeText(amount.dataset.exact);
  } catch {
    note = select(amount) ? "Press Ctrl+C to copy" : "Could not copy";
  }
  amount.dataset.copied = note;
  document.getElementById("said")?.replaceChildren(`${note}: ${amount.dataset.exact}`);
  setTimeout(() => delete amount.dataset.copied, 1400);
}

// Without a clipboard (plain http on another machine) the browser's own copy must do.
function select(amount) {
  const selection = getSelection();
  selection.selectAllChildren(amount);
  return !selection.isCollapsed;
}

document.addEventListener("click", (event) => {
  const amount = event.target.closest(".amount");
  if (!amount || isHidden()) return;
  if (!getSelection().isCollapsed) return; // the end of a selection, not a click
  copy(amount);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  if (!event.target.matches?.(".amount") || isHidden()) return;
  event.preventDefault();
  copy(event.target);
});

// Other text that a button stands beside to copy it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = select(source) ? "Press Ctrl+C to copy" : "Could not copy";
  }
  say(button.textContent);
});

const BREAK_BEFORE = "tr, p, li, dt, h1, h2, section";

document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (selection.isCollapsed || !event.clipboardData) return;
  const range = selection.getRangeAt(0);
  const within = range.commonAncestorContainer;
  const alone = (within.nodeType === Node.TEXT_NODE ? within.parentElement : within).closest(".amount");
  const fragment = range.cloneContents();
  if (!alone && !fragment.querySelector(".amount")) return;
  event.preventDefault();
  if (isHidden()) return;
  if (alone) {
    event.clipboardData.setData("text/plain", alone.dataset.exact);
    return;
  }
  for (const part of fragment.querySelectorAll(".visually-hidden, svg")) part.remove();
  flatten(fragment); // line breaks of the source are not line breaks of the page
  for (const amount of fragment.querySelectorAll(".amount")) amount.textContent = amount.dataset.exact;
  for (const row of fragment.querySelectorAll("tr.part")) {
    if (!isShown(row)) row.remove();
  }
  for (const line of fragment.querySelectorAll(BREAK_BEFORE)) line.prepend("\n");
  for (const cell of fragment.querySelectorAll("td, tr > th + th")) cell.prepend("\t");
  const text = fragment.textContent
    .split("\n")
    .map((line) => line.replace(/[^\S\t]+/g, " ").replace(/ ?\t ?/g, "\t").trim())
    .filter(Boolean)
    .join("\n");
  event.clipboardData.setData("text/plain", text);
});

function flatten(fragment) {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    walker.currentNode.nodeValue = walker.currentNode.nodeValue.replace(/\s+/g, " ");
  }
}

// The clone does not know what is displayed; the row that it was opened from does.
function isShown(row) {
  const parts = document.getElementById(row.closest(".parts")?.id);
  return !parts || parts.checkVisibility();
}

// ---- Requests of the page that fail. One place says so and offers a way on, so that what is chosen and what
// is shown never differ: a choice that was not answered goes back to what the figures are of.

// ---- Lines under the page's head. Each is of one kind, and stays until it is untrue or closed.

const lineOf = (id) => document.getElementById(id);

export function button(text, act) {
  const made = document.createElement("button");
  made.className = "link";
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

export function hideLine(id) {
  const line = lineOf(id);
  if (!line || line.hidden) return;
  line.hidden = true;
  line.replaceChildren();
}

export function showLine(id, text, ...buttons) {
  const line = lineOf(id);
  if (!line) return;
  line.hidden = false;
  line.replaceChildren(text, ...buttons.flatMap((one) => [" ", one]));
}

// ---- Why

const REASONS = {
  0: "the server does not answer",
  401: "you are signed out",
  403: "you may not do this, or another tab has signed in since",
  404: "it is not there any more, or not open to you",
  405: "the server does not take it like this",
  429: "there were too many requests, so wait a minute",
};
const TOO_LONG = "the server takes too long";
const FOREIGN = "the answer was none of this program";

// The server's own words, where it has some for this.
function ownWords(xhr) {
  const isText = /^text\/plain/.test(xhr.getResponseHeader("Content-Type") ?? "");
  return isText && xhr.status >= 400 && xhr.response.length < 400 ? xhr.response.trim().replace(/\.$/, "") : "";
}

/** Answers that came well, and were none of this program. */
const foreign = new WeakSet();

function reasonOf({ xhr, why }) {
  if (why || foreign.has(xhr)) return why ?? FOREIGN;
  const known = ownWords(xhr) || REASONS[xhr.status];
  if (known) return known;
  const whose = xhr.status >= 500 ? "the server has an error of its own" : "the server refused it";
  return `${whose} (HTTP ${xhr.status})`;
}

// ---- Where: most elements have a place of their own for it, all others the line.

const places = [];

/** Let `say(element, reason, target)` tell of failures of elements that match a selector. */
export function failsAt(selector, say) {
  places.push({ selector, say });
}

function failed(detail) {
  const { elt, target } = detail;
  settle();
  const reason = reasonOf(detail);
  const say = places.find(({ selector }) => elt.matches?.(selector))?.say ?? sayInLine;
  unlessLeaving(() => say(elt, reason, target));
}

const isRefresh = (elt) => elt.matches("[data-refresh], form:has([data-refresh])");

function sayInLine(elt, reason, target) {
  if (isRefresh(elt)) {
    stopSpinning(elt);
    showLine("failed-line", `Not refreshed: ${reason}. Figures are as old as they say.`, again(() => repeat(elt)), close());
  } else if (target?.localName === "datalist") {
    target.replaceChildren(); // names for what was typed before
    showLine("failed-line", `Names could not be suggested: ${reason}. A whole name is found all the same.`, close());
  } else {
    const retry = putBack(elt);
    showLine("failed-line", `Your choice is not shown: ${reason}. The figures are of what was chosen before.`, again(retry), close());
  }
}

const again = (act) => button("Try again", () => (hideLine("failed-line"), act()));
const close = () => button("Close", () => hideLine("failed-line"));

export function stopSpinning(elt) {
  for (const icon of elt.querySelectorAll(".icon.spin")) {
    if (!icon.closest("[aria-disabled=true]")) icon.classList.remove("spin");
  }
}

function repeat(elt) {
  if (!elt.isConnected) location.reload();
  else if (elt.localName === "form") elt.requestSubmit();
  else elt.click();
}

// A form goes back to what the server last said was chosen. Trying again chooses the same once more.
function putBack(elt) {
  if (elt.localName !== "form") return () => repeat(elt);
  const chosen = [...new FormData(elt)];
  elt.reset();
  return () => {
    for (const [name, value] of chosen) {
      const field = elt.elements.namedItem(name);
      if (field && "value" in field) field.value = value;
    }
    repeat(elt);
  };
}

// ---- Leaving: browsers break this page's requests off then, some before the next page is there, and with the
// error of a lost network. That is no failure to tell.

const SHORTLY_MS = 3000;

let since = -Infinity;

// A link may turn out to be a download, and the page stays.
addEventListener("beforeunload", () => {
  since = performance.now();
});
addEventListener("pagehide", () => {
  since = Infinity;
});
addEventListener("pageshow", () => {
  since = -Infinity;
});

const isLeaving = () => performance.now() - since < SHORTLY_MS;

/** Tells a failure, unless the page is being left; if it stays after all, `instead` is done a little later. */
export function unlessLeaving(tell, instead = tell) {
  if (!isLeaving()) tell();
  else if (since !== Infinity) setTimeout(() => unlessLeaving(instead), SHORTLY_MS);
}

// ---- What counts as failed. A request that a newer one replaces does not.

for (const [event, why] of [
  ["sendError", undefined],
  ["responseError", undefined],
  ["timeout", TOO_LONG],
  ["swapError", FOREIGN],
  ["onLoadError", FOREIGN],
]) {
  document.addEventListener(`htmx:${event}`, ({ detail }) => failed({ ...detail, why }));
}

// By what an answer is known that is meant for a target.
const MARKS = { main: 'id="main"', figures: 'id="figures"', changes: 'id="changes"', found: "found-now" };

function isMeantFor(target, text) {
  if (target.classList.contains("parts")) return text.includes('id="parts-');
  const mark = MARKS[target.id];
  return !mark || text.includes(mark);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  const { xhr, target, shouldSwap, isError } = detail;
  if (!shouldSwap || isError || !target || isMeantFor(target, xhr.response)) return;
  detail.shouldSwap = false;
  detail.isError = true; // htmx goes on as with every other answer that failed
  foreign.add(xhr);
});

/** Whether an answer came from another address than was asked, most likely from sign-in. */
export function isAway({ xhr, requestConfig }) {
  const url = new URL(xhr.responseURL || location.href, location.href);
  return url.pathname !== new URL(requestConfig.path, location.href).pathname;
}

// ---- Until it is answered, a choice is shown as under way.

const main = () => document.getElementById("main");
const settle = () => main()?.removeAttribute("aria-busy");

document.addEventListener("htmx:beforeSend", ({ detail }) => {
  if (detail.target === main()) main().setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", settle);

// A link's answer may come after that of a form which was used before it: the form shows what holds now.
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== main()) return;
  hideLine("failed-line");
  if (!detail.boosted) return;
  for (const form of main().querySelectorAll("form[hx-get]:not(.htmx-request)")) form.reset();
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && isRefresh(detail.elt)) hideLine("failed-line");
});

failsAt("#search", (elt, reason, target) => {
  const said = document.createElement("p");
  said.className = "menu-text";
  said.setAttribute("role", "alert");
  said.append(`Could not be searched: ${reason}. `, button("Try again", () => htmx.trigger(elt, "ask")));
  target.replaceChildren(said);
});
