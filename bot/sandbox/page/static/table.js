/** `table` and `data_table` blocks, and tables of the same style for CSV files. */

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

const PAGE_ROWS = 5; // without a `page_size`
const LONG_TEXT = 18; // characters, from which a text is cut off where the table is too wide otherwise

/** A table that is sorted by a press on a column's name, and has pages. */
export function dataTable(block, ctx) {
  const [head = [], ...rows] = block.rows ?? [];
  const numeric = head.map((_, at) => rows.every((row) => row[at]?.type === "raw_number"));
  const state = { page: 0, column: null, descending: false };
  const size = block.page_size ?? PAGE_ROWS;
  const sortBy = (at) => {
    // numbers begin with the largest, texts with the first of the alphabet; another press turns the order around
    Object.assign(state, { page: 0, descending: state.column === at ? !state.descending : numeric[at], column: at });
    draw();
  };
  const names = head.map((cell, at) => h("th", cellProps("th", numeric[at] ? "right" : "left", false, cell), h("button", { type: "button", class: "sort", testid: "sort", onclick: () => sortBy(at) }, content(cell, ctx))));
  const body = h("tbody", {});
  const pager = new Pager((page) => {
    state.page = page;
    draw();
  });
  const draw = () => {
    const shown = sorted(rows, state, numeric).slice(state.page * size, (state.page + 1) * size);
    body.replaceChildren(...shown.map((row) => h("tr", {}, row.map((cell, at) => h("td", cellProps("td", numeric[at] ? "right" : "left", false, cell), content(cell, ctx))))));
    names.forEach((name, at) => name.setAttribute("aria-sort", at !== state.column ? "none" : state.descending ? "descending" : "ascending"));
    pager.update(state.page, size, rows.length);
  };
  draw();
  return h("div", { class: "data-table" }, card(h("table", {}, h("thead", {}, h("tr", {}, names)), body), block.caption), pager.node);
}

function sorted(rows, { column, descending }, numeric) {
  if (column === null) return rows;
  const compare = numeric[column] ? (a, b) => a.value - b.value : (a, b) => words(a).localeCompare(words(b));
  return rows.toSorted((a, b) => (descending ? -1 : 1) * compare(a[column], b[column]));
}

function words(cell) {
  return cell?.text ?? JSON.stringify(cell?.elements ?? "");
}

/** Which rows are shown, and buttons to the pages before and after; nothing if one page holds all. */
class Pager {
  constructor(turn) {
    const button = (label, by, name) => h("button", { type: "button", class: "button", testid: name, onclick: () => turn(this.page + by) }, label);
    this.before = button("Previous", -1, "page-previous");
    this.after = button("Next", 1, "page-next");
    this.text = h("span", { class: "muted", "aria-live": "polite" });
    this.node = h("nav", { class: "pager", "aria-label": "Pages of the table", testid: "pager" }, this.before, this.text, this.after);
  }

  update(page, size, count) {
    this.page = page;
    this.node.hidden = count <= size;
    this.before.disabled = page === 0;
    this.after.disabled = (page + 1) * size >= count;
    this.text.textContent = `${page * size + 1}–${Math.min((page + 1) * size, count)} of ${count}`;
  }
}

/** A table of texts; columns that have only numbers are right-aligned. */
export function textTable(head, rows) {
  const number = head.map((_, at) => rows.some((row) => row[at]) && rows.every((row) => !row[at] || /^-?\d[\d,.]*%?$/.test(row[at])));
  const cells = (row, tag) => row.map((cell, at) => h(tag, { class: `nowrap align-${number[at] ? "right" : "left"}`, scope: tag === "th" && "col" }, cell));
  return grid(h("tr", {}, cells(head, "th")), rows.map((row) => h("tr", {}, cells(row, "td"))), `${rows.length} rows`);
}

function grid(head, body, label) {
  return card(h("table", {}, h("thead", {}, head), h("tbody", {}, body)), label);
}

function card(inner, label) {
  return h("div", { class: "table-card", testid: "table", tabindex: "0", role: "region", "aria-label": label }, inner);
}

function alignment(at, block, rows) {
  const align = block.column_settings?.[at]?.align;
  if (["left", "center", "right"].includes(align)) return align;
  return rows.length && rows.every((row) => row[at]?.type === "raw_number") ? "right" : "left";
}

function cellProps(tag, align, wrap, cell) {
  const text = cell?.type === "rich_text" ? null : cell?.text;
  const shrinks = !wrap && tag === "td" && text?.length > LONG_TEXT;
  return { class: `align-${align} ${wrap ? "wrap" : "nowrap"} ${shrinks ? "shrinks" : ""}`, scope: tag === "th" && "col", title: shrinks && text };
}

function content(cell, ctx) {
  if (cell?.type === "rich_text") return richText(cell, ctx);
  return h("span", { class: "cell" }, plain(cell?.text ?? String(cell?.value ?? ""), cell?.emoji !== false));
}
