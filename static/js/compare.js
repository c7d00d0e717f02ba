// Two lines of one asset in one drawing. Amounts are text and are shown as that text; a number is only ever a
// place in pixels. All figures are in the page, as a table too.

/* global uPlot */

import { drawLonely, failedDrawing, plotted, uprightAxis } from "./chart-drawing.js";
import {
  FONT, instant, make, palette, placeOf, powerOf, rangeOf, shown, ticksBetween, timeTexts, unknownZone, zoneHere,
} from "./chart-text.js";

const DAY = 86400;
/** Round lengths of time in seconds: a minute and more. */
const SPANS = [1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 7200, 14400, 43200, 144000, 525600].map((m) => m * 60);

// How long after the start of a period; `step` seconds lie between two such words.
function afterText(seconds, step) {
  if (step >= DAY) return `${Math.round(seconds / DAY)} d`;
  const minutes = Math.round(seconds / 60);
  const days = Math.floor(minutes / 1440);
  const clock = `${Math.floor(minutes / 60) % 24} h${step < 3600 ? ` ${minutes % 60} min` : ""}`;
  if (minutes % 1440 === 0) return days ? `${days} d` : "0";
  return days ? `${days} d ${clock}` : clock;
}

class Overlay {
  constructor(holder) {
    this.holder = holder;
    this.points = holder.dataset.overlay;
    this.data = JSON.parse(this.points);
    this.x = this.data.at ?? this.data.after;
    this.zone = zoneHere(this.data.zone);
    this.power = powerOf([...this.data.a, ...this.data.b]);
    this.plot = null;
    this.status = make("div", "chart-status");
    this.status.setAttribute("role", "status");
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
    holder.replaceChildren(this.stage, this.status, this.tip, this.voice);
    if (this.zone !== this.data.zone) holder.append(make("p", "help", unknownZone(this.data.zone)));
    this.stage.addEventListener("keydown", (event) => this.onKey(event));
    this.stage.addEventListener("blur", () => this.hideTip());
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(holder);
    this.draw();
  }

  draw() {
    this.status.replaceChildren();
    this.stage.hidden = false;
    this.attempt(() => {
      this.plot?.destroy();
      this.plot = null;
      const place = (amount) => placeOf(amount, this.power);
      const columns = [this.x, this.data.a.map(place), this.data.b.map(place)];
      this.plot = plotted(this.options(palette(this.holder)), columns, this.stage);
      this.plot.over.addEventListener("mouseleave", () => this.hideTip());
    });
  }

  // A drawing that breaks off is no drawing, and says so.
  attempt(act) {
    try {
      act();
      this.holder.dataset.state = "ready";
    } catch (error) {
      console.error(error);
      this.holder.dataset.state = "failed";
      this.hideTip();
      this.close();
      this.stage.hidden = true;
      this.status.replaceChildren(...failedDrawing(this.holder.closest(".chart"), () => this.draw()));
    }
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
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), this.zone),
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: Boolean(this.data.at) }, y: { range: (u, min, max) => rangeOf(min, max) } },
      series: [{}, line("A", c.total, 2), line("B", c.out, 2, [6, 4])],
      axes: [
        {
          stroke: c.muted, font: FONT, size: 32, gap: 8, space: 90,
          grid: { show: false }, ticks: { show: false },
          ...(this.data.at ? {} : { incrs: SPANS }),
          // A label that would be cut at the edge is left out.
          values: (u, splits, axis, space, step) => {
            const texts = this.data.at ? timeTexts(splits, step, this.zone) : splits.map((x) => afterText(x, step));
            return texts.map((text, i) => (u.valToPos(splits[i], "x") < text.length * 3.5 ? "" : text));
          },
        },
        uprightAxis(c, FONT, (low, high, least) => ticksBetween(low, high, least, this.power)),
      ],
      hooks: {
        draw: [(u) => drawLonely(u, [[1, c.total], [2, c.out]])],
        setCursor: [(u) => this.onCursor(u)],
      },
    };
  }

  when(index) {
    if (this.data.at) return instant(this.data.at[index], this.zone);
    const minutes = Math.floor(this.data.after[index] / 60);
    const hours = Math.floor(minutes / 60);
    if (hours >= 24) return `after ${Math.floor(hours / 24)} d ${hours % 24} h`;
    return `after ${hours} h ${minutes % 60} min`;
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
    if (!this.plot) return;
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
    this.plot?.setCursor({ left: -10, top: -10 });
  }

  close() {
    this.plot?.destroy();
    this.plot = null;
  }

  resize() {
    const width = this.holder.clientWidth;
    if (!this.plot || !width || (width === this.plot.width && this.height === this.plot.height)) return;
    this.attempt(() => this.plot.batch((u) => u.setSize({ width, height: this.height })));
    if (this.plot && !this.tip.hidden) this.showTip(this.plot.valToPos(this.x[this.index], "x"));
  }
}

let overlay = null;

// The pills swap what changed: a holder that is new, or has other points, is drawn again.
function sync() {
  const holder = document.querySelector("[data-overlay]");
  if (overlay && overlay.holder === holder && overlay.points === holder.dataset.overlay) return;
  overlay?.sizes.disconnect();
  overlay?.close();
  overlay = holder ? new Overlay(holder) : null;
}

sync();
document.addEventListener("htmx:afterSwap", sync);
new MutationObserver(() => overlay?.draw()).observe(document.documentElement, {
  attributes: true,
  attributeFilter: ["data-theme", "data-amounts"],
});
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "print"]) {
  matchMedia(query).addEventListener("change", () => overlay?.draw());
}
