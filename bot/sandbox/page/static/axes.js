/** Bar, line and area charts: scales, gridlines, marks, and a tooltip for each category. */

import { amount, textWidth } from "./chart_labels.js";
import { s } from "./dom.js";
import { plain } from "./mrkdwn.js";

const HEIGHT = 220;
const NAME_GAP_PX = 10; // at least, between the names of two categories
const MIN_BAR_PX = 4;

/** @param tip shows or hides the tooltip, see `tooltip` in chart.js. */
export function drawAxes(spec, title, width, tip) {
  const plot = layout(spec, width);
  const band = s("rect", { class: "chart-band", y: plot.top, width: plot.step, height: plot.bottom - plot.top });
  band.style.display = "none";
  const label = `${title}. ${spec.type} chart of ${plot.series.length} series and ${plot.names.length} categories. Arrow keys read the values.`;
  const svg = s(
    "svg",
    { class: "chart-svg", width: plot.width, height: HEIGHT, viewBox: `0 0 ${plot.width} ${HEIGHT}`, role: "img", tabindex: "0", "aria-label": label },
    grid(plot),
    band,
    { bar: bars, line: lines, area: areas }[spec.type]?.(plot),
    s("line", { class: "chart-zero", x1: plot.left, x2: plot.right, y1: plot.y(0), y2: plot.y(0) }),
    names(plot),
  );
  addTooltips(svg, plot, band, tip);
  return svg;
}

/** The edges of the plot in pixels and its scales, from which everything is drawn. */
function layout(spec, width) {
  const names = (spec.axis_config?.categories ?? []).map(String);
  const series = (spec.series ?? []).map((each) => ({ name: plain(each.name), values: valuesOf(each, names) }));
  const unit = spec.axis_config?.y_label ?? "";
  const ticks = niceTicks(series.flatMap((each) => each.values));
  const money = (value, tick = false) => amount(value, unit, tick);
  const left = Math.ceil(Math.max(...ticks.map((tick) => textWidth(money(tick, true))))) + 12;
  const needed = spec.type === "bar" ? names.length * (series.length * MIN_BAR_PX + 8) + left + 8 : 0;
  const right = Math.max(width, needed) - 8;
  const [top, bottom] = [unit ? 24 : 10, HEIGHT - (spec.axis_config?.x_label ? 40 : 24)];
  const [low, high] = [ticks[0], ticks.at(-1)];
  const step = (right - left) / Math.max(1, names.length);
  return {
    names, series, ticks, money, unit, left, right, top, bottom, step, width: right + 8,
    type: spec.type,
    xLabel: spec.axis_config?.x_label ?? "",
    x: (at) => left + step * (at + 0.5),
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
}

function valuesOf(series, names) {
  const known = new Map((series.data ?? []).map((point) => [String(point.label), Number(point.value) || 0]));
  return names.map((name) => known.get(name) ?? 0);
}

/** Four to six round steps whose range includes zero and all values. */
function niceTicks(values) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const rough = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((each) => each * power >= rough - power * 1e-9);
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

function grid(plot) {
  const ticks = plot.ticks.map((tick) => [
    s("line", { class: "chart-grid", x1: plot.left, x2: plot.right, y1: plot.y(tick), y2: plot.y(tick) }),
    s("text", { class: "chart-text", x: plot.left - 8, y: plot.y(tick) + 4, "text-anchor": "end" }, plot.money(tick, true)),
  ]);
  return s("g", {}, ticks, plot.unit && s("text", { class: "chart-text chart-axis", x: 2, y: 11 }, plain(plot.unit)));
}

/** As many category names as fit at even distances, always with the last one; none covers another. */
function names(plot) {
  const widths = plot.names.map((name) => textWidth(plain(name)));
  const every = Math.max(1, Math.ceil((Math.max(1, ...widths) + NAME_GAP_PX) / plot.step));
  const labels = [];
  let free = Infinity; // left of it
  for (let at = plot.names.length - 1; at >= 0; at -= every) {
    const half = widths[at] / 2;
    const x = Math.min(Math.max(plot.x(at), half + 2), plot.width - half - 2); // inside the picture
    if (x + half > free - NAME_GAP_PX / 2) continue;
    labels.push(s("text", { class: "chart-text", x, y: plot.bottom + 17, "text-anchor": "middle" }, plain(plot.names[at])));
    free = x - half;
  }
  const middle = (plot.left + plot.right) / 2;
  const xLabel = plot.xLabel && s("text", { class: "chart-text chart-axis", x: middle, y: HEIGHT - 5, "text-anchor": "middle" }, plain(plot.xLabel));
  return s("g", {}, labels, xLabel);
}

function bars(plot) {
  const total = Math.min(plot.step - Math.min(8, plot.step / 4), 56 * plot.series.length);
  const barWidth = total / plot.series.length;
  return plot.series.map((series, of) =>
    s("g", { class: `series-${(of % 6) + 1}` }, series.values.map((value, at) => {
      const [from, to] = [plot.y(Math.max(0, value)), plot.y(Math.min(0, value))];
      const x = plot.x(at) - total / 2 + of * barWidth;
      const size = { x: x + 0.5, y: from, width: Math.max(1, barWidth - 1), height: Math.max(value ? 1 : 0, to - from) };
      return s("rect", { class: "chart-bar", rx: Math.min(3, barWidth / 4), ...size });
    })),
  );
}

function lines(plot) {
  return plot.series.map((series, of) =>
    s("g", { class: `series-${(of % 6) + 1}` }, s("path", { class: "chart-line", d: path(series.values, plot) }), dots(series.values, plot)),
  );
}

function areas(plot) {
  const [first, last, floor] = [plot.x(0), plot.x(plot.names.length - 1), plot.y(0)];
  return plot.series.map((series, of) => {
    const line = path(series.values, plot);
    const area = s("path", { class: "chart-area", d: `${line}L${last},${floor}L${first},${floor}Z` });
    return s("g", { class: `series-${(of % 6) + 1}` }, area, s("path", { class: "chart-line", d: line }), plot.names.length === 1 && dots(series.values, plot));
  });
}

function path(values, plot) {
  return values.map((value, at) => `${at ? "L" : "M"}${plot.x(at).toFixed(1)},${plot.y(value).toFixed(1)}`).join("");
}

function dots(values, plot) {
  return values.map((value, at) => s("circle", { class: "chart-dot", cx: plot.x(at), cy: plot.y(value), r: 3 }));
}

/** Show the tooltip of the category under the pointer, or of the one chosen by arrow keys. */
function addTooltips(svg, plot, band, tip) {
  let current = null;
  const show = (at) => {
    current = at === null ? null : Math.min(Math.max(at, 0), plot.names.length - 1);
    band.style.display = current === null ? "none" : "";
    if (current === null) return tip(null);
    band.setAttribute("x", plot.left + current * plot.step);
    const rows = plot.series.map((series, of) => ({ at: of, name: series.name, value: plot.money(series.values[current]) }));
    return tip({ label: plain(plot.names[current]), rows }, plot.x(current), plot.top);
  };
  svg.addEventListener("pointermove", (event) => {
    const x = event.clientX - svg.getBoundingClientRect().left;
    show(x < plot.left ? null : Math.floor((x - plot.left) / plot.step));
  });
  svg.addEventListener("pointerleave", () => show(null));
  svg.addEventListener("focus", () => svg.matches(":focus-visible") && show(current ?? plot.names.length - 1));
  svg.addEventListener("blur", () => show(null));
  svg.addEventListener("keydown", (event) => {
    const to = { ArrowRight: (current ?? -1) + 1, ArrowLeft: (current ?? 1) - 1, Home: 0, End: plot.names.length - 1, Escape: null }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });
}
