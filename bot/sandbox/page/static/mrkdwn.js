/** Slack's mrkdwn as DOM nodes: styles, quotes, lists, code, links, mentions and dates. */

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
    ...[["*", "strong"], ["_", "em"], ["~", "s"]].map(stylePattern),
    ":(?<emoji>[a-z0-9_+-]+):",
    "(?<url>https?:\\/\\/(?:(?!&[lg]t;)[^\\s<>|])+)",
  ].join("|"),
  "gu",
);

/** @param ctx `people` and `channels` by id, `now()`, `timezone`, `open(channelId)`. */
export function mrkdwn(text, ctx, verbatim = false) {
  const pieces = String(text).split(FENCE);
  return h("div", { class: "mrkdwn" }, pieces.map((piece, at) => (at % 2 ? codeBlock(piece, ctx) : lines(piece, ctx, verbatim, at))));
}

/** The text of a plain_text object, in which only emoji are replaced. */
export function plain(text, emoji = true) {
  const string = String(text);
  return emoji ? string.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole) : string;
}

/** A text object of either kind. */
export function textObject(object, ctx) {
  if (!object) return null;
  if (object.type === "mrkdwn") return mrkdwn(object.text, ctx, object.verbatim === true);
  return h("span", { class: "plain" }, plain(object.text, object.emoji !== false));
}

export function userMention(id, ctx, label = null) {
  const name = ctx.people.get(id)?.name ?? label ?? id;
  return h("span", { class: `mention${id === ctx.me ? " mention-me" : ""}`, "data-user-id": id }, `@${name}`);
}

export function channelMention(id, ctx, label = null) {
  const known = ctx.channels.get(id);
  if (!known) return h("span", { class: "mention" }, label ? `#${label}` : "#private-channel");
  return h("button", { type: "button", class: "mention mention-link", onclick: () => ctx.open(id) }, `#${known.name}`);
}

export function dateNode(seconds, format, fallback, ctx, address = null) {
  let text = fallback;
  try {
    text = dateFormat(format, Number(seconds), ctx.now(), ctx.timezone);
  } catch {
    // an invalid time: Slack shows the fallback, too
  }
  const node = h("time", { title: fallback }, text);
  return address && safeUrl(address) ? link(address, node) : node;
}

function stylePattern([sign, name]) {
  const edge = `[\\p{L}\\p{N}${sign === "_" ? "" : "_"}\\${sign}]`;
  return `(?<!${edge})\\${sign}(?=\\S)(?<${name}>[^\\${sign}\\n]*?\\S)\\${sign}(?!${edge})`.replaceAll("\\_", "_").replaceAll("\\~", "~");
}

function codeBlock(code, ctx) {
  return h("pre", {}, h("code", {}, codeNodes(code, ctx)));
}

/** The lines in groups of one kind: quotes, list items and other text. */
function lines(text, ctx, verbatim, at) {
  const trimmed = at ? text.replace(/^\n/, "") : text;
  if (!trimmed) return null;
  const groups = [];
  for (const line of trimmed.split("\n")) {
    const kind = QUOTE.test(line) ? "quote" : ITEM.test(line) ? "item" : "text";
    if (groups.at(-1)?.kind === kind) groups.at(-1).lines.push(line);
    else groups.push({ kind, lines: [line] });
  }
  return groups.map((group) => GROUPS[group.kind](group.lines, ctx, verbatim));
}

const GROUPS = {
  quote: (all, ctx, verbatim) =>
    h("blockquote", {}, withLineBreaks(all.map((line) => line.replace(QUOTE, "")), ctx, verbatim)),
  item: (all, ctx, verbatim) => h("div", { class: "items", role: "list" }, all.map((line) => item(line, ctx, verbatim))),
  text: (all, ctx, verbatim) => h("span", {}, withLineBreaks(all, ctx, verbatim)),
};

function item(line, ctx, verbatim) {
  const [, indent, sign, rest] = ITEM.exec(line);
  const depth = Math.min(3, Math.floor(indent.replaceAll("\u2003", "  ").length / 2));
  const shown = sign === "-" ? "•" : sign;
  return h("div", { class: "item", role: "listitem", vars: { depth } }, h("span", { class: "item-sign" }, shown), h("span", {}, inline(rest, ctx, verbatim)));
}

function withLineBreaks(all, ctx, verbatim) {
  return all.flatMap((line, at) => (at ? [h("br"), ...inline(line, ctx, verbatim)] : inline(line, ctx, verbatim)));
}

function inline(text, ctx, verbatim) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    const node = token(found.groups, ctx, verbatim);
    if (node === null) continue;
    nodes.push(decodeEntities(text.slice(from, found.index)), ...node);
    from = found.index + found[0].length;
  }
  nodes.push(decodeEntities(text.slice(from)));
  return nodes.filter((node) => node !== "");
}

/** The nodes of a match, or null if it is plain text. */
function token(found, ctx, verbatim) {
  if (found.code) return [h("code", {}, codeNodes(found.code, ctx))];
  if (found.angle) return angleNodes(found.angle, ctx);
  if (found.emoji) return EMOJI[found.emoji] ? [h("span", { class: "emoji", title: `:${found.emoji}:` }, EMOJI[found.emoji])] : null;
  if (found.url) return verbatim ? null : bareLink(found.url);
  const name = ["strong", "em", "s"].find((each) => found[each]);
  return [h(name, {}, inline(found[name], ctx, verbatim))];
}

/** Inside code only angle brackets are interpreted. */
function codeNodes(text, ctx) {
  return text.split(/<([^<>\n]+)>/).map((piece, at) => (at % 2 ? (angleNodes(piece, ctx) ?? `<${decodeEntities(piece)}>`) : decodeEntities(piece)));
}

function bareLink(url) {
  const closing = url.includes("(") ? "" : ")";
  const [, address, after] = new RegExp(`^(.*?)([.,;:!?'"\\]${closing}]*)$`, "su").exec(url);
  return [link(decodeEntities(address), decodeEntities(address)), after];
}

function angleNodes(inner, ctx) {
  const [target, label = null] = splitOnce(inner, "|");
  const text = label === null ? null : decodeEntities(label);
  if (/^@[UW]\w+$/.test(target)) return [userMention(target.slice(1), ctx, text)];
  if (/^#[CGD]\w+$/.test(target)) return [channelMention(target.slice(1), ctx, text)];
  if (target.startsWith("!")) return [specialMention(target.slice(1), text, ctx)];
  const address = decodeEntities(target);
  return safeUrl(address) ? [link(address, text || address.replace(/^mailto:/, ""))] : null;
}

function specialMention(target, label, ctx) {
  const [name, seconds, format, address] = target.split("^");
  if (name === "date") return dateNode(seconds, decodeEntities(format ?? ""), label ?? "", ctx, address && decodeEntities(address));
  return h("span", { class: "mention mention-me" }, label ?? `@${name}`);
}

function splitOnce(text, by) {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decodeEntities(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}
