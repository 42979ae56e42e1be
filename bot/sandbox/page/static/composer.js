/** The message box: Enter sends, `/` and `@` offer completions, ↑ recalls the last line. */

import { h, replace } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { avatar } from "./avatars.js";
import { icon } from "./icons.js";

const MAX_PEOPLE = 6;

export class Composer {
  /** @param send resolves to whether the line was accepted; otherwise it stays in the box. */
  constructor(root, ctx, send, name = "composer") {
    Object.assign(this, { ctx, send, sent: [], back: 0, options: [], active: -1 });
    this.box = h("textarea", {
      id: `${name}-box`, rows: 1, testid: name, autocomplete: "off", role: "combobox", "aria-expanded": "false",
      "aria-controls": `${name}-list`, "aria-autocomplete": "list", enterkeyhint: "send",
      oninput: () => this.onInput(), onkeydown: (event) => this.onKey(event), onblur: () => setTimeout(() => this.offer([]), 150),
    });
    this.list = h("ul", { id: `${name}-list`, class: "completions", role: "listbox", testid: name === "composer" ? "completions" : "thread-completions", "aria-label": "Completions", hidden: true });
    this.button = h("button", { type: "button", class: "send", testid: name === "composer" ? "send" : `${name}-send`, "aria-label": "Send", onclick: () => this.submit() }, icon("send"));
    this.avatar = h("span", {});
    this.pending = h("p", { class: "pending", testid: `${name}-pending`, role: "status" });
    replace(root, this.list, h("div", { class: "composer-box" }, this.avatar, this.box, this.button), this.pending);
    this.button.disabled = true;
  }

  label(text, person) {
    if (this.avatar.dataset.id !== person.id) replace(this.avatar, avatar(person, "tiny"));
    this.avatar.dataset.id = person.id;
    this.avatar.title = `As ${person.name}`;
    this.box.placeholder = text;
    this.box.setAttribute("aria-label", text);
  }

  fill(text) {
    this.box.value = text;
    this.box.setSelectionRange(text.length, text.length);
    this.onInput();
  }

  async submit(text = this.box.value) {
    const line = text.trim();
    if (!line) return;
    this.offer([]);
    this.fill("");
    this.offer([]);
    this.sent = [...this.sent.filter((each) => each !== line), line];
    this.back = 0;
    const waiting = setTimeout(() => (this.pending.textContent = line.startsWith("/") ? "Waiting for neo-usage…" : "Sending…"), 250);
    const accepted = await this.send(line);
    clearTimeout(waiting);
    this.pending.textContent = "";
    if (!accepted && !this.box.value) this.fill(line);
  }

  onInput() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 180)}px`;
    this.button.disabled = !this.box.value.trim();
    this.offer(this.completions());
  }

  /** The completions: commands, or people for the word before the cursor. */
  completions() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    const word = /(?:^|\s)@([\w.-]*)$/.exec(before);
    if (word) return this.people(word[1].toLowerCase());
    const line = this.box.value.toLowerCase();
    if (!line.startsWith("/")) return [];
    return EXAMPLES.filter(({ text }) => text.startsWith(line) && text !== line).map((line) => ({ ...line, insert: line.text }));
  }

  people(start) {
    const known = [...this.ctx.people.values()].filter(({ handle }) => handle !== "slackbot");
    const isMatch = ({ handle, name }) => handle.startsWith(start) || name.toLowerCase().split(" ").some((each) => each.startsWith(start));
    const matches = known.filter(isMatch).slice(0, MAX_PEOPLE);
    if (matches.length === 1 && matches[0].handle === start) return [];
    return matches.map((person) => ({ text: person.name, hint: `@${person.handle}`, person, insert: `@${person.handle} ` }));
  }

  offer(options) {
    this.options = options;
    this.active = options[0]?.person ? 0 : -1;
    this.list.hidden = !options.length;
    this.box.setAttribute("aria-expanded", String(options.length > 0));
    const rows = options.map((option, at) => this.row(option, at));
    replace(this.list, options.length > 0 && !options[0].person && h("li", { class: "completions-head", role: "presentation" }, "neo-usage", h("span", {}, "Tab or ↓ to pick, Enter to send")), rows);
    this.mark();
  }

  row(option, at) {
    const pick = (event) => {
      event.preventDefault(); // keeps the focus in the box
      this.pick(at);
    };
    const text = option.person ? h("b", {}, option.text) : h("code", {}, option.text);
    return h("li", { role: "option", id: `${this.list.id}-${at}`, testid: "completion", onpointerdown: pick }, option.person && avatar(option.person, "small"), text, h("span", {}, option.hint));
  }

  mark() {
    this.list.querySelectorAll("[role=option]").forEach((row, at) => {
      row.setAttribute("aria-selected", String(at === this.active));
      if (at === this.active) row.scrollIntoView({ block: "nearest" });
    });
    if (this.active >= 0) this.box.setAttribute("aria-activedescendant", `${this.list.id}-${this.active}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  pick(at) {
    const { insert, person } = this.options[at];
    const cursor = this.box.selectionStart;
    const start = person ? this.box.value.lastIndexOf("@", cursor - 1) : 0;
    const after = person ? this.box.value.slice(cursor).replace(/^ /, "") : "";
    const head = this.box.value.slice(0, start) + insert;
    this.box.value = head + after;
    this.box.setSelectionRange(head.length, head.length);
    this.box.focus();
    this.onInput();
    if (!person) this.offer([]);
  }

  onKey(event) {
    if (event.isComposing) return;
    const act = this.options.length ? this.listAction(event.key) : null;
    const action = act ?? (event.shiftKey ? null : this.boxAction(event.key));
    if (!action) return;
    event.preventDefault();
    action();
  }

  listAction(key) {
    const step = (by) => () => {
      this.active = (this.active + by + this.options.length) % this.options.length;
      this.mark();
    };
    if (key === "ArrowDown") return step(1);
    if (key === "ArrowUp") return step(this.active < 0 ? 0 : -1);
    if (key === "Escape") return () => this.offer([]);
    if (key === "Tab") return () => this.pick(Math.max(0, this.active));
    if (key === "Enter" && this.active >= 0) return () => this.pick(this.active);
    return null;
  }

  boxAction(key) {
    if (key === "Enter") return () => this.submit();
    if (key === "ArrowUp" && (!this.box.value || this.box.value === this.sent.at(-this.back))) return this.recall(1);
    if (key === "ArrowDown" && this.back) return this.recall(-1);
    return null;
  }

  recall(by) {
    const to = Math.min(this.sent.length, Math.max(0, this.back + by));
    if (to === this.back) return null;
    return () => {
      this.back = to;
      this.fill(to ? this.sent.at(-to) : "");
      this.offer([]);
    };
  }
}
