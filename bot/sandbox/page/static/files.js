/** Files in messages: a card, a download, and a viewer that shows CSV as a table. */

import { openDialog, closeDialog } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { getText } from "./api.js";
import { textTable } from "./table.js";

const MAX_ROWS = 500;

export function fileCard(file, ctx) {
  const kind = file.name.split(".").at(-1).toUpperCase().slice(0, 5);
  const label = h("span", { class: "file-text" }, h("b", {}, file.title || file.name), h("small", {}, `${kind} · ${bytes(file.size)}`));
  const open = h("button", { type: "button", class: "file-open", testid: "file", onclick: () => view(file, ctx) }, h("span", { class: "file-icon" }, icon("file")), label);
  return h("div", { class: "file-card" }, open, download(file, ctx, "icon-button"));
}

function download(file, ctx, style, label = null) {
  const href = `${file.url}?${new URLSearchParams({ as: ctx.me })}`;
  return h("a", { class: style, href, download: file.name, "aria-label": `Download ${file.name}`, testid: "file-download" }, icon("download"), label);
}

async function view(file, ctx) {
  const body = h("div", { class: "dialog-body file-body", testid: "file-view" }, "Loading…");
  const footer = h("footer", {}, download(file, ctx, "button", "Download"));
  const dialog = openDialog({ title: file.title || file.name, body, footer, testid: "viewer", kind: "wide", onClose: () => closeDialog(dialog) });
  try {
    body.replaceChildren(fileContent(file, await getText(file.url, { as: ctx.me })));
  } catch (error) {
    body.replaceChildren(error.message);
  }
}

function fileContent(file, content) {
  if (!/csv$/i.test(file.name) && file.mimetype !== "text/csv") return h("pre", {}, h("code", {}, content));
  const [head = [], ...rows] = parseCsv(content);
  const more = rows.length > MAX_ROWS && h("p", { class: "muted" }, `The first ${MAX_ROWS} of ${rows.length} rows. All are in the download.`);
  return h("div", {}, textTable(head, rows.slice(0, MAX_ROWS)), more);
}

/** Parse RFC 4180: quoted cells may contain commas, doubled quotes and line breaks. */
export function parseCsv(content) {
  const rows = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  const source = content.replace(/^\uFEFF/, "").replace(/\r?\n$/, "");
  for (let match = cell.exec(source); match; match = cell.exec(source)) {
    rows.at(-1).push(match[1]?.replaceAll('""', '"') ?? match[2]);
    if (match[3] === "") break;
    if (match[3] !== ",") rows.push([]);
  }
  return rows;
}

function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
