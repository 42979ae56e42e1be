/** A list of messages with days, authors, files and threads; only changed messages are rendered again. */

import { blocksOf } from "./blocks.js";
import { h } from "./dom.js";
import { avatar } from "./avatars.js";
import { fileCard } from "./files.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { dateOf, dayOf, divider, formatDate } from "./time.js";

const GROUP_S = 300; // consecutive messages of one author show the name once, for this time
const NEAR_END_PX = 80;

export class MessageList {
  /** @param handlers `{click(action), thread(ts), scrolled(atEnd)}`; `threaded`: whether this is the list of a thread. */
  constructor(root, ctx, handlers, threaded = false) {
    Object.assign(this, { root, ctx, handlers, threaded, rendered: new Map(), place: null, pinned: true });
    this.inner = h("div", { class: "log-inner" });
    root.replaceChildren(this.inner);
    root.addEventListener("scroll", () => this.onScroll(), { passive: true });
    const resizeObserver = new ResizeObserver(() => this.onResize());
    resizeObserver.observe(root);
    resizeObserver.observe(this.inner);
  }

  /** Render the messages; when `place`, the conversation's key, changes, the list scrolls to its end. */
  update(place, messages, empty) {
    const changedPlace = place !== this.place;
    const last = messages.at(-1);
    const posted = last?.user === this.ctx.me && !this.rendered.has(last.ts);
    this.pinned = changedPlace || posted || this.pinned;
    if (changedPlace) this.rendered.clear();
    this.place = place;
    reconcile(this.inner, messages.length ? this.nodes(messages) : [empty]);
    this.onResize();
  }

  onScroll() {
    this.pinned = this.atEnd();
    this.handlers.scrolled?.(this.pinned);
  }

  /** Stay at the end when charts get their size or new messages arrive. */
  onResize() {
    if (this.pinned) this.toEnd();
    this.handlers.scrolled?.(this.atEnd());
  }

  atEnd() {
    return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < NEAR_END_PX;
  }

  toEnd() {
    this.root.scrollTop = this.root.scrollHeight;
  }

  nodes(messages) {
    const next = new Map();
    const { timezone } = this.ctx;
    let named = null; // the last message with its author's name
    const nodes = messages.flatMap((message, at) => {
      const before = messages[at - 1];
      const date = dateOf(message.ts);
      const newDay = !before || dayOf(dateOf(before.ts), timezone) !== dayOf(date, timezone);
      const compact = !newDay && isGrouped(before, message) && Number(message.ts) - Number(named.ts) < GROUP_S;
      if (!compact) named = message;
      const node = this.node(message, compact, next);
      return newDay && !this.threaded ? [this.day(date, next), node] : [node];
    });
    this.rendered = next;
    return nodes;
  }

  /** The message's node, reused if nothing about the message changed. */
  node(message, compact, next) {
    const person = this.ctx.people.get(message.user);
    return this.reuse(message.ts, JSON.stringify([message, compact, person?.name]), next, () => this.draw(message, person, compact));
  }

  day(date, next) {
    const text = divider(date, this.ctx.now(), this.ctx.timezone);
    const create = () => h("div", { class: "day", role: "separator", testid: "day" }, h("span", {}, text));
    return this.reuse(`day ${dayOf(date, this.ctx.timezone)}`, text, next, create);
  }

  reuse(key, signature, next, create) {
    const before = this.rendered.get(key);
    const entry = before?.signature === signature ? before : { signature, node: create() };
    next.set(key, entry);
    return entry.node;
  }

  draw(message, person, compact) {
    const date = dateOf(message.ts);
    const time = formatDate(date, "time", this.ctx.timezone);
    const full = `${formatDate(date, "date_long", this.ctx.timezone)}, ${time}`;
    const stamp = h("time", { class: "timestamp", datetime: date.toISOString(), title: full }, time);
    const name = person?.name ?? message.user;
    const head = compact ? null : h("div", { class: "message-head" }, h("b", { title: person?.title }, name), badge(person), stamp);
    const body = h("div", { class: "message-body" }, head, this.content(message), this.footer(message));
    const gutter = h("div", { class: "gutter" }, compact ? stamp : avatar(person));
    const props = { class: `message${compact ? " compact" : ""}${message.ephemeral ? " ephemeral" : ""}`, testid: "message", "data-ts": message.ts, "data-user": message.user };
    return h("article", { ...props, "data-ephemeral": message.ephemeral && "true", "aria-label": `${name}, ${time}` }, gutter, body, this.tools(message));
  }

  content(message) {
    const act = (action) => this.handlers.click({ ts: message.ts, ...action });
    const blocks = blocksOf(message.blocks, this.ctx, { chosen: message.chosen, act });
    const text = message.text ? mrkdwn(message.text, this.ctx) : null;
    const nothing = !blocks && !text && !message.files.length && h("p", { class: "muted" }, "The page cannot show this message.");
    return h("div", { class: "content" }, blocks ?? text, nothing, message.edited && h("span", { class: "edited" }, "(edited)"));
  }

  footer(message) {
    return [
      message.files.map((file) => fileCard(file, this.ctx)),
      message.ephemeral && h("p", { class: "ephemeral-note" }, icon("eye"), "Only visible to you"),
      message.replies > 0 && !this.threaded && this.thread(message),
    ];
  }

  thread(message) {
    const text = message.replies === 1 ? "1 reply" : `${message.replies} replies`;
    const last = formatDate(dateOf(message.last_reply), "time", this.ctx.timezone);
    const avatars = message.repliers.slice(0, 4).map((id) => avatar(this.ctx.people.get(id), "tiny"));
    const open = () => this.handlers.thread(message.ts);
    return h("button", { type: "button", class: "thread-link", testid: "thread-open", onclick: open }, h("span", { class: "avatars" }, avatars), h("b", {}, text), h("span", { class: "muted" }, `Last at ${last}`));
  }

  tools(message) {
    if (this.threaded || message.ephemeral || (message.thread_ts && message.thread_ts !== message.ts)) return null;
    const open = () => this.handlers.thread(message.ts);
    return h("div", { class: "tools" }, h("button", { type: "button", class: "icon-button", testid: "reply", title: "Reply in thread", "aria-label": "Reply in thread", onclick: open }, icon("thread")));
  }
}

function badge(person) {
  if (person?.role === "app") return h("span", { class: "badge" }, "App");
  if (person?.role === "guest" || person?.role === "external") return h("span", { class: "badge" }, person.role);
  return null;
}

function isGrouped(before, message) {
  return before.user === message.user && !before.ephemeral && !message.ephemeral && !before.replies;
}

/** Make these nodes the children of the parent, without moving those that keep their order. */
function reconcile(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, at) => {
    if (parent.childNodes[at] !== node) parent.insertBefore(node, parent.childNodes[at] ?? null);
  });
}

/** What an empty conversation shows. */
export function emptyState(title, text, examples, run) {
  const lines = examples.map((line) => h("button", { type: "button", class: "example", testid: "example", onclick: () => run(line.text) }, h("code", {}, line.text), h("span", {}, line.hint)));
  return h("div", { class: "empty", testid: "empty" }, h("img", { src: "/static/mark.svg", alt: "" }), h("h2", {}, title), h("p", {}, text), lines);
}

