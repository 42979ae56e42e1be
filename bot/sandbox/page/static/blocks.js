/** Blocks as the page shows them, in messages, modals and the home tab. */

import { chart } from "./chart.js";
import { confirmed } from "./dialog.js";
import { h, safeUrl } from "./dom.js";
import { button, control, overflow } from "./elements.js";
import { icon } from "./icons.js";
import { plain, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { table } from "./table.js";

let numbers = 0;

/**
 * The blocks' elements; null when there is a block that the page does not know.
 * @param own `{chosen, act(action), inputs}`: earlier choices by block and action, what a press does, and a list
 *   to which inputs are added as `{block, actionId, read(), fail(words)}`.
 */
export function blocksOf(blocks, ctx, own) {
  if (!blocks?.length || blocks.some((block) => !BLOCKS[block?.type])) return null;
  return blocks.map((block) => h("div", { class: `block block-${block.type}`, "data-block-id": block.block_id }, BLOCKS[block.type](block, ctx, own)));
}

const BLOCKS = {
  section: (block, ctx, own) => [
    h(
      "div",
      { class: "section-words" },
      textObject(block.text, ctx),
      block.fields && h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, textObject(field, ctx)))),
    ),
    block.accessory && h("div", { class: "accessory" }, acting(block.accessory, block, ctx, own)),
  ],
  header: (block) => h("h3", {}, plain(block.text?.text ?? "", block.text?.emoji !== false)),
  divider: () => h("hr"),
  context: (block, ctx) => (block.elements ?? []).map((element) => (element.type === "image" ? picture(element, "small") : textObject(element, ctx))),
  actions: (block, ctx, own) => (block.elements ?? []).map((element) => acting(element, block, ctx, own)),
  image: (block) => [block.title && h("div", { class: "quiet" }, plain(block.title.text)), picture(block)],
  table: (block, ctx) => table(block, ctx),
  data_visualization: (block) => chart(block),
  rich_text: (block, ctx) => richText(block, ctx),
  input: (block, ctx, own) => input(block, ctx, own),
};

/** Remote pictures are told, not fetched: the page asks nobody but its own server. */
function picture(image, size = "") {
  return h("span", { class: `picture ${size}`, role: "img", "aria-label": image.alt_text }, icon("picture"), image.alt_text);
}

function acting(element, block, ctx, own) {
  if (element.type === "image") return picture(element);
  const press = (node, value) => pressed(node, element, block, ctx, own, value);
  if (element.type === "button") return button(element, (node) => press(node, null));
  if (element.type === "overflow") return overflow(element, press);
  const made = control(element, ctx, {
    id: `field-${++numbers}`,
    state: own.chosen?.[block.block_id]?.[element.action_id],
    changed: () => press(made.node, made.read()),
  });
  if (!made.node.getAttribute("aria-label")) made.node.setAttribute("aria-label", plain(element.placeholder?.text ?? "Choose"));
  return made.node;
}

async function pressed(node, element, block, ctx, own, value) {
  if (!(await confirmed(element.confirm, ctx))) return;
  const address = element.url && safeUrl(element.url);
  if (address) window.open(address, "_blank", "noopener,noreferrer");
  node.setAttribute("aria-busy", "true");
  await own.act({ block_id: block.block_id, action_id: element.action_id, value });
  node.removeAttribute("aria-busy");
}

function input(block, ctx, own) {
  const id = `field-${++numbers}`;
  const [hintId, errorId] = [`${id}-hint`, `${id}-error`];
  const element = block.element ?? {};
  const error = h("p", { class: "field-error", id: errorId, testid: "field-error", hidden: true });
  const dispatch = () => block.dispatch_action && own.act({ block_id: block.block_id, action_id: element.action_id, value: made.read() });
  const made = control(element, ctx, {
    id,
    state: own.chosen?.[block.block_id]?.[element.action_id],
    required: !block.optional,
    describedBy: `${errorId} ${hintId}`,
    changed: dispatch,
  });
  const label = h("label", { for: id, id: `${id}-label` }, plain(block.label?.text ?? ""), block.optional && h("span", { class: "quiet" }, " (optional)"));
  if (made.node.getAttribute("role")) made.node.setAttribute("aria-labelledby", label.id);
  const fail = (words) => {
    error.textContent = words ?? "";
    error.hidden = !words;
    made.node.toggleAttribute("aria-invalid", Boolean(words));
    if (words) made.node.setAttribute("aria-invalid", "true");
  };
  own.inputs?.push({ blockId: block.block_id, actionId: element.action_id, node: made.node, read: made.read, fail });
  return [label, made.node, error, block.hint && h("p", { class: "quiet", id: hintId }, plain(block.hint.text))];
}
