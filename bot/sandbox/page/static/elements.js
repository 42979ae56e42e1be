/** The elements people act on, as native controls: what is chosen is read as the server takes it. */

import { h } from "./dom.js";
import { openMenu } from "./menu.js";
import { icon } from "./icons.js";
import { plain, textObject } from "./mrkdwn.js";

/**
 * A control for an element with a choice: `{node, read()}`; `read` gives text, a value, a list of values, or null.
 * @param own `{id, state, required, describedBy, changed()}`; `state` is what was chosen before, in Slack's words.
 */
export function control(element, ctx, own) {
  const make = CONTROLS[element.type] ?? CONTROLS[element.type?.replace(/^multi_/, "")];
  if (!make) return { node: h("p", { class: "quiet" }, `This element (${element.type}) cannot be shown here.`), read: () => null };
  return element.type.startsWith("multi_") ? checklist(element, ctx, own) : make(element, ctx, own);
}

export function button(element, press) {
  const style = ["primary", "danger"].includes(element.style) ? element.style : "";
  const label = element.accessibility_label;
  const words = plain(element.text?.text ?? "", element.text?.emoji !== false);
  const props = { type: "button", class: `button ${style}`, testid: "button", "data-action-id": element.action_id, "aria-label": label };
  return h("button", { ...props, onclick: (event) => press(event.currentTarget) }, words);
}

export function overflow(element, press) {
  const items = (element.options ?? []).map((option) => ({
    label: plain(option.text?.text ?? ""),
    detail: option.description && plain(option.description.text),
    choose: () => press(anchor, option.value),
  }));
  const open = () => openMenu(anchor, items, "More actions");
  const props = { type: "button", class: "button icon-only", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false" };
  const anchor = h("button", { ...props, testid: "overflow", "data-action-id": element.action_id, onclick: open }, icon("dots"));
  return anchor;
}

const CONTROLS = {
  plain_text_input: (element, ctx, own) => typed(element, own, element.multiline ? "textarea" : "input", { type: !element.multiline && "text", maxlength: element.max_length }),
  number_input: (element, ctx, own) => typed(element, own, "input", { type: "text", inputmode: "decimal" }),
  email_text_input: (element, ctx, own) => typed(element, own, "input", { type: "email" }),
  url_text_input: (element, ctx, own) => typed(element, own, "input", { type: "url" }),
  datepicker: (element, ctx, own) => typed(element, own, "input", { type: "date" }, "date"),
  timepicker: (element, ctx, own) => typed(element, own, "input", { type: "time" }, "time"),
  datetimepicker: moment,
  static_select: select,
  external_select: select,
  users_select: select,
  conversations_select: select,
  channels_select: select,
  radio_buttons: (element, ctx, own) => choices(element, ctx, own, "radio"),
  checkboxes: (element, ctx, own) => choices(element, ctx, own, "checkbox"),
};

function common(element, own) {
  return { id: own.id, "data-action-id": element.action_id, "aria-describedby": own.describedBy, "aria-required": own.required && "true", testid: "field" };
}

function typed(element, own, tag, more, kind = "value") {
  const placeholder = plain(element.placeholder?.text ?? "");
  const node = h(tag, { ...common(element, own), ...more, class: "field", placeholder, rows: tag === "textarea" && 4, onchange: own.changed });
  node.value = own.state?.[kind === "value" ? "value" : `selected_${kind}`] ?? element[`initial_${kind}`] ?? "";
  return { node, read: () => node.value || null };
}

function moment(element, ctx, own) {
  const node = h("input", { ...common(element, own), type: "datetime-local", class: "field", onchange: own.changed });
  const seconds = own.state?.selected_date_time ?? element.initial_date_time;
  if (seconds) node.value = new Date(seconds * 1000).toISOString().slice(0, 16);
  return { node, read: () => (node.value ? Date.parse(`${node.value}Z`) / 1000 : null) };
}

/** What a select offers, in groups: `[{label, options: [{value, label, detail}]}]`. */
function offered(element, ctx) {
  if (element.type.endsWith("users_select")) return [{ options: people(ctx) }];
  if (/(conversations|channels)_select$/.test(element.type)) return [{ options: places(ctx) }];
  const option = (one) => ({ value: one.value, label: plain(one.text?.text ?? ""), detail: one.description });
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  return groups.map((group) => ({ label: group.label && plain(group.label.text), options: group.options.map(option) }));
}

function people(ctx) {
  return [...ctx.people.values()].filter(({ role }) => role !== "app").map(({ id, name }) => ({ value: id, label: name }));
}

function places(ctx) {
  return [...ctx.channels.values()].filter(({ kind }) => kind !== "im").map(({ id, name }) => ({ value: id, label: `#${name}` }));
}

const SUBJECT = { users_select: "user", conversations_select: "conversation", channels_select: "channel" };

/** The values chosen so far, or at first. */
function begun(element, own) {
  const subject = SUBJECT[element.type.replace("multi_", "")] ?? "option";
  const many = /^multi_|checkboxes/.test(element.type) ? "s" : "";
  const found = own.state?.[`selected_${subject}${many}`] ?? element[`initial_${subject}${many}`] ?? [];
  return [found].flat().map((one) => one?.value ?? one);
}

function select(element, ctx, own) {
  const placeholder = h("option", { value: "" }, plain(element.placeholder?.text ?? "Choose…"));
  const option = ({ value, label }) => h("option", { value }, label);
  const groups = offered(element, ctx).map(({ label, options }) => (label ? h("optgroup", { label }, options.map(option)) : options.map(option)));
  const node = h("select", { ...common(element, own), class: "field", onchange: own.changed }, placeholder, groups);
  node.value = begun(element, own)[0] ?? "";
  return { node, read: () => node.value || null };
}

function choices(element, ctx, own, type) {
  const chosen = begun(element, own);
  const rows = (element.options ?? []).map((option) => {
    const box = h("input", { type, name: own.id, value: option.value, onchange: own.changed });
    box.checked = chosen.includes(option.value);
    const detail = option.description && h("small", {}, textObject(option.description, ctx));
    return h("label", { class: "choice" }, box, h("span", {}, textObject(option.text, ctx), detail));
  });
  const node = h("div", { ...common(element, own), class: "choices", role: type === "radio" ? "radiogroup" : "group", tabindex: "-1" }, rows);
  const read = () => [...node.querySelectorAll("input:checked")].map((box) => box.value);
  return { node, read: type === "radio" ? () => read()[0] ?? null : read };
}

/** Several of many: a list of boxes that scrolls. */
function checklist(element, ctx, own) {
  const options = offered(element, ctx).flatMap((group) => group.options);
  const asOptions = options.map(({ value, label }) => ({ value, text: { type: "plain_text", text: label } }));
  const state = { selected_options: begun(element, own).map((value) => ({ value })) };
  const made = choices({ type: "checkboxes", action_id: element.action_id, options: asOptions }, ctx, { ...own, state }, "checkbox");
  made.node.classList.add("checklist");
  return made;
}
