/** The person's modal: shown as the server tells it, sent off and closed through it. */

import { blocksOf } from "./blocks.js";
import { openDialog, shut } from "./dialog.js";
import { h, replace } from "./dom.js";
import { plain } from "./mrkdwn.js";

export class Modals {
  /** @param acts `{click(action), submit(view_id, values), close(view_id)}`, each gives the server's answer. */
  constructor(ctx, acts) {
    this.ctx = ctx;
    this.acts = acts;
    this.open = null;
  }

  /** The server's word on what is open; after a broken stream it may be what is shown already. */
  tell(view) {
    const { id, hash } = this.open?.view ?? {};
    if (id !== view.id || hash !== view.hash) this.show(view);
  }

  /** Show the view, instead of what is shown; the same one keeps what was typed where the input is still there. */
  show(view) {
    const kept = this.open?.view.id === view.id ? this.values() : {};
    this.hide();
    this.inputs = [];
    const error = h("p", { class: "form-error", role: "alert", testid: "modal-error", hidden: true });
    const body = h("div", { class: "dialog-body" }, this.blocks(view, kept), error);
    const dialog = openDialog({ title: plain(view.title?.text ?? ""), body, foot: this.foot(view), testid: "modal", kind: "modal", closing: () => this.close() });
    dialog.dataset.viewId = view.id;
    dialog.addEventListener("keydown", (event) => this.enter(event));
    this.open = { view, dialog, error };
    (dialog.querySelector("[autofocus]") ?? this.inputs[0]?.node)?.focus();
  }

  hide() {
    if (this.open) shut(this.open.dialog);
    this.open = null;
  }

  /** What stands in the inputs: `{block_id: {action_id: value}}`. */
  values() {
    const found = {};
    for (const { blockId, actionId, read } of this.inputs) (found[blockId] ??= {})[actionId] = read();
    return found;
  }

  blocks(view, kept) {
    const act = (action) => this.acts.click({ view_id: view.id, ...action });
    const own = { chosen: merged(view, kept), act, inputs: this.inputs };
    return blocksOf(view.blocks, this.ctx, own) ?? h("p", { class: "quiet" }, "This form has a part that the page cannot show.");
  }

  foot(view) {
    const close = h("button", { type: "button", class: "button", testid: "modal-close", onclick: () => this.close() }, plain(view.close?.text ?? (view.submit ? "Cancel" : "Close")));
    const submit = view.submit && h("button", { type: "button", class: "button primary", testid: "modal-submit", onclick: (event) => this.submit(event.currentTarget) }, plain(view.submit.text));
    return h("footer", {}, close, submit);
  }

  /** Enter in a line of text sends the form off, as forms do. */
  enter(event) {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    event.currentTarget.querySelector("[data-testid=modal-submit]")?.click();
  }

  async submit(node) {
    const { view, error } = this.open;
    node.setAttribute("aria-busy", "true");
    const answer = await this.acts.submit(view.id, this.values());
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
    await this.acts.close(view.id);
  }
}

/** What was chosen, over it what was typed since, both as Slack's states. */
function merged(view, kept) {
  const found = structuredClone(view.chosen ?? {});
  const types = new Map((view.blocks ?? []).filter((block) => block.element).map((block) => [block.block_id, block.element.type]));
  for (const [blockId, actions] of Object.entries(kept))
    for (const [actionId, value] of Object.entries(actions))
      if (value !== null && types.has(blockId)) (found[blockId] ??= {})[actionId] = stateOf(value);
  return found;
}

/** A value under each name a control may look for. */
function stateOf(value) {
  const one = { value, selected_date: value, selected_time: value, selected_date_time: value, selected_option: { value } };
  const subjects = { selected_user: value, selected_conversation: value, selected_channel: value };
  const many = Array.isArray(value) ? { selected_options: value.map((each) => ({ value: each })) } : {};
  const lists = { selected_users: value, selected_conversations: value, selected_channels: value };
  return { ...one, ...subjects, ...many, ...(Array.isArray(value) ? lists : {}) };
}
