/** Files of messages: a card, a download, and a viewer that shows a CSV as a table. */

import { openDialog, shut } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { text } from "./server.js";
import { textTable } from "./table.js";

const MOST_ROWS = 500;

export function fileCard(file, ctx) {
  const kind = file.name.split(".").at(-1).toUpperCase().slice(0, 5);
  const words = h("span", { class: "file-words" }, h("b", {}, file.title || file.name), h("small", {}, `${kind} · ${bytes(file.size)}`));
  const open = h("button", { type: "button", class: "file-open", testid: "file", onclick: () => view(file, ctx) }, h("span", { class: "file-icon" }, icon("file")), words);
  return h("div", { class: "file-card" }, open, download(file, ctx, "icon-button"));
}

function download(file, ctx, style, words = null) {
  const href = `${file.url}?${new URLSearchParams({ as: ctx.me })}`;
  return h("a", { class: style, href, download: file.name, "aria-label": `Download ${file.name}`, testid: "file-download" }, icon("download"), words);
}

async function view(file, ctx) {
  const body = h("div", { class: "dialog-body file-body", testid: "file-view" }, "Loading…");
  const foot = h("footer", {}, download(file, ctx, "button", "Download"));
  const dialog = openDialog({ title: file.title || file.name, body, foot, testid: "viewer", kind: "wide", closing: () => shut(dialog) });
  try {
    body.replaceChildren(shown(file, await text(file.url, { as: ctx.me })));
  } catch (error) {
    body.replaceChildren(error.message);
  }
}

function shown(file, content) {
  if (!/csv$/i.test(file.name) && file.mimetype !== "text/csv") return h("pre", {}, h("code", {}, content));
  const [head = [], ...rows] = parseCsv(content);
  const more = rows.length > MOST_ROWS && h("p", { class: "quiet" }, `The first ${MOST_ROWS} of ${rows.length} rows. All are in the download.`);
  return h("div", {}, textTable(head, rows.slice(0, MOST_ROWS)), more);
}

/** RFC 4180: quoted cells may hold commas, quotes (doubled) and line ends. */
export function parseCsv(content) {
  const rows = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  const source = content.replace(/^\uFEFF/, "").replace(/\r?\n$/, "");
  for (let found = cell.exec(source); found; found = cell.exec(source)) {
    rows.at(-1).push(found[1]?.replaceAll('""', '"') ?? found[2]);
    if (found[3] === "") break;
    if (found[3] !== ",") rows.push([]);
  }
  return rows;
}

function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
