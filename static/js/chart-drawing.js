// The drawing of a chart: lines above, bars in a strip below, marks between. Its only numbers are places.

/* global uPlot */

import {
  FONT, instant, make, palette, placeOf, powerOf, rangeOf, roundBelow, ticksBetween, timeTexts, unknownZone, zoneHere,
} from "./chart-text.js";

const STRIP = 0.24; // part of the plot's height for pending in and out
const LANE = 0.1; // part above the strip for numbered marks

// Holds `holder`, `stage`, `list`, `plot` and `data`; who extends it says what `onCursor` and `hideTip` do.
export class Drawing {
  // -- Drawing

  // The list of marks takes its lines from the drawing: nothing below moves under a pointer when data arrive.
  get height() {
    const room = innerWidth <= 640 ? 308 : 364; // the least height of .chart-holder
    return Math.max(200, room - this.list.offsetHeight);
  }

  draw() {
    const { data } = this;
    this.plot?.destroy();
    this.plot = null;
    this.zone = zoneHere(data.zone);
    this.stage.hidden = false;
    this.listMarks();
    this.colours = palette(this.holder);
    this.columns = this.placed();
    this.plot = plotted(this.options(), this.columns, this.stage);
    this.plot.over.addEventListener("mouseleave", () => this.hideTip());
    this.stage.setAttribute(
      "aria-label",
      `${data.asset} over time. Left and right arrow keys move through the points, plus and minus zoom, ` +
        "zero shows all. The same numbers are in the table below.",
    );
  }

  // The only numbers: places for the drawing.
  placed() {
    const { at, total, available, pending_in, pending_out, low, high } = this.data;
    this.power = powerOf([...total, ...available, ...pending_in, ...pending_out, ...low, ...high]);
    const place = (amount) => placeOf(amount, this.power);
    return [
      at,
      available.map(place),
      total.map(place),
      pending_in.map((amount) => place(amount) || null), // zero draws no bar
      pending_out.map((amount) => -place(amount) || null),
      low.map(place),
      high.map(place),
    ];
  }

  options() {
    const { colours: c } = this;
    const stepped = uPlot.paths.stepped({ align: 1 });
    const bars = uPlot.paths.bars({ size: [0.7, 16, 1], align: 1 });
    const line = (label, stroke, width) => ({ label, stroke, width, scale: "y", paths: stepped, points: { show: false } });
    const bar = (label, fill) => ({ label, fill, stroke: fill, width: 0, scale: "p", paths: bars, points: { show: false } });
    return {
      width: this.holder.clientWidth,
      height: this.height,
      padding: [8, 0, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), this.zone),
      cursor: {
        y: false, points: { show: false }, drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => () => this.zoomTo(this.data.at[0], this.data.at.at(-1)) },
      },
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
        // No lines of their own: the axis has to have room for them.
        { label: "Lowest total", scale: "y", width: 0, points: { show: false } },
        { label: "Highest total", scale: "y", width: 0, points: { show: false } },
      ],
      axes: [
        {
          stroke: c.muted, font: FONT, size: 32, gap: 8, space: 90,
          grid: { show: false }, ticks: { show: false },
          values: (u, splits, axis, space, step) =>
            timeTexts(splits, step, this.zone).map((text, i) => (this.hasRoom(u, splits[i], text) ? text : "")),
        },
        uprightAxis(c, FONT, (low, high, least) => ticksBetween(this.floor, high, least, this.power)),
      ],
      hooks: {
        drawClear: [(u) => this.hatch(u), (u) => this.drawBand(u), (u) => this.drawFailures(u)],
        draw: [(u) => drawLonely(u, [[1, c.available], [2, c.total]]), (u) => this.drawStrip(u), (u) => this.drawMarks(u)],
        setCursor: [(u) => this.onCursor(u)],
        setSelect: [(u) => this.onSelect(u)],
      },
    };
  }

  // The lines take the upper part of the plot; their axis may start above zero, so they are never areas.
  yRange(min, max) {
    const [low, high] = rangeOf(min, max);
    this.floor = low;
    return [high - (high - low) / (1 - STRIP - LANE), high];
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

  // A label that would be cut at the edge is left out.
  hasRoom(u, seconds, text) {
    const x = u.valToPos(seconds, "x");
    return x >= text.length * 3.5;
  }

  box(u) {
    const { left, top, width, height } = u.bbox;
    return { left, top, width, height, right: left + width, bottom: top + height };
  }

  hatch(u) {
    const { data, colours: c } = this;
    const { ctx } = u;
    const { left, top, right, bottom } = this.box(u);
    const pixel = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = c.hatch;
    ctx.lineWidth = pixel;
    for (const [from, until] of this.stretches(["carried", "incomplete"])) {
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

  // From the lowest to the highest total since the point before: where it went in between.
  drawBand(u) {
    const { colours: c, data } = this;
    const { ctx } = u;
    const { left, top, right, bottom } = this.box(u);
    const [at, , , , , low, high] = this.columns;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, right - left, bottom - top);
    ctx.clip();
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = c.total;
    for (let i = 1; i < at.length; i++) {
      if (low[i] === null || data.low[i] === data.high[i]) continue;
      const x0 = u.valToPos(at[i - 1], "x", true);
      const x1 = u.valToPos(at[i], "x", true);
      const y0 = u.valToPos(high[i], "y", true);
      const y1 = u.valToPos(low[i], "y", true);
      ctx.fillRect(x0, y0, Math.max(1, x1 - x0), Math.max(1, y1 - y0));
    }
    ctx.restore();
  }

  // When polls failed or were missed: a line along the bottom of the lines' part of the plot.
  drawFailures(u) {
    const { colours: c, data } = this;
    const { ctx } = u;
    const { left, right, bottom, height } = this.box(u);
    const pixel = devicePixelRatio;
    ctx.save();
    ctx.fillStyle = c.failed;
    for (const { from, to } of data.failures) {
      const x0 = Math.max(left, u.valToPos(from, "x", true));
      const x1 = Math.min(right, Math.max(x0 + 2 * pixel, u.valToPos(to, "x", true)));
      if (x1 > x0) ctx.fillRect(x0, bottom - height * (STRIP + LANE), x1 - x0, 2 * pixel);
    }
    ctx.restore();
  }

  // Pairs of indices: from the first point of a stretch to the first point after it.
  stretches(kinds) {
    const { seen } = this.data;
    const found = [];
    for (let i = 0; i < seen.length; i++) {
      if (!kinds.includes(seen[i])) continue;
      const from = i;
      while (i + 1 < seen.length && kinds.includes(seen[i + 1])) i++;
      found.push([from, Math.min(i + 1, seen.length - 1)]);
    }
    return found;
  }

  drawStrip(u) {
    const { colours: c, peak, power } = this;
    const { ctx } = u;
    const { left, right } = this.box(u);
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
    const put = (text, place) => {
      const at = u.valToPos(place, "p", true);
      if (place && Math.abs(at - y) < 11 * pixel) return;
      ctx.fillText(text, right + 10 * pixel, at);
    };
    put("0", 0);
    for (const [most, sign] of [[peak.up, 1], [peak.down, -1]]) {
      if (!most) continue;
      const { at, text } = roundBelow(most, power);
      put(text, sign * at);
    }
    ctx.restore();
  }

  // -- Marks: numbered circles between the lines and the strip; near ones share a circle.

  groups(u = this.plot) {
    const { data } = this;
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

  drawMarks(u) {
    const { colours: c } = this;
    const { ctx } = u;
    const pixel = devicePixelRatio;
    const { left, bottom, height } = this.box(u);
    const y = bottom - height * (STRIP + LANE / 2);
    ctx.save();
    ctx.font = FONT.replace("12px", `${11 * pixel}px`);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineWidth = pixel;
    for (const { x, marks } of this.groups(u)) {
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
    if (this.zone !== this.data.zone) items.push(make("li", "", unknownZone(this.data.zone)));
    this.list.replaceChildren(...items);
  }

  // -- Size, zoom and theme. `attempt` is of who extends this: it says so where a drawing fails.

  resize() {
    const width = this.holder.clientWidth;
    if (!this.plot || !width || (width === this.plot.width && this.height === this.plot.height)) return;
    this.attempt(() => this.plot.batch((u) => u.setSize({ width, height: this.height })));
    // What hangs at a point follows it; where it was may be outside of the window now.
    if (this.plot && !this.tip.hidden) this.showTip(this.plot.valToPos(this.data.at[this.index], "x"));
  }

  zoomTo(min, max) {
    this.attempt(() => this.plot.batch((u) => u.setScale("x", { min, max })));
  }

  repaint() {
    if (!this.plot) return;
    const { min, max } = this.plot.scales.x;
    const wasZoomed = this.isZoomed;
    this.attempt(() => this.draw());
    if (wasZoomed && this.plot) this.zoomTo(min, max);
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
    ctx.fillText(`${this.when(min)} to ${this.when(max)} (${this.zone})`, margin, 48 * pixel);
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

  when(seconds) {
    return instant(seconds, this.zone);
  }
}

// ---- What every drawing has in common

// uPlot draws in a task of its own, where an error is nobody's and paper does not wait for it. Here it draws
// before the call returns.
export function plotted(options, columns, stage) {
  let begin;
  const plot = new uPlot(options, columns, (_, go) => {
    begin = go;
  });
  stage.append(plot.root);
  try {
    plot.batch(begin);
  } catch (error) {
    plot.destroy();
    throw error;
  }
  return plot;
}

/** The upright axis: `ticks(low, high, least)` says where its lines stand and what is beside them. */
export function uprightAxis(colours, font, ticks) {
  let texts = [];
  return {
    scale: "y", side: 1, stroke: colours.muted, font, gap: 10, space: 30,
    size: (u, values) => Math.max(52, 18 + 7 * Math.max(0, ...(values ?? []).map((text) => text?.length ?? 0))),
    grid: { stroke: colours.line, width: 1 }, ticks: { show: false },
    // One step that always fits: what uPlot would choose by itself has no end where doubles are coarse.
    incrs: () => [1e9],
    splits: (u, axis, low, high, step, space) => {
      const found = ticks(low, high, (30 * step) / space);
      texts = found.map(({ text }) => text);
      return found.map(({ at }) => at);
    },
    values: () => texts,
  };
}

/** What is known at one point alone has no line: a dot, for each of these columns, in its colour. */
export function drawLonely(u, columns) {
  const { ctx, data, bbox } = u;
  ctx.save();
  for (const [n, colour] of columns) {
    const places = data[n];
    ctx.fillStyle = colour;
    for (let i = 0; i < places.length; i++) {
      if (places[i] === null || (places[i - 1] ?? places[i + 1] ?? null) !== null) continue;
      const x = u.valToPos(data[0][i], "x", true);
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
      ctx.beginPath();
      ctx.arc(x, u.valToPos(places[i], "y", true), 3.5 * devicePixelRatio, 0, 2 * Math.PI);
      ctx.fill();
    }
  }
  ctx.restore();
}

/** What is said where a drawing failed: try again, or read the same numbers in the table of its section. */
export function failedDrawing(section, again) {
  const retry = make("button", "button", "Try again");
  retry.type = "button";
  retry.addEventListener("click", again);
  const said = [make("span", "", "The chart could not be drawn."), retry];
  const table = section?.querySelector("details.same-numbers");
  if (!table) return said;
  const open = make("button", "button", "Show the same numbers as a table");
  open.type = "button";
  open.addEventListener("click", () => {
    table.open = true;
    table.querySelector("summary").focus();
  });
  return [...said, open];
}
