// Menus that close, forms that are sent once. Both work without this, only less comfortably.

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

function say(text) {
  document.getElementById("said")?.replaceChildren(text);
}
