// What somebody chose of looks and keys. Runs before the first paint: theme and hidden amounts must not flash.
// A classic script, small on purpose; everything else is a module.
(() => {
  const root = document.documentElement;
  const THEMES = ["system", "light", "dark"];

  // In cookies, not in storage: signing out clears storage, and how things look is no secret.
  const stored = (name) => document.cookie.match(`(?:^|; )${name}=(\\w+)`)?.[1];
  const store = (name, value) => {
    const safe = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${safe}`;
  };

  let theme, areAmountsHidden, areKeysOff;
  const recall = () => {
    theme = THEMES.includes(stored("theme")) ? stored("theme") : "system";
    areAmountsHidden = stored("amounts") === "hidden";
    areKeysOff = stored("keys") === "off";
  };

  const apply = () => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    if (areAmountsHidden) root.dataset.amounts = "hidden";
    else delete root.dataset.amounts;
    if (areKeysOff) root.dataset.keysOff = "";
    else delete root.dataset.keysOff;
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
    for (const box of document.querySelectorAll("[data-single-keys]")) box.checked = !areKeysOff;
  };

  root.classList.add("js");
  recall();
  apply();

  document.addEventListener("DOMContentLoaded", label);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-button]")) {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      store("theme", theme);
    } else if (event.target.closest("[data-amounts-button]")) {
      areAmountsHidden = !areAmountsHidden;
      store("amounts", areAmountsHidden ? "hidden" : "shown");
    } else if (event.target.closest("[data-single-keys]")) {
      areKeysOff = !areKeysOff;
      store("keys", areKeysOff ? "off" : "on");
    } else return;
    apply();
    label();
  });
  // Chosen in another tab meanwhile.
  document.addEventListener("visibilitychange", () => {
    recall();
    apply();
    label();
  });
})();
