/** `table` blocks, and tables of the same style for CSV files. */

import { h } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { richText } from "./richtext.js";

export function table(block, ctx) {
  const [head, ...rows] = block.rows ?? [];
  const aligned = (head ?? []).map((_, at) => alignment(at, block, rows));
  const wrapped = (at) => block.column_settings?.[at]?.is_wrapped === true;
  const cells = (row, tag) =>
    row.map((cell, at) => h(tag, cellProps(tag, aligned[at], wrapped(at), cell), content(cell, ctx)));
  return grid(
    h("tr", {}, cells(head ?? [], "th")),
    rows.map((row) => h("tr", {}, cells(row, "td"))),
    `Table with ${rows.length} rows`,
  );
}

/** A table of texts; columns that have only numbers are right-aligned. */
export function textTable(head, rows) {
  const number = head.map((_, at) => rows.some((row) => row[at]) && rows.every((row) => !row[at] || /^-?\d[\d,.]*%?$/.test(row[at])));
  const cells = (row, tag) => row.map((cell, at) => h(tag, { class: `nowrap align-${number[at] ? "right" : "left"}`, scope: tag === "th" && "col" }, cell));
  return grid(h("tr", {}, cells(head, "th")), rows.map((row) => h("tr", {}, cells(row, "td"))), `${rows.length} rows`);
}

function grid(head, body, label) {
  const inner = h("table", {}, h("thead", {}, head), h("tbody", {}, body));
  return h("div", { class: "table-card", testid: "table", tabindex: "0", role: "region", "aria-label": label }, inner);
}

function alignment(at, block, rows) {
  const align = block.column_settings?.[at]?.align;
  if (["left", "center", "right"].includes(align)) return align;
  return rows.length && rows.every((row) => row[at]?.type === "raw_number") ? "right" : "left";
}

function cellProps(tag, align, wrap, cell) {
  const text = cell?.type === "rich_text" ? null : cell?.text;
  const title = !wrap && text?.length > 40 ? text : null;
  return { class: `align-${align} ${wrap ? "wrap" : "nowrap"}`, scope: tag === "th" && "col", title };
}

function content(cell, ctx) {
  if (cell?.type === "rich_text") return richText(cell, ctx);
  return h("span", { class: "cell" }, plain(cell?.text ?? String(cell?.value ?? ""), cell?.emoji !== false));
}
