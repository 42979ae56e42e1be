/** `data_visualization` blocks: the frame, legend and tooltip around a drawing that follows its width. */

import { drawAxes } from "./axes.js";
import { h, replace } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { drawPie } from "./pie.js";

const redraws = new WeakMap();
const watcher = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) if (contentRect.width > 0) redraws.get(target)?.(contentRect.width);
});

export function chart(block) {
  const shown = block.chart ?? {};
  const title = plain(block.title ?? "");
  const stage = h("div", { class: "chart-stage" });
  const tip = h("div", { class: "chart-tip", role: "status", testid: "chart-tip", hidden: true });
  const canvas = h("div", { class: "chart-canvas" }, stage, tip);
  const figure = h("figure", { class: "chart", testid: "chart", "data-type": shown.type }, h("figcaption", {}, title));
  let width = 0;
  redraws.set(canvas, (now) => {
    if (Math.abs(now - width) < 1) return;
    width = now;
    replace(stage, drawing(shown, title, now, tooltip(tip, canvas, stage)));
  });
  figure.append(legend(shown) ?? "", canvas);
  watcher.observe(canvas);
  return figure;
}

/** An amount in the chart's unit: dollars and cents when its axis says so, round ones at ticks. */
export function amount(value, unit = "", tick = false) {
  const dollars = /\$|\busd\b/i.test(unit);
  const cents = dollars && !(tick && Number.isInteger(value));
  const digits = { minimumFractionDigits: cents ? 2 : 0, maximumFractionDigits: 2 };
  const words = new Intl.NumberFormat("en-US", digits).format(Math.abs(value));
  return `${value < 0 ? "−" : ""}${dollars ? "$" : ""}${words}`;
}

function drawing(shown, title, width, tip) {
  if (shown.type === "pie") return drawPie(shown.segments ?? [], title, width, tip);
  return drawAxes(shown, title, width, tip);
}

function legend(shown) {
  if (shown.type === "pie" || (shown.series ?? []).length < 2) return null;
  const key = shown.series.map((series, at) => h("li", {}, swatch(at), plain(series.name)));
  return h("ul", { class: "legend" }, key);
}

export function swatch(at) {
  return h("span", { class: `swatch series-${(at % 6) + 1}` });
}

/** Shows `{label, rows: [{at, name, value}]}` beside x, y (of the drawing), or hides with null. */
function tooltip(tip, canvas, stage) {
  return (told, x = 0, y = 0) => {
    tip.hidden = !told;
    if (!told) return;
    const rows = told.rows.map(({ at, name, value }) => h("div", { class: "tip-row" }, swatch(at), h("span", {}, name), h("b", {}, value)));
    replace(tip, h("div", { class: "tip-label" }, told.label), rows);
    const left = x - stage.scrollLeft;
    const flips = left > canvas.clientWidth / 2;
    tip.style.left = flips ? "auto" : `${left + 14}px`;
    tip.style.right = flips ? `${canvas.clientWidth - left + 14}px` : "auto";
    tip.style.top = `${Math.max(0, y)}px`;
  };
}
