// What becomes of the session while a page is open. Before a form is sent the page asks whether it can be:
// who was signed out, or has to confirm that it is them, does so in a dialog, and what was typed stays where
// it is and nowhere else.

import { button, hideLine, showLine } from "./shell.js";

const PATIENCE_MS = 10000;
const WARNED_S = 120;
const STEP_MS = 60000;

const here = document.body.dataset;
const at = (path) => new URL(path, location.href);
const withNext = (path, next) => `${path}?${new URLSearchParams({ next })}`;

// ---- What the server says of the session, with a fresh token for every form of the page

function renew(token) {
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.querySelectorAll("body > :not(dialog) input[name=csrfmiddlewaretoken]")) field.value = token;
}

async function taken(answer) {
  if (!answer.ok || at(answer.url).pathname !== here.sessionUrl) throw new Error(`HTTP ${answer.status}`);
  const state = await answer.json();
  renew(state.token);
  if (state.person === here.person) watch(state.ends_in);
  return state;
}

async function ask({ isPresent = false } = {}) {
  const headers = { Accept: "application/json", ...(isPresent && { "X-Present": "1" }) };
  return taken(await fetch(here.sessionUrl, { headers, signal: AbortSignal.timeout(PATIENCE_MS) }));
}

// ---- Before a form is sent

const free = new WeakSet();
const underWay = new WeakSet();

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (form.method !== "post" || form.closest("dialog.asked")) return;
  if (form.hasAttribute("hx-post") || submitter?.hasAttribute("hx-post")) return;
  if (free.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!underWay.has(form)) send(form, submitter);
}, true);

async function send(form, submitter) {
  underWay.add(form);
  const mayGo = await mayBeSent(form, submitter);
  underWay.delete(form);
  if (!mayGo) return;
  free.add(form);
  form.requestSubmit(submitter);
  free.delete(form);
}

/** Let a request by a script take a fresh token along; without a session the whole page goes to sign in. */
export async function beforePost(go) {
  const state = await ask({ isPresent: true }).catch(() => ({})); // then the request fails too, and tells why
  if (isOther(state)) sayOther();
  else go();
}

const isOther = (state) => Boolean(state.person) && state.person !== here.person;

async function mayBeSent(form, submitter) {
  let state;
  try {
    state = await ask({ isPresent: true });
  } catch {
    const retry = button("Try again", () => form.requestSubmit(submitter));
    showLine("session-line", "Not sent: the server does not answer. What you typed is still here.", retry);
    return false;
  }
  hideLine("session-line");
  if (form.hasAttribute("data-anyone")) return true;
  if (isOther(state)) return sayOther();
  if (!state.person) return isTyped(form) ? signInHere(submitter) : true;
  if (!form.hasAttribute("data-confirmed") || state.is_confirmed) return true;
  return Boolean(await inDialog(here.confirmUrl, WHY_CONFIRM, (now) => now.is_confirmed && !isOther(now)));
}

function sayOther() {
  const reload = button("Load it anew", () => location.assign(location.pathname + location.search));
  showLine("session-line", "Not sent: somebody else has signed in in this browser, and this page is not theirs.", reload);
  return false;
}

async function signInHere(submitter) {
  const state = await inDialog(here.signInUrl, WHY_SIGN_IN, (now) => now.person);
  if (!state) showLine("session-line", "Not sent: you are signed out. What you typed is still here.");
  else if (isOther(state)) sayOther();
  else {
    const name = submitter?.textContent.trim();
    showLine("session-line", `You are signed in again. Nothing was saved yet: ${name ? `press “${name}” again` : "send the form again"}.`);
    submitter?.focus();
  }
  return false;
}

// ---- Whether something in a form is its reader's

function isChanged(field) {
  if (field.type === "hidden" || field.disabled) return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.localName !== "select") return "defaultValue" in field && field.value !== field.defaultValue;
  const first = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
  return Boolean(first) && field.value !== first.value;
}

// What was refused came back with what was typed.
function isTyped(form) {
  return [...form.elements].some((field) => field.ariaInvalid === "true" || isChanged(field)) || Boolean(form.querySelector("#form-errors"));
}

const isTypedHere = () => [...document.querySelectorAll("main form[method=post]")].some(isTyped);

// ---- The dialog: pages of signing in and of confirming, one after the other, until the session is as it must be

const ASKING = /^\/(sign-in|confirm)\//;
const ELSEWHERE = /^\/sign-in\/(company|forgotten)\//;
const NAMING = ["id", "for", "form", "list", "aria-describedby", "aria-labelledby"];

const WHY_SIGN_IN = "You were signed out. Nothing was sent, and what you typed stays in the page.";
const WHY_CONFIRM = "Nothing was sent yet. Once you have confirmed, the form is sent as you filled it in.";

function inDialog(address, why, isDone) {
  const dialog = document.createElement("dialog");
  dialog.dataset.why = why;
  dialog.className = "asked";
  dialog.setAttribute("aria-labelledby", "asked-title");
  document.body.append(dialog);
  return new Promise((resolve) => {
    const go = async (to, init) => {
      const state = await load(dialog, to, init);
      if (state) done(state);
    };
    const done = (state) => {
      if (!isDone(state)) return;
      resolve(state);
      dialog.close();
    };
    const onReturn = () => document.hidden || ask().then(done, () => {}); // signed in in another tab
    dialog.addEventListener("submit", (event) => {
      event.stopPropagation();
      if (event.target.method !== "post") return;
      event.preventDefault();
      const body = new URLSearchParams(new FormData(event.target, event.submitter));
      go(event.target.dataset.to, { method: "POST", body });
    });
    dialog.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]:not([target])");
      if (!link) return;
      event.preventDefault();
      go(link.href);
    });
    dialog.addEventListener("close", () => {
      document.removeEventListener("visibilitychange", onReturn);
      dialog.remove();
      resolve(null);
    });
    document.addEventListener("visibilitychange", onReturn);
    go(withNext(address, here.sessionUrl));
  });
}

/** Show what is at an address; return the session's state once nothing is asked any more. */
async function load(dialog, to, init = {}) {
  dialog.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(to, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok && !ASKING.test(at(answer.url).pathname)) {
      return at(answer.url).pathname === here.sessionUrl ? await taken(answer) : await ask();
    }
    await show(dialog, new DOMParser().parseFromString(await answer.text(), "text/html"), answer.url);
  } catch {
    complain(dialog, "The server does not answer. What you typed in the page is still there: try again.");
  } finally {
    dialog.removeAttribute("aria-busy");
    if (!dialog.open && dialog.isConnected) dialog.showModal();
  }
  return null;
}

async function show(dialog, page, address) {
  const main = document.importNode(page.querySelector("main"), true);
  if (!main.querySelector("form[method=post]")) {
    complain(dialog, [...main.querySelectorAll("h1, .lede")].map((one) => one.textContent.trim()).join(". "));
    return;
  }
  for (const element of main.querySelectorAll("*")) own(element, address);
  const title = document.createElement("h2");
  title.id = "asked-title";
  title.textContent = main.querySelector("h1").textContent;
  const why = document.createElement("p");
  why.className = "help";
  why.textContent = dialog.dataset.why;
  main.querySelector("h1").replaceWith(title, why);
  dialog.replaceChildren(...main.childNodes, leave(dialog));
  const { bind } = await import("./passkeys.js");
  bind(dialog);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[aria-invalid=true], input:not([type=hidden])")?.focus();
}

// Names are the dialog's own, links that lead elsewhere open there, forms know where they go.
function own(element, address) {
  for (const name of NAMING) {
    if (element.hasAttribute(name)) {
      element.setAttribute(name, element.getAttribute(name).split(" ").map((one) => `asked-${one}`).join(" "));
    }
  }
  if (element.localName === "form") element.dataset.to = new URL(element.getAttribute("action") || address, address).href;
  if (element.localName !== "a") return;
  const { pathname } = new URL(element.getAttribute("href"), address);
  if (ASKING.test(pathname) && !ELSEWHERE.test(pathname)) return;
  element.target = "_blank";
  element.rel = "noopener";
}

function leave(dialog) {
  const end = document.createElement("p");
  end.className = "asked-end";
  end.append(button("Not now", () => dialog.close()));
  return end;
}

function complain(dialog, text) {
  let said = dialog.querySelector(".asked-said");
  if (!said) {
    said = document.createElement("p");
    said.className = "asked-said field-error";
    said.setAttribute("role", "alert");
    dialog.prepend(said);
  }
  said.textContent = text;
  if (!dialog.querySelector(".asked-end")) dialog.append(...ways(), leave(dialog));
}

// Who has neither password nor second factor comes from their company, and can do so again in another tab.
function ways() {
  if (!here.companyUrl) return [];
  const link = document.createElement("a");
  link.className = "button";
  link.href = withNext(here.companyUrl, here.sessionUrl);
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = "Sign in with your company in another tab";
  return [link];
}

// ---- Being there: what a page asks for by itself is no sign of it, keys and the pointer are

let touchedAt = 0;
let saidAt = Date.now();

function touched() {
  touchedAt = Date.now();
  if (isWarned && touchedAt - saidAt > 5000) sayPresent();
}

for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, touched, { passive: true, capture: true });
}
// Browsers make up moves of their own where something moves under a pointer that rests.
addEventListener("pointermove", ({ movementX, movementY }) => (movementX || movementY) && touched(), { passive: true });

function isNews() {
  const isLater = touchedAt > saidAt;
  if (isLater) saidAt = Date.now();
  return isLater;
}

function sayPresent() {
  saidAt = Date.now();
  ask({ isPresent: true }).catch(() => {});
}

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (isNews()) detail.headers["X-Present"] = "1";
});
setInterval(() => isNews() && sayPresent(), STEP_MS);

// ---- The end: said before, and after it

let timer;
let isWarned = false;

function watch(seconds) {
  clearTimeout(timer);
  const isNear = seconds <= WARNED_S;
  timer = setTimeout(check, (isNear ? seconds + 1 : seconds - WARNED_S) * 1000);
  if (isNear) warn(seconds);
  else if (isWarned) {
    isWarned = false;
    hideLine("session-line");
  }
}

function warn(seconds) {
  isWarned = true;
  const when = new Date(Date.now() + seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  showLine("session-line", `You will be signed out at ${when}, by this computer's clock, unless you go on here.`, button("Stay signed in", sayPresent));
}

async function check() {
  try {
    const state = await ask();
    if (!state.person) end(state.why);
  } catch {
    timer = setTimeout(check, 30000);
  }
}

function end(why) {
  isWarned = false;
  if (!isTypedHere()) {
    location.assign(withNext(here.signInUrl, location.pathname + location.search));
    return;
  }
  const words = `You were signed out${why ? `: ${why}` : ""}. What you typed is still here and not saved.`;
  showLine("session-line", words, button("Sign in", () => signInHere(document.querySelector("main form[method=post] [type=submit]"))));
}

watch(Number(here.endsIn));
// Timers rest with the computer, and pages that come back were not there.
document.addEventListener("visibilitychange", () => document.hidden || check());
addEventListener("pageshow", ({ persisted }) => persisted && check());
document.body.dataset.watched = "";
