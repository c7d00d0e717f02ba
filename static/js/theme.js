// Runs before the first paint: the chosen theme and hidden amounts must not flash.
// A classic script, small on purpose; everything else is a module.
(() => {
  const root = document.documentElement;
  const THEMES = ["system", "light", "dark"];

  const stored = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage may be forbidden; the page works without it
    }
  };
  const store = (name, value) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      // kept for this page only
    }
  };

  let theme = THEMES.includes(stored("theme")) ? stored("theme") : "system";
  let areAmountsHidden = stored("amounts") === "hidden";

  const apply = () => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    if (areAmountsHidden) root.dataset.amounts = "hidden";
    else delete root.dataset.amounts;
  };

  const name = (button, text) => {
    button.setAttribute("aria-label", text);
    button.title = text;
  };

  const label = () => {
    for (const button of document.querySelectorAll("[data-theme-button]")) {
      const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      button.dataset.themeButton = theme;
      name(button, `Theme: ${theme}. Change to ${next}`);
    }
    for (const button of document.querySelectorAll("[data-amounts-button]")) {
      button.setAttribute("aria-pressed", String(areAmountsHidden));
      name(button, areAmountsHidden ? "Show amounts" : "Hide amounts");
    }
  };

  root.classList.add("js");
  apply();

  document.addEventListener("DOMContentLoaded", label);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-button]")) {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      store("theme", theme);
    } else if (event.target.closest("[data-amounts-button]")) {
      areAmountsHidden = !areAmountsHidden;
      store("amounts", areAmountsHidden ? "hidden" : "shown");
    } else return;
    apply();
    label();
  });
  addEventListener("storage", (event) => {
    if (event.key === "theme") theme = THEMES.includes(event.newValue) ? event.newValue : "system";
    else if (event.key === "amounts") areAmountsHidden = event.newValue === "hidden";
    else return;
    apply();
    label();
  });
})();
