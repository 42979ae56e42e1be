/** Interactive elements as native controls, whose values are read in the server's format. */

import { h } from "./dom.js";
import { openMenu } from "./menu.js";
import { icon } from "./icons.js";
import { plain, textObject } from "./mrkdwn.js";

/**
 * A control for an element with a value: `{node, read()}`; `read` returns a text, a value, a list of values, or null.
 * @param field `{id, state, required, describedBy, changed()}`; `state` is Slack's state of the earlier choice.
 */
export function control(element, ctx, field) {
  const make = CONTROLS[element.type] ?? CONTROLS[element.type?.replace(/^multi_/, "")];
  if (!make) return { node: h("p", { class: "muted" }, `This element (${element.type}) cannot be shown here.`), read: () => null };
  return element.type.startsWith("multi_") ? checklistControl(element, ctx, field) : make(element, ctx, field);
}

export function button(element, press) {
  const style = ["primary", "danger"].includes(element.style) ? element.style : "";
  const ariaLabel = element.accessibility_label;
  const label = plain(element.text?.text ?? "", element.text?.emoji !== false);
  const props = { type: "button", class: `button ${style}`, testid: "button", "data-action-id": element.action_id, "aria-label": ariaLabel };
  return h("button", { ...props, onclick: (event) => press(event.currentTarget) }, label);
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
  plain_text_input: (element, ctx, field) => textControl(element, field, element.multiline ? "textarea" : "input", { type: !element.multiline && "text", maxlength: element.max_length }),
  number_input: (element, ctx, field) => textControl(element, field, "input", { type: "text", inputmode: "decimal" }),
  email_text_input: (element, ctx, field) => textControl(element, field, "input", { type: "email" }),
  url_text_input: (element, ctx, field) => textControl(element, field, "input", { type: "url" }),
  datepicker: (element, ctx, field) => textControl(element, field, "input", { type: "date" }, "date"),
  timepicker: (element, ctx, field) => textControl(element, field, "input", { type: "time" }, "time"),
  datetimepicker: dateTimeControl,
  static_select: selectControl,
  external_select: selectControl,
  users_select: selectControl,
  conversations_select: selectControl,
  channels_select: selectControl,
  radio_buttons: (element, ctx, field) => choiceControl(element, ctx, field, "radio"),
  checkboxes: (element, ctx, field) => choiceControl(element, ctx, field, "checkbox"),
};

function commonProps(element, field) {
  return { id: field.id, "data-action-id": element.action_id, "aria-describedby": field.describedBy, "aria-required": field.required && "true", testid: "field" };
}

function textControl(element, field, tag, props, kind = "value") {
  const placeholder = plain(element.placeholder?.text ?? "");
  const node = h(tag, { ...commonProps(element, field), ...props, class: "field", placeholder, rows: tag === "textarea" && 4, onchange: field.changed });
  node.value = field.state?.[kind === "value" ? "value" : `selected_${kind}`] ?? element[`initial_${kind}`] ?? "";
  return { node, read: () => node.value || null };
}

function dateTimeControl(element, ctx, field) {
  const node = h("input", { ...commonProps(element, field), type: "datetime-local", class: "field", onchange: field.changed });
  const seconds = field.state?.selected_date_time ?? element.initial_date_time;
  if (seconds) node.value = new Date(seconds * 1000).toISOString().slice(0, 16);
  return { node, read: () => (node.value ? Date.parse(`${node.value}Z`) / 1000 : null) };
}

/** The options of a select, in groups: `[{label, options: [{value, label, detail}]}]`. */
function optionGroups(element, ctx) {
  if (element.type.endsWith("users_select")) return [{ options: userOptions(ctx) }];
  if (/(conversations|channels)_select$/.test(element.type)) return [{ options: channelOptions(ctx) }];
  const option = (each) => ({ value: each.value, label: plain(each.text?.text ?? ""), detail: each.description });
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  return groups.map((group) => ({ label: group.label && plain(group.label.text), options: group.options.map(option) }));
}

function userOptions(ctx) {
  return [...ctx.people.values()].filter(({ role }) => role !== "app").map(({ id, name }) => ({ value: id, label: name }));
}

function channelOptions(ctx) {
  return [...ctx.channels.values()].filter(({ kind }) => kind !== "im").map(({ id, name }) => ({ value: id, label: `#${name}` }));
}

const SUBJECT = { users_select: "user", conversations_select: "conversation", channels_select: "channel" };

/** The values chosen so far, or the initial ones. */
function initialValues(element, field) {
  const subject = SUBJECT[element.type.replace("multi_", "")] ?? "option";
  const many = /^multi_|checkboxes/.test(element.type) ? "s" : "";
  const found = field.state?.[`selected_${subject}${many}`] ?? element[`initial_${subject}${many}`] ?? [];
  return [found].flat().map((each) => each?.value ?? each);
}

function selectControl(element, ctx, field) {
  const placeholder = h("option", { value: "" }, plain(element.placeholder?.text ?? "Choose…"));
  const option = ({ value, label }) => h("option", { value }, label);
  const groups = optionGroups(element, ctx).map(({ label, options }) => (label ? h("optgroup", { label }, options.map(option)) : options.map(option)));
  const node = h("select", { ...commonProps(element, field), class: "field", onchange: field.changed }, placeholder, groups);
  node.value = initialValues(element, field)[0] ?? "";
  return { node, read: () => node.value || null };
}

function choiceControl(element, ctx, field, type) {
  const chosen = initialValues(element, field);
  const rows = (element.options ?? []).map((option) => {
    const box = h("input", { type, name: field.id, value: option.value, onchange: field.changed });
    box.checked = chosen.includes(option.value);
    const detail = option.description && h("small", {}, textObject(option.description, ctx));
    return h("label", { class: "choice" }, box, h("span", {}, textObject(option.text, ctx), detail));
  });
  const node = h("div", { ...commonProps(element, field), class: "choices", role: type === "radio" ? "radiogroup" : "group", tabindex: "-1" }, rows);
  const read = () => [...node.querySelectorAll("input:checked")].map((box) => box.value);
  return { node, read: type === "radio" ? () => read()[0] ?? null : read };
}

/** A scrolling list of checkboxes, for selects of several values. */
function checklistControl(element, ctx, field) {
  const options = optionGroups(element, ctx).flatMap((group) => group.options);
  const asOptions = options.map(({ value, label }) => ({ value, text: { type: "plain_text", text: label } }));
  const state = { selected_options: initialValues(element, field).map((value) => ({ value })) };
  const control = choiceControl({ type: "checkboxes", action_id: element.action_id, options: asOptions }, ctx, { ...field, state }, "checkbox");
  control.node.classList.add("checklist");
  return control;
}
