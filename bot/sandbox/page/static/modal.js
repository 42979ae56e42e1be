/** The person's modal, as the server describes it. */

import { blocksOf } from "./blocks.js";
import { openDialog, closeDialog } from "./dialog.js";
import { h, replace } from "./dom.js";
import { plain } from "./mrkdwn.js";

export class Modals {
  /** @param handlers `{click(action), submit(view_id, values), close(view_id)}`, each resolves to the server's answer. */
  constructor(ctx, handlers) {
    this.ctx = ctx;
    this.handlers = handlers;
    this.open = null;
  }

  /** Show the view that is open on the server; after a reconnect it may be shown already. */
  sync(view) {
    const { id, hash } = this.open?.view ?? {};
    if (id !== view.id || hash !== view.hash) this.show(view);
  }

  /** Show the view in place of the current one. An update of the same view keeps the values of the inputs that remain. */
  show(view) {
    const typed = this.open?.view.id === view.id ? this.values() : {};
    this.hide();
    this.inputs = [];
    const error = h("p", { class: "form-error", role: "alert", testid: "modal-error", hidden: true });
    const body = h("div", { class: "dialog-body" }, this.blocks(view, typed), error);
    const dialog = openDialog({ title: plain(view.title?.text ?? ""), body, footer: this.footer(view), testid: "modal", kind: "modal", onClose: () => this.close() });
    dialog.dataset.viewId = view.id;
    dialog.addEventListener("keydown", (event) => this.submitAtEnter(event));
    this.open = { view, dialog, error };
    (dialog.querySelector("[autofocus]") ?? this.inputs[0]?.node)?.focus();
  }

  hide() {
    if (this.open) closeDialog(this.open.dialog);
    this.open = null;
  }

  /** The values of the inputs: `{block_id: {action_id: value}}`. */
  values() {
    const values = {};
    for (const { blockId, actionId, read } of this.inputs) (values[blockId] ??= {})[actionId] = read();
    return values;
  }

  blocks(view, typed) {
    const act = (action) => this.handlers.click({ view_id: view.id, ...action });
    const surface = { chosen: mergeStates(view, typed), act, inputs: this.inputs };
    return blocksOf(view.blocks, this.ctx, surface) ?? h("p", { class: "muted" }, "This form has a part that the page cannot show.");
  }

  footer(view) {
    const close = h("button", { type: "button", class: "button", testid: "modal-close", onclick: () => this.close() }, plain(view.close?.text ?? (view.submit ? "Cancel" : "Close")));
    const submit = view.submit && h("button", { type: "button", class: "button primary", testid: "modal-submit", onclick: (event) => this.submit(event.currentTarget) }, plain(view.submit.text));
    return h("footer", {}, close, submit);
  }

  /** Submit the form at Enter in a single-line input. */
  submitAtEnter(event) {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    event.currentTarget.querySelector("[data-testid=modal-submit]")?.click();
  }

  async submit(node) {
    const { view, error } = this.open;
    node.setAttribute("aria-busy", "true");
    const answer = await this.handlers.submit(view.id, this.values());
    node.removeAttribute("aria-busy");
    if (this.open?.view.id !== view.id) return;
    const errors = answer.errors ?? {};
    for (const input of this.inputs) input.fail(errors[input.blockId]);
    const general = !answer.ok && !Object.keys(errors).length;
    error.hidden = !general;
    replace(error, general ? `That did not work (${answer.error}). Try again.` : "");
    this.inputs.find((input) => errors[input.blockId])?.node.focus();
  }

  async close() {
    const { view } = this.open;
    this.hide();
    await this.handlers.close(view.id);
  }
}

/** The view's choices with the values typed since, as Slack's states. */
function mergeStates(view, typed) {
  const state = structuredClone(view.chosen ?? {});
  const types = new Map((view.blocks ?? []).filter((block) => block.element).map((block) => [block.block_id, block.element.type]));
  for (const [blockId, actions] of Object.entries(typed))
    for (const [actionId, value] of Object.entries(actions))
      if (value !== null && types.has(blockId)) (state[blockId] ??= {})[actionId] = stateOf(value);
  return state;
}

/** The value as a state with every field that a control may read. */
function stateOf(value) {
  const one = { value, selected_date: value, selected_time: value, selected_date_time: value, selected_option: { value } };
  const subjects = { selected_user: value, selected_conversation: value, selected_channel: value };
  const many = Array.isArray(value) ? { selected_options: value.map((each) => ({ value: each })) } : {};
  const lists = { selected_users: value, selected_conversations: value, selected_channels: value };
  return { ...one, ...subjects, ...many, ...(Array.isArray(value) ? lists : {}) };
}
