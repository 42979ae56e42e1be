/** `rich_text` blocks and table cells. */

import { h, link } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { channelMention, dateNode, userMention } from "./mrkdwn.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code", highlight: "mark" };

export function richText(block, ctx) {
  return h("div", { class: "mrkdwn rich" }, (block.elements ?? []).map((part) => PARTS[part.type]?.(part, ctx) ?? null));
}

const PARTS = {
  rich_text_section: (part, ctx) => h("div", {}, inlines(part, ctx)),
  rich_text_quote: (part, ctx) => h("blockquote", {}, inlines(part, ctx)),
  rich_text_preformatted: (part, ctx) => h("pre", {}, h("code", {}, inlines(part, ctx))),
  rich_text_list: (part, ctx) => {
    const depth = Math.min(8, Number(part.indent) || 0);
    const start = (Number(part.offset) || 0) + 1;
    const items = (part.elements ?? []).map((item) => h("li", {}, inlines(item, ctx)));
    return h(part.style === "ordered" ? "ol" : "ul", { vars: { depth }, start: start > 1 && start }, items);
  },
};

const INLINE = {
  text: (item) => item.text.split("\n").flatMap((line, at) => (at ? [h("br"), line] : [line])),
  link: (item) => link(item.url ?? "", item.text || item.url),
  user: (item, ctx) => userMention(item.user_id, ctx),
  usergroup: (item) => h("span", { class: "mention" }, `@${item.usergroup_id}`),
  team: (item) => h("span", { class: "mention" }, `@${item.team_id}`),
  channel: (item, ctx) => channelMention(item.channel_id, ctx),
  broadcast: (item) => h("span", { class: "mention mention-me" }, `@${item.range}`),
  emoji: (item) => h("span", { class: "emoji", title: `:${item.name}:` }, EMOJI[item.name] ?? fromHex(item.unicode) ?? `:${item.name}:`),
  date: (item, ctx) => dateNode(item.timestamp, item.format ?? "", item.fallback ?? "", ctx, item.url),
  color: (item) => h("code", {}, item.value),
};

function inlines(part, ctx) {
  return (part.elements ?? []).map((item) => applyStyle(item.style, INLINE[item.type]?.(item, ctx) ?? null));
}

function applyStyle(style, nodes) {
  const names = Object.keys(STYLES).filter((name) => style?.[name]);
  return names.reduce((inner, name) => h(STYLES[name], {}, inner), nodes);
}

function fromHex(unicode) {
  if (!/^[0-9a-f]{2,6}(-[0-9a-f]{2,6})*$/i.test(unicode ?? "")) return null;
  const points = unicode.split("-").map((hex) => Number.parseInt(hex, 16));
  return points.every((point) => point <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}
