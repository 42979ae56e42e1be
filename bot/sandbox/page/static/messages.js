/** A list of messages: days, authors, marks, files and threads; only what changed is drawn anew. */

import { blocksOf } from "./blocks.js";
import { h } from "./dom.js";
import { avatar } from "./faces.js";
import { fileCard } from "./files.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { dateOf, dayOf, divider, shown } from "./time.js";

const TOGETHER_S = 300; // messages of one author so close need no second name
const NEAR_PX = 80;

export class MessageList {
  /** @param acts `{click(action), thread(ts), seen(atEnd)}`; `threaded`: whether this is a thread's own list. */
  constructor(root, ctx, acts, threaded = false) {
    Object.assign(this, { root, ctx, acts, threaded, drawn: new Map(), place: null, sticks: true });
    this.inner = h("div", { class: "log-inner" });
    root.replaceChildren(this.inner);
    root.addEventListener("scroll", () => this.scrolled(), { passive: true });
    const watcher = new ResizeObserver(() => this.grown());
    watcher.observe(root);
    watcher.observe(this.inner);
  }

  /** Draw these; `place` names the conversation, in a new one the list begins at its end. */
  update(place, messages, empty) {
    const moved = place !== this.place;
    const last = messages.at(-1);
    const said = last?.user === this.ctx.me && !this.drawn.has(last.ts);
    this.sticks = moved || said || this.sticks;
    if (moved) this.drawn.clear();
    this.place = place;
    reconcile(this.inner, messages.length ? this.nodes(messages) : [empty]);
    this.grown();
  }

  scrolled() {
    this.sticks = this.atEnd();
    this.acts.seen?.(this.sticks);
  }

  /** Charts find their size late, and new messages come: who was at the end stays there. */
  grown() {
    if (this.sticks) this.toEnd();
    this.acts.seen?.(this.atEnd());
  }

  atEnd() {
    return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < NEAR_PX;
  }

  toEnd() {
    this.root.scrollTop = this.root.scrollHeight;
  }

  nodes(messages) {
    const kept = new Map();
    const { timezone } = this.ctx;
    const nodes = messages.flatMap((message, at) => {
      const before = messages[at - 1];
      const date = dateOf(message.ts);
      const newDay = !before || dayOf(dateOf(before.ts), timezone) !== dayOf(date, timezone);
      const node = this.node(message, !newDay && together(before, message), kept);
      return newDay && !this.threaded ? [this.day(date, kept), node] : [node];
    });
    this.drawn = kept;
    return nodes;
  }

  /** The element from before, when nothing about the message changed. */
  node(message, compact, kept) {
    const person = this.ctx.people.get(message.user);
    return this.keep(message.ts, JSON.stringify([message, compact, person?.name]), kept, () => this.draw(message, person, compact));
  }

  day(date, kept) {
    const words = divider(date, this.ctx.now(), this.ctx.timezone);
    const made = () => h("div", { class: "day", role: "separator", testid: "day" }, h("span", {}, words));
    return this.keep(`day ${dayOf(date, this.ctx.timezone)}`, words, kept, made);
  }

  keep(key, signature, kept, made) {
    const before = this.drawn.get(key);
    const entry = before?.signature === signature ? before : { signature, node: made() };
    kept.set(key, entry);
    return entry.node;
  }

  draw(message, person, compact) {
    const date = dateOf(message.ts);
    const time = shown(date, "time", this.ctx.timezone);
    const full = `${shown(date, "date_long", this.ctx.timezone)}, ${time}`;
    const stamp = h("time", { class: "stamp", datetime: date.toISOString(), title: full }, time);
    const name = person?.name ?? message.user;
    const head = compact ? null : h("div", { class: "message-head" }, h("b", { title: person?.title }, name), badge(person), stamp);
    const body = h("div", { class: "message-body" }, head, this.content(message), this.foot(message));
    const gutter = h("div", { class: "gutter" }, compact ? stamp : avatar(person));
    const props = { class: `message${compact ? " compact" : ""}${message.ephemeral ? " ephemeral" : ""}`, testid: "message", "data-ts": message.ts, "data-user": message.user };
    return h("article", { ...props, "data-ephemeral": message.ephemeral && "true", "aria-label": `${name}, ${time}` }, gutter, body, this.tools(message));
  }

  content(message) {
    const act = (action) => this.acts.click({ ts: message.ts, ...action });
    const blocks = blocksOf(message.blocks, this.ctx, { chosen: message.chosen, act });
    const words = message.text ? mrkdwn(message.text, this.ctx) : null;
    const nothing = !blocks && !words && !message.files.length && h("p", { class: "quiet" }, "The page cannot show this message.");
    return h("div", { class: "content" }, blocks ?? words, nothing, message.edited && h("span", { class: "edited" }, "(edited)"));
  }

  foot(message) {
    return [
      message.files.map((file) => fileCard(file, this.ctx)),
      message.ephemeral && h("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
      message.replies > 0 && !this.threaded && this.thread(message),
    ];
  }

  thread(message) {
    const words = message.replies === 1 ? "1 reply" : `${message.replies} replies`;
    const last = shown(dateOf(message.last_reply), "time", this.ctx.timezone);
    const faces = message.repliers.slice(0, 4).map((id) => avatar(this.ctx.people.get(id), "tiny"));
    const open = () => this.acts.thread(message.ts);
    return h("button", { type: "button", class: "thread-link", testid: "thread-open", onclick: open }, h("span", { class: "faces" }, faces), h("b", {}, words), h("span", { class: "quiet" }, `Last at ${last}`));
  }

  tools(message) {
    if (this.threaded || message.ephemeral || (message.thread_ts && message.thread_ts !== message.ts)) return null;
    const open = () => this.acts.thread(message.ts);
    return h("div", { class: "tools" }, h("button", { type: "button", class: "icon-button", testid: "reply", title: "Reply in thread", "aria-label": "Reply in thread", onclick: open }, icon("thread")));
  }
}

function badge(person) {
  if (person?.role === "app") return h("span", { class: "badge" }, "App");
  if (person?.role === "guest" || person?.role === "external") return h("span", { class: "badge" }, person.role);
  return null;
}

function together(before, message) {
  const close = Number(message.ts) - Number(before.ts) < TOGETHER_S;
  return close && before.user === message.user && !before.ephemeral && !message.ephemeral && !before.replies;
}

/** Make the children these nodes, without touching those that stay in their order. */
function reconcile(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, at) => {
    if (parent.childNodes[at] !== node) parent.insertBefore(node, parent.childNodes[at] ?? null);
  });
}

/** What stands where nothing was said yet. */
export function emptyState(title, words, examples, run) {
  const lines = examples.map((line) => h("button", { type: "button", class: "example", testid: "example", onclick: () => run(line.text) }, h("code", {}, line.text), h("span", {}, line.hint)));
  return h("div", { class: "empty", testid: "empty" }, h("img", { src: "/static/mark.svg", alt: "" }), h("h2", {}, title), h("p", {}, words), lines);
}

