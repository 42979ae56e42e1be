/** `data_visualization` blocks: the title, legend and tooltip of a chart, which is redrawn when its width changes. */

import { drawAxes } from "./axes.js";
import { swatch } from "./chart_labels.js";
import { h, replace } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { drawPie } from "./pie.js";

const redraws = new WeakMap();
const resizeObserver = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) if (contentRect.width > 0) redraws.get(target)?.(contentRect.width);
});

export function chart(block) {
  const spec = block.chart ?? {};
  const title = plain(block.title ?? "");
  const scroller = h("div", { class: "chart-stage" });
  const tip = h("div", { class: "chart-tooltip", role: "status", testid: "chart-tip", hidden: true });
  const canvas = h("div", { class: "chart-canvas" }, scroller, tip);
  const figure = h("figure", { class: "chart", testid: "chart", "data-type": spec.type }, h("figcaption", {}, title));
  let width = 0;
  redraws.set(canvas, (newWidth) => {
    if (Math.abs(newWidth - width) < 1) return;
    width = newWidth;
    replace(scroller, draw(spec, title, newWidth, tooltip(tip, canvas, scroller)));
  });
  figure.append(legend(spec) ?? "", canvas);
  resizeObserver.observe(canvas);
  return figure;
}

function draw(spec, title, width, tip) {
  if (spec.type === "pie") return drawPie(spec.segments ?? [], title, width, tip);
  return drawAxes(spec, title, width, tip);
}

function legend(spec) {
  if (spec.type === "pie" || (spec.series ?? []).length < 2) return null;
  const items = spec.series.map((series, at) => h("li", {}, swatch(at), plain(series.name)));
  return h("ul", { class: "legend" }, items);
}

/** Returns a function that shows `{label, rows: [{at, name, value}]}` beside the point x, y, or hides the tooltip for null. */
function tooltip(tip, canvas, scroller) {
  return (content, x = 0, y = 0) => {
    tip.hidden = !content;
    if (!content) return;
    const rows = content.rows.map(({ at, name, value }) => h("div", { class: "tooltip-row" }, swatch(at), h("span", {}, name), h("b", {}, value)));
    replace(tip, h("div", { class: "tooltip-label" }, content.label), rows);
    const left = x - scroller.scrollLeft;
    const onLeft = left > canvas.clientWidth / 2;
    tip.style.left = onLeft ? "auto" : `${left + 14}px`;
    tip.style.right = onLeft ? `${canvas.clientWidth - left + 14}px` : "auto";
    tip.style.top = `${Math.max(0, y)}px`;
  };
}
