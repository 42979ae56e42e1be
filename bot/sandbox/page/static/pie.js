/** Pie charts: a ring with its total in the middle, and a legend that has every number. */

import { amount, swatch } from "./chart.js";
import { h, s } from "./dom.js";
import { plain } from "./mrkdwn.js";

const SIZE = 180;
const [OUTER, INNER] = [84, 52];

export function drawPie(segments, title, _width, tip) {
  const known = segments.map((segment, at) => ({ at, name: plain(segment.label), value: Math.max(0, Number(segment.value) || 0) }));
  const total = known.reduce((sum, { value }) => sum + value, 0) || 1;
  const label = `${title}. Pie chart of ${known.length} segments. Arrow keys read the values.`;
  const svg = s(
    "svg",
    { class: "chart-svg", width: SIZE, height: SIZE, viewBox: `${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}`, role: "img", tabindex: "0", "aria-label": label },
    slices(known, total),
    s("text", { class: "pie-total", "text-anchor": "middle", y: 2 }, amount(total, title, true)),
    s("text", { class: "chart-text", "text-anchor": "middle", y: 18 }, "in all"),
  );
  stops(svg, known, (value) => `${amount(value, title)} (${share(value, total)})`, tip);
  return h("div", { class: "pie" }, svg, key(known, total, title));
}

function share(value, total) {
  return new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 }).format(value / total);
}

function slices(known, total) {
  let from = 0;
  return known.map(({ at, value }) => {
    const to = from + value / total;
    const slice = s("path", { class: `chart-slice series-${(at % 6) + 1}`, "data-at": at, d: ring(from, Math.min(to, from + 0.9999)) });
    from = to;
    return slice;
  });
}

/** The part of the ring between two turns (0 is at the top, 1 all around). */
function ring(from, to) {
  const [a, b] = [from, to].map((turn) => turn * 2 * Math.PI - Math.PI / 2);
  const at = (radius, angle) => `${(radius * Math.cos(angle)).toFixed(2)},${(radius * Math.sin(angle)).toFixed(2)}`;
  const large = to - from > 0.5 ? 1 : 0;
  return `M${at(OUTER, a)}A${OUTER},${OUTER} 0 ${large} 1 ${at(OUTER, b)}L${at(INNER, b)}A${INNER},${INNER} 0 ${large} 0 ${at(INNER, a)}Z`;
}

function key(known, total, title) {
  const rows = known.map(({ at, name, value }) =>
    h("li", {}, swatch(at), h("span", { class: "pie-name" }, name), h("b", {}, amount(value, title)), h("span", { class: "pie-share" }, share(value, total))),
  );
  return h("ul", { class: "legend pie-legend" }, rows);
}

function stops(svg, known, worded, tip) {
  const all = [...svg.querySelectorAll(".chart-slice")];
  let stop = null;
  const go = (at) => {
    stop = at === null ? null : (at + all.length) % all.length;
    all.forEach((slice, each) => slice.classList.toggle("faded", stop !== null && each !== stop));
    if (stop === null) return tip(null);
    const { name, value } = known[stop];
    return tip({ label: name, rows: [{ at: stop, name: "", value: worded(value) }] }, SIZE, SIZE / 3);
  };
  all.forEach((slice, at) => slice.addEventListener("pointerenter", () => go(at)));
  svg.addEventListener("pointerleave", () => go(null));
  svg.addEventListener("focus", () => svg.matches(":focus-visible") && go(stop ?? 0));
  svg.addEventListener("blur", () => go(null));
  svg.addEventListener("keydown", (event) => {
    const to = { ArrowRight: (stop ?? -1) + 1, ArrowLeft: (stop ?? 0) - 1, Escape: null }[event.key];
    if (to === undefined || !all.length) return;
    event.preventDefault();
    go(to);
  });
}
