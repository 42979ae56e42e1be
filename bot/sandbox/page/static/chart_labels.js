/** What all charts share: amounts in the chart's unit, the width of texts, and the colour of a series. */

import { h } from "./dom.js";

/** An amount in the chart's unit: dollars and cents if its axis says so, whole dollars at ticks. */
export function amount(value, unit = "", tick = false) {
  const dollars = /\$|\busd\b/i.test(unit);
  const cents = dollars && !(tick && Number.isInteger(value));
  const digits = { minimumFractionDigits: cents ? 2 : 0, maximumFractionDigits: 2 };
  const number = new Intl.NumberFormat("en-US", digits).format(Math.abs(value));
  return `${value < 0 ? "−" : ""}${dollars ? "$" : ""}${number}`;
}

const pen = document.createElement("canvas").getContext("2d");

/** How many pixels wide a text of a chart is. */
export function textWidth(text) {
  pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}

/** The colour sample of the series (or segment) at this index. */
export function swatch(at) {
  return h("span", { class: `swatch series-${(at % 6) + 1}` });
}
