// Two lines of one asset in one drawing. Amounts are text and are shown as that text; a number is only ever a
// place in pixels. All figures are in the page, as a table too.

/* global uPlot */

import { FONT, instant, make, palette, shown, tickText } from "./chart-text.js";

const DAY = 86400;

class Overlay {
  constructor(holder) {
    this.holder = holder;
    this.points = holder.dataset.overlay;
    this.data = JSON.parse(this.points);
    this.x = this.data.at ?? this.data.after;
    this.stage = make("div", "chart-stage");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.stage.setAttribute("aria-roledescription", "chart");
    this.stage.setAttribute(
      "aria-label",
      `Total of ${this.data.asset}, A and B. Left and right arrow keys move through the points. ` +
        "The same numbers are in the table below.",
    );
    this.tip = make("div", "chart-tip");
    this.tip.hidden = true;
    this.voice = make("div", "visually-hidden");
    this.voice.setAttribute("aria-live", "polite");
    holder.replaceChildren(this.stage, this.tip, this.voice);
    this.stage.addEventListener("keydown", (event) => this.onKey(event));
    this.stage.addEventListener("blur", () => this.hideTip());
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(holder);
    this.draw();
    holder.dataset.state = "ready";
  }

  draw() {
    this.plot?.destroy();
    const place = (amount) => (amount === null ? null : Number(amount));
    const columns = [this.x, this.data.a.map(place), this.data.b.map(place)];
    this.plot = new uPlot(this.options(palette(this.holder)), columns, this.stage);
    this.plot.over.addEventListener("mouseleave", () => this.hideTip());
  }

  get height() {
    return innerWidth <= 640 ? 240 : 300;
  }

  options(c) {
    const paths = uPlot.paths.stepped({ align: 1 });
    const line = (label, stroke, width, dash) => ({ label, stroke, width, dash, paths, points: { show: false } });
    return {
      width: this.holder.clientWidth,
      height: this.height,
      padding: [8, 0, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), this.data.zone),
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: Boolean(this.data.at) }, y: { range: (u, min, max) => this.yRange(min, max) } },
      series: [{}, line("A", c.total, 2), line("B", c.out, 2, [6, 4])],
      axes: [
        {
          stroke: c.muted, font: FONT, size: 32, gap: 8, space: 90,
          grid: { show: false }, ticks: { show: false },
          // A label that would be cut at the edge is left out.
          values: (u, splits, axis, space, step) => splits.map((x) => (u.valToPos(x, "x") < 24 ? "" : this.placeText(x, step))),
        },
        {
          side: 1, stroke: c.muted, font: FONT, gap: 10, space: 30,
          size: (u, texts) => Math.max(52, 18 + 7 * Math.max(0, ...(texts ?? []).map((t) => t?.length ?? 0))),
          grid: { stroke: c.line, width: 1 }, ticks: { show: false },
          values: (u, splits, axis, space, step) => splits.map((value) => tickText(value, step)),
        },
      ],
      hooks: { setCursor: [(u) => this.onCursor(u)] },
    };
  }

  // The axis may start above zero, so these are lines and never areas.
  yRange(min, max) {
    if (min === null || !Number.isFinite(min)) return [0, 1];
    const span = max - min || Math.abs(max) * 0.02 || 1;
    return [min >= 0 ? Math.max(0, min - span * 0.12) : min - span * 0.12, max + span * 0.12];
  }

  placeText(x, step) {
    if (!this.data.at) return x % DAY === 0 || step >= DAY ? `${Math.round(x / DAY)} d` : `${Math.round(x / 3600)} h`;
    const form = step >= DAY ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    return new Intl.DateTimeFormat("en-GB", { timeZone: this.data.zone, ...form }).format(new Date(x * 1000));
  }

  when(index) {
    if (this.data.at) return instant(this.data.at[index], this.data.zone);
    const hours = Math.floor(this.data.after[index] / 3600);
    return `after ${Math.floor(hours / 24)} d ${hours % 24} h`;
  }

  // A balance holds until the next point, so the point at or before the cursor counts, not the nearest.
  onCursor(u) {
    const { left } = u.cursor;
    if (left === undefined || left < 0 || this.isKeying) return;
    const x = u.posToVal(left, "x");
    this.index = Math.max(0, this.x.findLastIndex((one) => one <= x));
    this.showTip(left);
  }

  onKey(event) {
    const last = this.x.length - 1;
    const now = this.index ?? last + 1;
    const by = event.shiftKey ? 10 : 1;
    const to = { ArrowLeft: now - by, ArrowRight: now + by, Home: 0, End: last }[event.key];
    if (event.key === "Escape") this.hideTip();
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.index = Math.min(last, Math.max(0, to));
    const left = this.plot.valToPos(this.x[this.index], "x");
    this.isKeying = true;
    this.plot.setCursor({ left, top: 10 });
    this.isKeying = false;
    this.showTip(left);
    this.voice.textContent = this.tip.innerText.replace(/\s+/g, " ");
  }

  showTip(left) {
    const list = make("dl");
    for (const side of ["a", "b"]) {
      list.append(make("dt", "", side.toUpperCase()), make("dd", "", shown(this.data[side][this.index])));
    }
    const head = make("p", "tip-when");
    head.append(make("b", "", this.when(this.index)));
    this.tip.replaceChildren(head, list);
    this.tip.hidden = false;
    const x = this.plot.over.offsetLeft + left;
    const isRight = x + 16 + this.tip.offsetWidth > this.holder.clientWidth;
    const at = isRight ? Math.max(0, x - 16 - this.tip.offsetWidth) : x + 16;
    this.tip.style.translate = `${Math.round(at)}px 12px`;
  }

  hideTip() {
    this.tip.hidden = true;
    this.index = null;
    this.plot.setCursor({ left: -10, top: -10 });
  }

  close() {
    this.sizes.disconnect();
    this.plot.destroy();
  }

  resize() {
    const width = this.holder.clientWidth;
    if (!width || (width === this.plot.width && this.height === this.plot.height)) return;
    this.plot.setSize({ width, height: this.height });
  }
}

let overlay = null;

// The pills swap what changed: a holder that is new, or has other points, is drawn again.
function sync() {
  const holder = document.querySelector("[data-overlay]");
  if (overlay && overlay.holder === holder && overlay.points === holder.dataset.overlay) return;
  overlay?.close();
  overlay = holder ? new Overlay(holder) : null;
}

sync();
document.addEventListener("htmx:afterSwap", sync);
new MutationObserver(() => overlay?.draw()).observe(document.documentElement, {
  attributes: true,
  attributeFilter: ["data-theme", "data-amounts"],
});
for (const query of ["(prefers-color-scheme: dark)", "print"]) {
  matchMedia(query).addEventListener("change", () => overlay?.draw());
}
