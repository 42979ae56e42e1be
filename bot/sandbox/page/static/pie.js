/** Pie charts: a ring with the total in the middle, and a legend with all values. */

import { amount, swatch } from "./chart_labels.js";
import { h, s } from "./dom.js";
import { plain } from "./mrkdwn.js";

const SIZE = 180;
const [OUTER, INNER] = [84, 52];

export function drawPie(segments, title, _width, tip) {
  const slices = segments.map((segment, at) => ({ at, name: plain(segment.label), value: Math.max(0, Number(segment.value) || 0) }));
  const total = slices.reduce((sum, { value }) => sum + value, 0) || 1;
  const label = `${title}. Pie chart of ${slices.length} segments. Arrow keys read the values.`;
  const svg = s(
    "svg",
    { class: "chart-svg", width: SIZE, height: SIZE, viewBox: `${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}`, role: "img", tabindex: "0", "aria-label": label },
    sliceNodes(slices, total),
    s("text", { class: "pie-total", "text-anchor": "middle", y: 2 }, amount(total, title, true)),
    s("text", { class: "chart-text", "text-anchor": "middle", y: 18 }, "in all"),
  );
  addTooltips(svg, slices, (value) => `${amount(value, title)} (${share(value, total)})`, tip);
  return h("div", { class: "pie" }, svg, legend(slices, total, title));
}

function share(value, total) {
  return new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 }).format(value / total);
}

function sliceNodes(slices, total) {
  let from = 0;
  return slices.map(({ at, value }) => {
    const to = from + value / total;
    const slice = s("path", { class: `chart-slice series-${(at % 6) + 1}`, "data-at": at, d: ring(from, Math.min(to, from + 0.9999)) });
    from = to;
    return slice;
  });
}

/** The path of the ring between two turns (0 is the top, 1 a whole turn). */
function ring(from, to) {
  const [a, b] = [from, to].map((turn) => turn * 2 * Math.PI - Math.PI / 2);
  const at = (radius, angle) => `${(radius * Math.cos(angle)).toFixed(2)},${(radius * Math.sin(angle)).toFixed(2)}`;
  const large = to - from > 0.5 ? 1 : 0;
  return `M${at(OUTER, a)}A${OUTER},${OUTER} 0 ${large} 1 ${at(OUTER, b)}L${at(INNER, b)}A${INNER},${INNER} 0 ${large} 0 ${at(INNER, a)}Z`;
}

function legend(slices, total, title) {
  const rows = slices.map(({ at, name, value }) =>
    h("li", {}, swatch(at), h("span", { class: "pie-name" }, name), h("b", {}, amount(value, title)), h("span", { class: "pie-share" }, share(value, total))),
  );
  return h("ul", { class: "legend pie-legend" }, rows);
}

function addTooltips(svg, slices, format, tip) {
  const nodes = [...svg.querySelectorAll(".chart-slice")];
  let current = null;
  const show = (at) => {
    current = at === null ? null : (at + nodes.length) % nodes.length;
    nodes.forEach((slice, each) => slice.classList.toggle("faded", current !== null && each !== current));
    if (current === null) return tip(null);
    const { name, value } = slices[current];
    return tip({ label: name, rows: [{ at: current, name: "", value: format(value) }] }, SIZE, SIZE / 3);
  };
  nodes.forEach((slice, at) => slice.addEventListener("pointerenter", () => show(at)));
  svg.addEventListener("pointerleave", () => show(null));
  svg.addEventListener("focus", () => svg.matches(":focus-visible") && show(current ?? 0));
  svg.addEventListener("blur", () => show(null));
  svg.addEventListener("keydown", (event) => {
    const to = { ArrowRight: (current ?? -1) + 1, ArrowLeft: (current ?? 0) - 1, Escape: null }[event.key];
    if (to === undefined || !nodes.length) return;
    event.preventDefault();
    show(to);
  });
}
