// Requests of the page that fail. One place says so and offers a way on, so that what is chosen and what is
// shown never differ: a choice that was not answered goes back to what the figures are of.

/* global htmx */

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

// ---- Search

failsAt("#search", (elt, reason, target) => {
  const said = document.createElement("p");
  said.className = "menu-text";
  said.setAttribute("role", "alert");
  said.append(`Could not be searched: ${reason}. `, button("Try again", () => htmx.trigger(elt, "ask")));
  target.replaceChildren(said);
});
