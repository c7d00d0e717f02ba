// The chart. Amounts arrive as text and are shown as that text; a number is only ever a place in pixels.

/* global uPlot */

const STRIP = 0.24; // part of the plot's height for pending in and out
const LANE = 0.1; // part above the strip for numbered marks
const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const SEEN = { observed: "observed", carried: "carried", unknown: "unknown" };

const root = document.documentElement;
const areAmountsHidden = () => root.dataset.amounts === "hidden";

// ---- Text

// "-1234.50" to "-1,234.50", by characters alone.
function grouped(plain) {
  const [whole, fraction] = plain.split(".");
  const text = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? text : `${text}.${fraction}`;
}

function shown(plain) {
  if (plain === null || plain === undefined) return "unknown";
  return areAmountsHidden() ? "••••••" : grouped(plain);
}

// The text of a tick: a round place on the axis, never an amount.
function tickText(value, step) {
  if (areAmountsHidden()) return "•••";
  const size = Math.abs(value);
  const [unit, suffix] = size >= 1e9 ? [1e9, " B"] : size >= 1e6 ? [1e6, " M"] : size >= 1e4 ? [1e3, " k"] : [1, ""];
  const places = Math.min(12, Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  return grouped((value / unit).toFixed(places)) + suffix;
}

function niceBelow(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].map((n) => n * power).find((n) => n <= value * 1.0000001) ?? power;
}

// ---- Colours: read from the style sheet by a probe, since light-dark() resolves only on elements.

function palette(holder) {
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
    total: read("series-total"),
    available: read("series-available"),
    in: read("series-in"),
    out: read("series-out"),
  };
  probe.remove();
  return colours;
}

// ---- One chart

class Chart {
  constructor(holder) {
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
      this.fail();
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
    this.say("");
    if (this.plot && !isOther) this.update();
    else this.draw();
    this.holder.dataset.state = "ready";
  }

  // New points in the same drawing: zoom, cursor and an open tooltip stay.
  update() {
    const { min, max } = this.plot.scales.x;
    const wasZoomed = this.isZoomed;
    this.columns = this.placed();
    this.plot.setData(this.columns, !wasZoomed);
    if (wasZoomed) this.plot.setScale("x", { min, max });
    this.listMarks();
    if (this.tip.hidden || this.index === null) return;
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

  // -- Drawing

  get height() {
    return innerWidth <= 640 ? 280 : 340;
  }

  draw() {
    const { data } = this;
    this.plot?.destroy();
    this.stage.hidden = false;
    this.colours = palette(this.holder);
    this.columns = this.placed();
    this.plot = new uPlot(this.options(), this.columns, this.stage);
    this.plot.over.addEventListener("mouseleave", () => this.hideTip());
    this.stage.setAttribute(
      "aria-label",
      `${data.asset} over time. Left and right arrow keys move through the points, plus and minus zoom, ` +
        "zero shows all. The same numbers are in the table below.",
    );
    this.listMarks();
  }

  // The only numbers: places for the drawing.
  placed() {
    const { at, total, available, pending_in, pending_out } = this.data;
    const place = (amount) => (amount === null ? null : Number(amount));
    return [
      at,
      available.map(place),
      total.map(place),
      pending_in.map((amount) => place(amount) || null), // zero draws no bar
      pending_out.map((amount) => -place(amount) || null),
    ];
  }

  options() {
    const { colours: c, data } = this;
    const stepped = uPlot.paths.stepped({ align: 1 });
    const bars = uPlot.paths.bars({ size: [0.7, 16, 1], align: 1 });
    const line = (label, stroke, width) => ({ label, stroke, width, scale: "y", paths: stepped, points: { show: false } });
    const bar = (label, fill) => ({ label, fill, stroke: fill, width: 0, scale: "p", paths: bars, points: { show: false } });
    return {
      width: this.holder.clientWidth,
      height: this.height,
      padding: [8, 0, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), data.zone),
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: true } },
      scales: {
        x: { time: true },
        y: { range: (u, min, max) => this.yRange(min, max) },
        p: { range: (u, min, max) => this.pRange(u) },
      },
      series: [
        {},
        line("Available", c.available, 1.25),
        line("Total", c.total, 2),
        bar("Pending in", c.in),
        bar("Pending out", c.out),
      ],
      axes: [
        {
          stroke: c.muted, font: FONT, size: 32, gap: 8, space: 90,
          grid: { show: false }, ticks: { show: false },
          values: (u, splits, axis, space, step) =>
            this.timeTexts(splits, step).map((text, i) => (this.hasRoom(u, splits[i], text) ? text : "")),
        },
        {
          scale: "y", side: 1, stroke: c.muted, font: FONT, gap: 10, space: 30,
          size: (u, texts) => Math.max(52, 18 + 7 * Math.max(0, ...(texts ?? []).map((t) => t?.length ?? 0))),
          grid: { stroke: c.line, width: 1, filter: (u, splits) => this.aboveFloor(splits) }, ticks: { show: false },
          filter: (u, splits) => this.aboveFloor(splits),
          values: (u, splits, axis, space, step) => splits.map((v) => (v === null ? "" : tickText(v, step))),
        },
      ],
      hooks: {
        drawClear: [() => this.hatch()],
        draw: [() => this.drawStrip(), () => this.drawMarks()],
        setCursor: [(u) => this.onCursor(u)],
      },
    };
  }

  // The lines take the upper part of the plot; their axis may start above zero, so they are never areas.
  yRange(min, max) {
    if (min === null || max === null || !Number.isFinite(min)) [min, max] = [0, 1];
    const span = max - min || Math.abs(max) * 0.02 || 1;
    const low = min >= 0 ? Math.max(0, min - span * 0.12) : min - span * 0.12;
    const high = max + span * 0.12;
    this.floor = low;
    return [high - (high - low) / (1 - STRIP - LANE), high];
  }

  aboveFloor(splits) {
    return splits.map((value) => (value >= this.floor ? value : null));
  }

  // The bars take the strip below, with an axis of their own from zero, up and down.
  pRange(u) {
    const [from, to] = u.series[0].idxs ?? [0, this.columns[0].length - 1];
    const slice = (column) => this.columns[column].slice(from, to + 1);
    const up = Math.max(0, ...slice(3));
    const down = Math.max(0, ...slice(4).map((v) => -v));
    this.peak = { up, down };
    const most = Math.max(up, down) || 1;
    const top = Math.max(up, most * 0.25) * 1.1;
    const bottom = -Math.max(down, most * 0.25) * 1.1;
    return [bottom, bottom + (top - bottom) / STRIP];
  }

  timeTexts(splits, step) {
    const zone = this.data.zone;
    const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short" });
    const month = new Intl.DateTimeFormat("en-GB", { timeZone: zone, month: "short", year: "numeric" });
    const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    let last = "";
    return splits.map((seconds) => {
      const date = new Date(seconds * 1000);
      if (step >= 28 * 86400) return month.format(date);
      const today = day.format(date);
      if (step >= 86400) return today;
      const text = today === last ? time.format(date) : `${today}, ${time.format(date)}`;
      const isMidnight = time.format(date) === "00:00";
      const answer = isMidnight ? today : last === "" ? text : time.format(date);
      last = today;
      return answer;
    });
  }

  // A label that would be cut at the edge is left out.
  hasRoom(u, seconds, text) {
    const x = u.valToPos(seconds, "x");
    return x >= text.length * 3.5;
  }

  box() {
    const { left, top, width, height } = this.plot.bbox;
    return { left, top, width, height, right: left + width, bottom: top + height };
  }

  hatch() {
    const { plot: u, data, colours: c } = this;
    const { ctx } = u;
    const { left, top, right, bottom } = this.box();
    const pixel = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = c.hatch;
    ctx.lineWidth = pixel;
    for (const [from, until] of this.stretches("carried")) {
      const x0 = Math.max(left, u.valToPos(data.at[from], "x", true));
      const x1 = Math.min(right, Math.max(x0 + 2 * pixel, u.valToPos(data.at[until], "x", true)));
      if (x1 <= left || x0 >= right) continue;
      ctx.save();
      ctx.beginPath();
      ctx.rect(x0, top, x1 - x0, bottom - top);
      ctx.clip();
      ctx.beginPath();
      const step = 7 * pixel;
      const tall = bottom - top;
      for (let x = Math.floor((x0 - tall) / step) * step; x < x1; x += step) {
        ctx.moveTo(x, bottom);
        ctx.lineTo(x + tall, top);
      }
      ctx.stroke();
      ctx.restore();
    }
    ctx.restore();
  }

  // Pairs of indices: from the first point of a stretch to the first point after it.
  stretches(kind) {
    const { seen } = this.data;
    const found = [];
    for (let i = 0; i < seen.length; i++) {
      if (seen[i] !== kind) continue;
      const from = i;
      while (i + 1 < seen.length && seen[i + 1] === kind) i++;
      found.push([from, Math.min(i + 1, seen.length - 1)]);
    }
    return found;
  }

  drawStrip() {
    const { plot: u, colours: c, peak } = this;
    const { ctx } = u;
    const { left, right } = this.box();
    const pixel = devicePixelRatio;
    const y = Math.round(u.valToPos(0, "p", true)) + 0.5;
    ctx.save();
    ctx.strokeStyle = c.strong;
    ctx.lineWidth = pixel;
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(right, y);
    ctx.stroke();
    ctx.fillStyle = c.muted;
    ctx.font = FONT.replace("12px", `${12 * pixel}px`);
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    const put = (value) => {
      const at = u.valToPos(value, "p", true);
      if (value && Math.abs(at - y) < 11 * pixel) return;
      ctx.fillText(value ? tickText(Math.abs(value), niceBelow(Math.abs(value))) : "0", right + 10 * pixel, at);
    };
    put(0);
    if (peak.up) put(niceBelow(peak.up));
    if (peak.down) put(-niceBelow(peak.down));
    ctx.restore();
  }

  // -- Marks: numbered circles between the lines and the strip; near ones share a circle.

  groups() {
    const { plot: u, data } = this;
    const found = [];
    for (const mark of data.marks ?? []) {
      const x = u.valToPos(mark.at, "x");
      if (x < 0 || x > u.over.clientWidth) continue;
      const last = found.at(-1);
      if (last && x - last.x < 20) last.marks.push(mark);
      else found.push({ x, marks: [mark] });
    }
    return found;
  }

  drawMarks() {
    const { plot: u, colours: c } = this;
    const { ctx } = u;
    const pixel = devicePixelRatio;
    const { left, bottom, height } = this.box();
    const y = bottom - height * (STRIP + LANE / 2);
    ctx.save();
    ctx.font = FONT.replace("12px", `${11 * pixel}px`);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineWidth = pixel;
    for (const { x, marks } of this.groups()) {
      const text = marks.length > 1 ? `${marks[0].n}–${marks.at(-1).n}` : `${marks[0].n}`;
      const half = Math.max(8 * pixel, ctx.measureText(text).width / 2 + 5 * pixel);
      const at = left + x * pixel;
      ctx.beginPath();
      ctx.roundRect(at - half, y - 8 * pixel, 2 * half, 16 * pixel, 8 * pixel);
      ctx.fillStyle = c.ground;
      ctx.fill();
      ctx.strokeStyle = c.strong;
      ctx.stroke();
      ctx.fillStyle = c.ink;
      ctx.fillText(text, at, y + 0.5 * pixel);
    }
    ctx.restore();
  }

  listMarks() {
    const items = (this.data.marks ?? []).map((mark) => {
      const item = make("li");
      item.append(make("b", "", String(mark.n)), `${mark.text}, ${this.when(mark.at)}`);
      return item;
    });
    this.list.replaceChildren(...items);
  }

  // -- Cursor, tooltip, keys

  when(seconds) {
    return new Intl.DateTimeFormat("en-GB", {
      timeZone: this.data.zone, weekday: "short", day: "numeric", month: "short", year: "numeric",
      hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
    }).format(new Date(seconds * 1000));
  }

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
    this.plot.setScale("x", { min: from, max: to });
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
    tip.firstChild.append(make("b", "", this.when(data.at[i])));
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

  coverageText(i) {
    const { fresh, expected, seen } = this.data;
    const kind = SEEN[seen[i]] ?? seen[i];
    if (kind === "unknown") return "Unknown: no snapshot yet";
    const accounts = expected[i] === 1 ? "account" : "accounts";
    return `${fresh[i]} of ${expected[i]} ${accounts} observed${kind === "carried" ? ", the rest carried" : ""}`;
  }

  hideTip() {
    this.tip.hidden = true;
    this.index = null;
    this.plot?.setCursor({ left: -10, top: -10 });
  }

  // -- Size and theme

  resize() {
    const width = this.holder.clientWidth;
    if (!this.plot || !width || (width === this.plot.width && this.height === this.plot.height)) return;
    this.plot.setSize({ width, height: this.height });
  }

  repaint() {
    if (!this.plot) return;
    const { min, max } = this.plot.scales.x;
    const wasZoomed = this.isZoomed;
    this.draw();
    if (wasZoomed) this.plot.setScale("x", { min, max });
  }

  // -- PNG: the drawing with its title, keys and zone, so that it speaks for itself.

  toPng() {
    if (!this.plot) return;
    const { data, colours: c } = this;
    const pixel = devicePixelRatio;
    const drawing = this.plot.ctx.canvas;
    const margin = 24 * pixel;
    const head = 64 * pixel;
    const sheet = document.createElement("canvas");
    sheet.width = drawing.width + 2 * margin;
    sheet.height = drawing.height + head + margin;
    const ctx = sheet.getContext("2d");
    ctx.fillStyle = c.ground;
    ctx.fillRect(0, 0, sheet.width, sheet.height);
    ctx.fillStyle = c.ink;
    ctx.font = FONT.replace("12px", `600 ${15 * pixel}px`);
    ctx.fillText(data.asset, margin, 28 * pixel);
    ctx.font = FONT.replace("12px", `${12 * pixel}px`);
    ctx.fillStyle = c.muted;
    const { min, max } = this.plot.scales.x;
    ctx.fillText(`${this.when(min)} to ${this.when(max)} (${data.zone})`, margin, 48 * pixel);
    let x = sheet.width - margin;
    ctx.textAlign = "right";
    for (const [name, colour] of [["Pending out", c.out], ["Pending in", c.in], ["Available", c.available], ["Total", c.total]]) {
      ctx.fillStyle = c.muted;
      ctx.fillText(name, x, 28 * pixel);
      x -= ctx.measureText(name).width + 14 * pixel;
      ctx.fillStyle = colour;
      ctx.fillRect(x, 19 * pixel, 9 * pixel, 9 * pixel);
      x -= 12 * pixel;
    }
    ctx.drawImage(drawing, margin, head);
    sheet.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${data.asset.replace(/[^\w.-]+/g, "_").slice(0, 60)}-${new Date().toISOString().slice(0, 10)}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
  }
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
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
document.addEventListener("htmx:afterSwap", sync);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-chart-png]")) chart?.toPng();
});
new MutationObserver(() => chart?.repaint()).observe(root, {
  attributes: true,
  attributeFilter: ["data-theme", "data-amounts"],
});
for (const query of ["(prefers-color-scheme: dark)", "print"]) {
  matchMedia(query).addEventListener("change", () => chart?.repaint());
}
