// A page's chart: fetched, followed by cursor and keys, told in words. Amounts arrive as text and are shown
// as that text; a number is only ever a place in pixels.

import { Drawing, failedDrawing } from "./chart-drawing.js";
import { make, shown } from "./chart-text.js";
import { unlessLeaving } from "./shell.js";

class Chart extends Drawing {
  constructor(holder) {
    super();
    this.holder = holder;
    this.section = holder.closest(".chart");
    this.status = make("div", "chart-status");
    this.status.setAttribute("role", "status");
    this.tip = make("div", "chart-tip");
    this.tip.hidden = true;
    this.voice = make("div", "visually-hidden");
    this.voice.setAttribute("aria-live", "polite");
    this.list = make("ol", "chart-marks");
    this.stage = make("div", "chart-stage");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.stage.setAttribute("aria-roledescription", "chart");
    holder.replaceChildren(this.stage, this.list, this.status, this.tip, this.voice);
    this.plot = null;
    this.data = null;
    this.index = null;
    this.stage.addEventListener("keydown", (event) => this.onKey(event));
    this.stage.addEventListener("blur", () => this.hideTip());
    new ResizeObserver(() => this.resize()).observe(holder);
  }

  // -- Fetching

  async load() {
    const { seriesUrl } = this.holder.dataset;
    const isOther = seriesUrl !== this.url;
    this.url = seriesUrl;
    this.abort?.abort();
    this.abort = new AbortController();
    this.holder.dataset.state = this.plot && !isOther ? "updating" : "loading";
    if (!this.plot) this.say("Loading…");
    try {
      const response = await fetch(seriesUrl, {
        headers: { Accept: "application/json" },
        signal: AbortSignal.any([this.abort.signal, AbortSignal.timeout(20000)]),
      });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      if (response.redirected || !/json/.test(response.headers.get("Content-Type") ?? "")) {
        location.reload(); // signed out meanwhile
        return;
      }
      this.show(await response.json(), isOther);
    } catch (error) {
      if (error.name === "AbortError") return;
      unlessLeaving(() => this.fail(), () => this.load());
    }
  }

  show(series, isOther) {
    const isEmpty = !series.at.length || series.total.every((amount) => amount === null);
    this.data = series;
    if (isEmpty) {
      this.clear();
      this.holder.dataset.state = "empty";
      this.say("No history in this range.");
      return;
    }
    const isOnePoint = series.total.filter((amount) => amount !== null).length === 1;
    this.say(isOnePoint ? "One point so far, at the dot. A line begins when the next step ends." : "");
    if (this.attempt(() => (this.plot && !isOther ? this.update() : this.draw()))) {
      this.holder.dataset.state = "ready";
    }
  }

  // Whatever draws goes through here: a drawing that breaks off is no drawing, and says so.
  attempt(act) {
    try {
      act();
    } catch (error) {
      console.error(error);
      this.holder.dataset.state = "failed";
      this.clear();
      this.status.replaceChildren(...failedDrawing(this.section, () => this.load()));
    }
    return Boolean(this.plot);
  }

  // New points in the same drawing: zoom, cursor and an open tooltip stay.
  update() {
    const { min, max } = this.plot.scales.x;
    const wasZoomed = this.isZoomed;
    this.columns = this.placed();
    this.plot.batch((u) => {
      u.setData(this.columns, !wasZoomed);
      if (wasZoomed) u.setScale("x", { min, max });
    });
    this.listMarks();
    this.resize();
    if (!this.plot || this.tip.hidden || this.index === null) return;
    this.index = Math.min(this.index, this.data.at.length - 1);
    this.showTip(this.plot.valToPos(this.data.at[this.index], "x"));
  }

  fail() {
    this.holder.dataset.state = "failed";
    if (this.plot) {
      // An older drawing is not passed off as the present one.
      this.clear();
    }
    const retry = make("button", "button", "Try again");
    retry.type = "button";
    retry.addEventListener("click", () => this.load());
    this.status.replaceChildren(make("span", "", "The history could not be loaded."), retry);
  }

  say(text) {
    this.status.replaceChildren(...(text ? [text] : []));
  }

  clear() {
    this.plot?.destroy();
    this.plot = null;
    this.hideTip();
    this.list.replaceChildren();
    this.stage.hidden = true;
  }

  // -- Cursor, tooltip, keys

  // A balance holds until the next point, so the point at or before the cursor counts, not the nearest.
  indexAt(seconds) {
    const { at } = this.data;
    let low = 0;
    let high = at.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (at[middle] <= seconds) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  onCursor(u) {
    const { left } = u.cursor;
    if (left === undefined || left < 0 || this.isKeying) return;
    this.index = this.indexAt(u.posToVal(left, "x"));
    this.showTip(left);
  }

  onKey(event) {
    if (!this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const { at } = this.data;
    const { min, max } = this.plot.scales.x;
    const first = this.indexAt(min) + (at[this.indexAt(min)] < min ? 1 : 0);
    const last = this.indexAt(max);
    const now = this.index ?? last + 1;
    const clamp = (i) => Math.min(last, Math.max(first, i));
    const moves = {
      ArrowLeft: () => this.moveTo(clamp(now - (event.shiftKey ? 10 : 1))),
      ArrowRight: () => this.moveTo(clamp(now + (event.shiftKey ? 10 : 1))),
      Home: () => this.moveTo(first),
      End: () => this.moveTo(last),
      "+": () => this.zoom(0.5),
      "=": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      0: () => this.zoom(Infinity),
      Escape: () => this.hideTip(),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  moveTo(index) {
    this.index = index;
    const left = this.plot.valToPos(this.data.at[index], "x");
    this.isKeying = true;
    this.plot.setCursor({ left, top: 10 });
    this.isKeying = false;
    this.showTip(left);
    this.voice.textContent = this.tip.innerText.replace(/\s+/g, " ");
  }

  get isZoomed() {
    if (!this.plot) return false;
    const { min, max } = this.plot.scales.x;
    const { 0: first, length, [length - 1]: last } = this.columns[0];
    return min > first || max < last;
  }

  zoom(factor) {
    const { at } = this.data;
    const { min, max } = this.plot.scales.x;
    const middle = this.index === null ? (min + max) / 2 : at[this.index];
    const half = ((max - min) * factor) / 2;
    const from = Math.max(at[0], middle - half);
    const to = Math.min(at.at(-1), middle + half);
    if (factor < 1 && this.indexAt(to) - this.indexAt(from) < 2) return;
    this.zoomTo(from, to);
  }

  // What was dragged over becomes all that is shown: a minute at least.
  onSelect(u) {
    const { left, width } = u.select;
    if (!(width > 0)) return;
    const middle = u.posToVal(left + width / 2, "x");
    const half = Math.max(30, (u.posToVal(left + width, "x") - u.posToVal(left, "x")) / 2);
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoomTo(middle - half, middle + half);
  }

  showTip(left) {
    const { data, index: i, tip } = this;
    const rows = [
      ["Total", data.total[i]],
      ["Available", data.available[i]],
      ["Pending in", data.pending_in[i]],
      ["Pending out", data.pending_out[i]],
    ];
    const list = make("dl");
    for (const [name, amount] of rows) list.append(make("dt", "", name), make("dd", "", shown(amount)));
    tip.replaceChildren(make("p", "tip-when", ""), list, make("p", "tip-note", this.coverageText(i)));
    tip.firstChild.append(make("b", "", this.whenOf(i)));
    if (data.low[i] !== data.high[i]) {
      tip.append(make("p", "tip-note", `Total from ${shown(data.low[i])} to ${shown(data.high[i])} since the point before`));
    }
    for (const failure of this.failuresAt(i)) tip.append(make("p", "tip-note", failure.text));
    for (const mark of this.marksNear(left)) tip.append(make("p", "tip-note", `${mark.n}: ${mark.text}`));
    tip.hidden = false;
    const space = this.holder.clientWidth;
    const over = this.plot.over;
    const x = over.offsetLeft + left;
    const isRight = x + 16 + tip.offsetWidth > space;
    const at = isRight ? Math.max(0, x - 16 - tip.offsetWidth) : x + 16;
    tip.style.translate = `${Math.round(at)}px 12px`;
  }

  marksNear(left) {
    return this.groups().filter(({ x }) => Math.abs(x - left) < 10).flatMap(({ marks }) => marks);
  }

  failuresAt(i) {
    const { at, failures } = this.data;
    return failures.filter(({ from, to }) => from <= at[i] && at[i] < to);
  }

  coverageText(i) {
    const { fresh, expected, unknown, partial, seen } = this.data;
    if (seen[i] === "unknown") return "Unknown: no snapshot yet";
    const accounts = expected[i] === 1 ? "account" : "accounts";
    const carried = expected[i] - fresh[i] - unknown[i];
    const rest = [
      carried && `${carried} carried`,
      unknown[i] && `${unknown[i]} unknown and in no total`,
      partial[i] && `${partial[i]} partial`,
    ];
    return [`${fresh[i]} of ${expected[i]} ${accounts} observed`, ...rest.filter(Boolean)].join(", ");
  }

  // A point between first and last is the last instant of a step: it is called by the step's end.
  whenOf(i) {
    const isEnd = i > 0 && i < this.data.at.length - 1;
    return this.when(this.data.at[i] + (isEnd ? 1 : 0));
  }

  hideTip() {
    this.tip.hidden = true;
    this.index = null;
    this.plot?.setCursor({ left: -10, top: -10 });
  }
}

// ---- The page's one chart

let chart = null;
let version = null;

function sync() {
  const holder = document.querySelector("[data-chart]");
  const current = document.querySelector("[data-version]")?.dataset.version ?? null;
  if (!holder) {
    chart = null;
    return;
  }
  const isNew = chart?.holder !== holder;
  if (isNew) chart = new Chart(holder);
  if (isNew || current !== version || holder.dataset.seriesUrl !== chart.url) chart.load();
  version = current;
}

sync();
// Back from the browser's page cache, where a request that was under way is not answered any more.
addEventListener("pageshow", (event) => {
  if (event.persisted) chart?.load();
});
document.addEventListener("htmx:afterSwap", sync);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-chart-png]")) chart?.toPng();
});
new MutationObserver(() => chart?.repaint()).observe(document.documentElement, {
  attributes: true,
  attributeFilter: ["data-theme", "data-amounts"],
});
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "print"]) {
  matchMedia(query).addEventListener("change", () => chart?.repaint());
}
