/** Slack's mrkdwn as DOM nodes: marks, quotes, lists, code, links, mentions, dates; escapes decoded once. */

import { h, link, safeUrl } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { dateFormat } from "./time.js";

const FENCE = /```\n?([\s\S]+?)\n?```/;
const QUOTE = /^(?:>|&gt;) ?/;
const ITEM = /^(\s*)([•◦▪‣-]|\d{1,3}[.)]) +(.*)$/;
const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<angle>[^<>\\n]+)>",
    ...[["*", "strong"], ["_", "em"], ["~", "s"]].map(mark),
    ":(?<emoji>[a-z0-9_+-]+):",
    "(?<url>https?:\\/\\/(?:(?!&[lg]t;)[^\\s<>|])+)",
  ].join("|"),
  "gu",
);

/** @param ctx `people` and `channels` by id, `now()`, `timezone`, `open(channelId)`. */
export function mrkdwn(text, ctx, verbatim = false) {
  const pieces = String(text).split(FENCE);
  return h("div", { class: "mrkdwn" }, pieces.map((piece, at) => (at % 2 ? fenced(piece, ctx) : lines(piece, ctx, verbatim, at))));
}

/** Only line breaks and emoji: what a plain_text object shows. */
export function plain(text, emoji = true) {
  const words = String(text);
  return emoji ? words.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole) : words;
}

/** A text object of either kind. */
export function textObject(object, ctx) {
  if (!object) return null;
  if (object.type === "mrkdwn") return mrkdwn(object.text, ctx, object.verbatim === true);
  return h("span", { class: "plain" }, plain(object.text, object.emoji !== false));
}

export function person(id, ctx, label = null) {
  const name = ctx.people.get(id)?.name ?? label ?? id;
  return h("span", { class: `mention${id === ctx.me ? " mention-me" : ""}`, "data-user-id": id }, `@${name}`);
}

export function channel(id, ctx, label = null) {
  const known = ctx.channels.get(id);
  if (!known) return h("span", { class: "mention" }, label ? `#${label}` : "#private-channel");
  return h("button", { type: "button", class: "mention mention-link", onclick: () => ctx.open(id) }, `#${known.name}`);
}

export function dated(seconds, format, fallback, ctx, address = null) {
  let words = fallback;
  try {
    words = dateFormat(format, Number(seconds), ctx.now(), ctx.timezone);
  } catch {
    // a moment that is none: Slack shows the fallback too
  }
  const node = h("time", { title: fallback }, words);
  return address && safeUrl(address) ? link(address, node) : node;
}

function mark([sign, name]) {
  const edge = `[\\p{L}\\p{N}${sign === "_" ? "" : "_"}\\${sign}]`;
  return `(?<!${edge})\\${sign}(?=\\S)(?<${name}>[^\\${sign}\\n]*?\\S)\\${sign}(?!${edge})`.replaceAll("\\_", "_").replaceAll("\\~", "~");
}

function fenced(code, ctx) {
  return h("pre", {}, h("code", {}, coded(code, ctx)));
}

/** Lines in runs of one kind: quotes, list items, and all others. */
function lines(text, ctx, verbatim, at) {
  const trimmed = at ? text.replace(/^\n/, "") : text;
  if (!trimmed) return null;
  const runs = [];
  for (const line of trimmed.split("\n")) {
    const kind = QUOTE.test(line) ? "quote" : ITEM.test(line) ? "item" : "text";
    if (runs.at(-1)?.kind === kind) runs.at(-1).lines.push(line);
    else runs.push({ kind, lines: [line] });
  }
  return runs.map((run) => RUNS[run.kind](run.lines, ctx, verbatim));
}

const RUNS = {
  quote: (all, ctx, verbatim) =>
    h("blockquote", {}, broken(all.map((line) => line.replace(QUOTE, "")), ctx, verbatim)),
  item: (all, ctx, verbatim) => h("div", { class: "items", role: "list" }, all.map((line) => item(line, ctx, verbatim))),
  text: (all, ctx, verbatim) => h("span", {}, broken(all, ctx, verbatim)),
};

function item(line, ctx, verbatim) {
  const [, indent, sign, rest] = ITEM.exec(line);
  const depth = Math.min(3, Math.floor(indent.length / 2));
  const shown = sign === "-" ? "•" : sign;
  return h("div", { class: "item", role: "listitem", vars: { depth } }, h("span", { class: "item-sign" }, shown), h("span", {}, inline(rest, ctx, verbatim)));
}

function broken(all, ctx, verbatim) {
  return all.flatMap((line, at) => (at ? [h("br"), ...inline(line, ctx, verbatim)] : inline(line, ctx, verbatim)));
}

function inline(text, ctx, verbatim) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    const node = token(found.groups, ctx, verbatim);
    if (node === null) continue;
    nodes.push(decoded(text.slice(from, found.index)), ...node);
    from = found.index + found[0].length;
  }
  nodes.push(decoded(text.slice(from)));
  return nodes.filter((node) => node !== "");
}

/** The nodes of what was recognised, or null when it is text after all. */
function token(found, ctx, verbatim) {
  if (found.code) return [h("code", {}, coded(found.code, ctx))];
  if (found.angle) return angle(found.angle, ctx);
  if (found.emoji) return EMOJI[found.emoji] ? [h("span", { class: "emoji", title: `:${found.emoji}:` }, EMOJI[found.emoji])] : null;
  if (found.url) return verbatim ? null : bare(found.url);
  const name = ["strong", "em", "s"].find((each) => found[each]);
  return [h(name, {}, inline(found[name], ctx, verbatim))];
}

/** Inside code only what stands in angle brackets means something. */
function coded(text, ctx) {
  return text.split(/<([^<>\n]+)>/).map((piece, at) => (at % 2 ? (angle(piece, ctx) ?? `<${decoded(piece)}>`) : decoded(piece)));
}

function bare(url) {
  const closing = url.includes("(") ? "" : ")";
  const [, address, after] = new RegExp(`^(.*?)([.,;:!?'"\\]${closing}]*)$`, "su").exec(url);
  return [link(decoded(address), decoded(address)), after];
}

function angle(inner, ctx) {
  const [target, label = null] = divided(inner, "|");
  const words = label === null ? null : decoded(label);
  if (/^@[UW]\w+$/.test(target)) return [person(target.slice(1), ctx, words)];
  if (/^#[CGD]\w+$/.test(target)) return [channel(target.slice(1), ctx, words)];
  if (target.startsWith("!")) return [special(target.slice(1), words, ctx)];
  const address = decoded(target);
  return safeUrl(address) ? [link(address, words || address.replace(/^mailto:/, ""))] : null;
}

function special(target, label, ctx) {
  const [name, seconds, format, address] = target.split("^");
  if (name === "date") return dated(seconds, decoded(format ?? ""), label ?? "", ctx, address && decoded(address));
  return h("span", { class: "mention mention-me" }, label ?? `@${name}`);
}

function divided(text, by) {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}
