// Menus that close, forms that are sent once, amounts that are copied. All work without this, only less
// comfortably.

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
  for (const zero of fragment.querySelectorAll(".none")) zero.textContent = "0";
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
