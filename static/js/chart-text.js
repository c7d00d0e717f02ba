// Words, places, colours and elements of a chart. Amounts are text here and stay that text; a number is only
// ever a place.

export const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

export const areAmountsHidden = () => document.documentElement.dataset.amounts === "hidden";

// ---- Text

// "-1234.50" to "-1,234.50", by characters alone, with the separators that the page has.
export function grouped(plain) {
  const { decimal = ".", group = ",", groups = "3 3" } = document.documentElement.dataset;
  const [first, others] = groups.split(" ").map(Number);
  const [whole, fraction] = plain.split(".");
  const sign = whole.startsWith("-") ? "-" : "";
  let rest = whole.slice(sign.length);
  const parts = [];
  for (let size = first; rest.length > size; size = others) {
    parts.unshift(rest.slice(-size));
    rest = rest.slice(0, -size);
  }
  const text = sign + [rest, ...parts].join(group);
  return fraction === undefined ? text : text + decimal + fraction;
}

export function shown(plain) {
  if (plain === null || plain === undefined) return "unknown";
  return areAmountsHidden() ? "••••••" : grouped(plain);
}

// ---- The upright axis: amounts as text to places, and ticks with their words. A tick is worked out in whole
// numbers, so that its words say exactly where it stands.

/** A change smaller than this part of the amount is drawn flat: a place in pixels cannot tell it. */
const FLAT = 1e-9;
const MOST_TICKS = 40;
const MOST_PLACES = 12;
const STEPS = [[1, 0], [2, 0], [25, -1], [5, 0], [1, 1]];
const UNITS = [[9, " B"], [6, " M"], [4, " k", 3], [-Infinity, "", 0]];

/** The power of ten of the largest of these amounts; 0 if all are zero or unknown. */
export function powerOf(amounts) {
  let power = null;
  for (const amount of amounts) {
    const [whole, fraction = ""] = (amount ?? "").replace("-", "").split(".");
    const digits = whole.replace(/^0+/, "");
    const first = fraction.search(/[1-9]/);
    if (digits) power = Math.max(power ?? -Infinity, digits.length - 1);
    else if (first >= 0) power = Math.max(power ?? -Infinity, -first - 1);
  }
  return power ?? 0;
}

/** An amount as a number near one: its place on an axis whose unit is that power of ten. */
export function placeOf(amount, power) {
  return amount === null || amount === undefined ? null : Number(`${amount}e${-power}`);
}

/** The lowest and highest place of an axis: with room around, and never narrower than can be drawn. */
export function rangeOf(min, max) {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const size = Math.max(Math.abs(min), Math.abs(max));
  if (size === 0) return [0, 1];
  const room = 0.12 * (max - min <= size * FLAT ? size * 0.02 : max - min);
  return [min >= 0 ? Math.max(0, min - room) : min - room, max + room];
}

/** The least round step that is not smaller than `least`: a whole number and a power of ten. */
function stepOf(least) {
  const power = Math.floor(Math.log10(least));
  const fits = STEPS.find(([n, shift]) => Number(`${n}e${power + shift}`) >= least * (1 - 1e-9));
  const [n, shift] = fits ?? [1, 1];
  return { n, power: power + shift };
}

/** Round places from `low` to `high`, at least `least` apart, with their words. */
export function ticksBetween(low, high, least, power) {
  if (!(high > low) || !(least > 0) || !Number.isFinite(high - low)) return [];
  const step = stepOf(Math.max(least, (high - low) / MOST_TICKS));
  const size = Number(`${step.n}e${step.power}`);
  const first = Math.ceil(low / size);
  const count = Math.min(MOST_TICKS, Math.floor(high / size) - first) + 1;
  const wholes = Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step.n);
  const texts = textsOf(wholes, step.power + power);
  return wholes.map((whole, i) => ({ at: Number(`${whole}e${step.power}`), text: texts[i] }));
}

/** The roundest place at or below one, with its words. */
export function roundBelow(value, power) {
  const tens = Math.floor(Math.log10(value));
  const n = [5, 2, 1].find((one) => Number(`${one}e${tens}`) <= value * 1.0000001) ?? 1;
  return { at: Number(`${n}e${tens}`), text: textsOf([n], tens + power)[0] };
}

/** Whole numbers times a power of ten, in one unit and with as many places as tell them apart. */
function textsOf(wholes, power) {
  if (areAmountsHidden()) return wholes.map(() => "•••");
  const most = wholes.reduce((found, whole) => Math.max(found, Math.abs(whole)), 0);
  const top = (most ? String(most).length - 1 : 0) + power;
  const [, suffix, unit] = UNITS.map(([from, word, by = from]) => [from, word, by]).find(([from]) => top >= from);
  if (top < 15 && unit - power <= MOST_PLACES) {
    return wholes.map((whole) => grouped(shifted(whole, power - unit)) + (whole ? suffix : ""));
  }
  return wholes.map((whole) => (whole ? `${grouped(shifted(whole, power - top))}×10${raised(top)}` : "0"));
}

/** A whole number times a power of ten, by characters alone. */
function shifted(whole, power) {
  const sign = whole < 0 ? "-" : "";
  const digits = String(Math.abs(whole));
  if (power >= 0) return sign + (whole ? digits + "0".repeat(power) : "0");
  const padded = digits.padStart(1 - power, "0");
  return `${sign}${padded.slice(0, power)}.${padded.slice(power)}`;
}

function raised(power) {
  const form = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  return String(power).replace(/./g, (one) => form[one]);
}

// ---- Time

/** The zone itself, or UTC where this browser does not know it. */
export function zoneHere(zone) {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    return zone;
  } catch {
    return "UTC";
  }
}

export const unknownZone = (zone) =>
  `This browser does not know the time zone ${zone}. Times in this drawing are in UTC.`;

const formed = (zone, form) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...form });
const CLOCK = { hour: "2-digit", minute: "2-digit" };

/** Words for places along an axis of time, `step` seconds apart. No two of one day have the same. */
export function timeTexts(splits, step, zone) {
  const day = formed(zone, { day: "numeric", month: "short" });
  const month = formed(zone, { month: "short", year: "numeric" });
  const time = formed(zone, step < 60 ? { ...CLOCK, second: "2-digit" } : CLOCK);
  const named = formed(zone, { ...CLOCK, timeZoneName: "shortOffset" });
  const told = new Set();
  let last = "";
  return splits.map((seconds) => {
    const date = new Date(seconds * 1000);
    if (step >= 28 * 86400) return month.format(date);
    const today = day.format(date);
    if (step >= 86400) return today;
    // An hour that comes twice, where daylight saving ends, is named with its offset the second time.
    const clock = told.has(`${today} ${time.format(date)}`) ? named.format(date) : time.format(date);
    told.add(`${today} ${clock}`);
    const isNew = today !== last;
    last = today;
    if (/^00:00(:00)?$/.test(clock)) return today;
    return isNew ? `${today}, ${clock}` : clock;
  });
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
    // A contrast theme makes all colours one: lines and bars keep theirs, the rest is the theme's.
    probe.style.forcedColorAdjust = name.startsWith("series") ? "none" : "auto";
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
