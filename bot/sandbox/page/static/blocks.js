/** Blocks in messages, modals and the home tab. */

import { chart } from "./chart.js";
import { askConfirmation } from "./dialog.js";
import { h, safeUrl } from "./dom.js";
import { button, control, overflow } from "./elements.js";
import { icon } from "./icons.js";
import { plain, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { dataTable, table } from "./table.js";

let fieldCount = 0;

/**
 * The nodes of the blocks; null if the page does not know the type of one of them.
 * @param surface `{chosen, act(action), inputs}`: earlier choices by block and action, the handler of
 *   clicks, and a list to which inputs are added as `{block, actionId, read(), fail(message)}`.
 */
export function blocksOf(blocks, ctx, surface) {
  if (!blocks?.length || blocks.some((block) => !BLOCKS[block?.type])) return null;
  return blocks.map((block) => h("div", { class: `block block-${block.type}`, "data-block-id": block.block_id }, BLOCKS[block.type](block, ctx, surface)));
}

const BLOCKS = {
  section: (block, ctx, surface) => [
    h(
      "div",
      { class: "section-text" },
      textObject(block.text, ctx),
      block.fields && h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, textObject(field, ctx)))),
    ),
    block.accessory && h("div", { class: "accessory" }, interactive(block.accessory, block, ctx, surface)),
  ],
  header: (block) => h("h3", {}, plain(block.text?.text ?? "", block.text?.emoji !== false)),
  divider: () => h("hr"),
  context: (block, ctx) => (block.elements ?? []).map((element) => (element.type === "image" ? picture(element, "small") : textObject(element, ctx))),
  actions: (block, ctx, surface) => (block.elements ?? []).map((element) => interactive(element, block, ctx, surface)),
  image: (block) => [block.title && h("div", { class: "muted" }, plain(block.title.text)), picture(block)],
  table: (block, ctx) => table(block, ctx),
  data_table: (block, ctx) => dataTable(block, ctx),
  data_visualization: (block) => chart(block),
  rich_text: (block, ctx) => richText(block, ctx),
  input: (block, ctx, surface) => input(block, ctx, surface),
};

/** Remote images appear as their alt text, as the page makes no requests to other servers. */
function picture(image, size = "") {
  return h("span", { class: `picture ${size}`, role: "img", "aria-label": image.alt_text }, icon("picture"), image.alt_text);
}

function interactive(element, block, ctx, surface) {
  if (element.type === "image") return picture(element);
  const press = (node, value) => onPress(node, element, block, ctx, surface, value);
  if (element.type === "button") return button(element, (node) => press(node, null));
  if (element.type === "overflow") return overflow(element, press);
  const field = control(element, ctx, {
    id: `field-${++fieldCount}`,
    state: surface.chosen?.[block.block_id]?.[element.action_id],
    changed: () => press(field.node, field.read()),
  });
  if (!field.node.getAttribute("aria-label")) field.node.setAttribute("aria-label", plain(element.placeholder?.text ?? "Choose"));
  return field.node;
}

async function onPress(node, element, block, ctx, surface, value) {
  if (!(await askConfirmation(element.confirm, ctx))) return;
  const address = element.url && safeUrl(element.url);
  if (address) window.open(address, "_blank", "noopener,noreferrer");
  node.setAttribute("aria-busy", "true");
  await surface.act({ block_id: block.block_id, action_id: element.action_id, value });
  node.removeAttribute("aria-busy");
}

function input(block, ctx, surface) {
  const id = `field-${++fieldCount}`;
  const [hintId, errorId] = [`${id}-hint`, `${id}-error`];
  const element = block.element ?? {};
  const error = h("p", { class: "field-error", id: errorId, testid: "field-error", hidden: true });
  const dispatch = () => block.dispatch_action && surface.act({ block_id: block.block_id, action_id: element.action_id, value: field.read() });
  const field = control(element, ctx, {
    id,
    state: surface.chosen?.[block.block_id]?.[element.action_id],
    required: !block.optional,
    describedBy: `${errorId} ${hintId}`,
    changed: dispatch,
  });
  const label = h("label", { for: id, id: `${id}-label` }, plain(block.label?.text ?? ""), block.optional && h("span", { class: "muted" }, " (optional)"));
  if (field.node.getAttribute("role")) field.node.setAttribute("aria-labelledby", label.id);
  const fail = (message) => {
    error.textContent = message ?? "";
    error.hidden = !message;
    field.node.toggleAttribute("aria-invalid", Boolean(message));
    if (message) field.node.setAttribute("aria-invalid", "true");
  };
  surface.inputs?.push({ blockId: block.block_id, actionId: element.action_id, node: field.node, read: field.read, fail });
  return [label, field.node, error, block.hint && h("p", { class: "muted", id: hintId }, plain(block.hint.text))];
}
