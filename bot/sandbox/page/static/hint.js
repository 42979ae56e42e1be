/** Three steps for who sees the page for the first time; each is there until it was taken, all until they are dismissed. */

import { h, replace } from "./dom.js";
import { icon } from "./icons.js";

const KEY = "neo-usage-steps-taken";
const QUESTION = "/neo-usage team last week by:member";

export class Hint {
  /** @param handlers `{ask(line), act(name)}`. */
  constructor(root, handlers) {
    Object.assign(this, { root, handlers, taken: stored(), up: true });
  }

  /** @param app the page's bot, `{up}`; without one that can be killed there is no hint. */
  update(app) {
    this.root.hidden = !app || this.taken.length >= STEPS.length;
    if (app && !app.up) this.wasDown = true;
    else if (app && this.wasDown) this.take("kill");
    const signature = JSON.stringify([this.taken, app]);
    if (this.root.hidden || signature === this.signature) return;
    this.signature = signature;
    const close = h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss the first steps", testid: "hint-close", onclick: () => this.dismiss() }, icon("close"));
    replace(this.root, h("b", {}, "Try it"), STEPS.map((step, at) => this.step(step, at, app)), close);
  }

  step({ name, label, short, run, labelDown }, at, app) {
    const taken = this.taken.includes(name);
    const press = () => {
      if (name !== "kill") this.take(name);
      this.update(app);
      run(this.handlers);
    };
    const isDown = name === "kill" && !app.up;
    const text = isDown ? [labelDown] : [h("span", { class: "long" }, label), h("span", { class: "short" }, short)];
    return h("button", { type: "button", class: "hint-step", testid: `hint-${name}`, "aria-label": `${at + 1}. ${isDown ? labelDown : label}`, "data-taken": taken && "true", onclick: press }, h("i", {}, taken ? icon("check") : at + 1), text);
  }

  take(name) {
    if (!this.taken.includes(name)) this.store([...this.taken, name]);
  }

  dismiss() {
    this.store(STEPS.map(({ name }) => name));
    this.root.hidden = true;
  }

  store(taken) {
    this.taken = taken;
    this.wasDown = false;
    try {
      localStorage.setItem(KEY, JSON.stringify(taken));
    } catch {
      // it is then shown again
    }
  }
}

const STEPS = [
  { name: "ask", label: "See who spent most", short: "Ask", run: (handlers) => handlers.ask(QUESTION) },
  { name: "spike", label: "Make a spike", short: "Spike", run: (handlers) => handlers.act("spike") },
  { name: "kill", label: "Kill the bot", short: "Kill the bot", labelDown: "Start the bot", run: (handlers) => handlers.act("bot") },
];

function stored() {
  try {
    const taken = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(taken) ? taken : [];
  } catch {
    return []; // storage may be disabled
  }
}
