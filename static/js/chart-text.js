// Words, colours and elements of a chart. Amounts are text here and stay that text.

export const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

const areAmountsHidden = () => document.documentElement.dataset.amounts === "hidden";

// ---- Text

// "-1234.50" to "-1,234.50", by characters alone.
export function grouped(plain) {
  const [whole, fraction] = plain.split(".");
  const text = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? text : `${text}.${fraction}`;
}

export function shown(plain) {
  if (plain === null || plain === undefined) return "unknown";
  return areAmountsHidden() ? "••••••" : grouped(plain);
}

// The text of a tick: a round place on the axis, never an amount.
export function tickText(value, step) {
  if (areAmountsHidden()) return "•••";
  const size = Math.abs(value);
  const [unit, suffix] = size >= 1e9 ? [1e9, " B"] : size >= 1e6 ? [1e6, " M"] : size >= 1e4 ? [1e3, " k"] : [1, ""];
  const places = Math.min(12, Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  return grouped((value / unit).toFixed(places)) + suffix;
}

export function niceBelow(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].map((n) => n * power).find((n) => n <= value * 1.0000001) ?? power;
}
// An instant in the reader's zone, named.
export function instant(seconds, zone) {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
  }).format(new Date(seconds * 1000));
}

// ---- Colours: read from the style sheet by a probe, since light-dark() resolves only on elements.

export function palette(holder) {
  const probe = document.createElement("i");
  probe.hidden = true;
  holder.append(probe);
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    ground: read("ground"),
    ink: read("ink"),
    muted: read("muted"),
    line: read("line"),
    strong: read("line-strong"),
    hatch: read("hatch"),
    failed: read("red"),
    total: read("series-total"),
    available: read("series-available"),
    in: read("series-in"),
    out: read("series-out"),
  };
  probe.remove();
  return colours;
}

export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
