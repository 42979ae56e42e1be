/** A menu in the top layer, with arrow keys, and closed by Escape or a click elsewhere. */

import { h } from "./dom.js";

/** @param items `{label, detail?, icon?, checked?, testid?, danger?, choose()}`; null is a separator. */
export function openMenu(anchor, items, label) {
  const menu = h("div", { class: "menu", role: "menu", popover: "auto", "aria-label": label, testid: "menu" });
  menu.append(...items.map((item) => (item ? row(item, menu) : h("hr"))));
  menu.addEventListener("keydown", (event) => move(event, menu));
  menu.addEventListener("toggle", (event) => event.newState === "closed" && onClosed(menu, anchor));
  (anchor.closest("dialog") ?? document.body).append(menu);
  menu.showPopover();
  place(menu, anchor);
  anchor.setAttribute("aria-expanded", "true");
  (menu.querySelector("[aria-checked=true]") ?? menu.querySelector("button"))?.focus();
}

function row(item, menu) {
  const role = item.checked === undefined ? "menuitem" : "menuitemradio";
  const choose = () => {
    menu.hidePopover();
    item.choose();
  };
  const props = { type: "button", role, testid: item.testid ?? "menu-item", class: item.danger && "danger", onclick: choose };
  if (item.checked !== undefined) props["aria-checked"] = String(item.checked);
  const text = h("span", { class: "menu-text" }, item.label, item.detail && h("small", {}, item.detail));
  return h("button", props, item.icon, text, item.badge);
}

function move(event, menu) {
  const rows = [...menu.querySelectorAll("button")];
  const at = rows.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  rows[(to + rows.length) % rows.length].focus();
}

function onClosed(menu, anchor) {
  const inside = menu.contains(document.activeElement);
  menu.remove();
  anchor.setAttribute("aria-expanded", "false");
  if (inside || document.activeElement === document.body) anchor.focus();
}

/** Place the menu below the anchor, or above it if there is no room, always inside the window. */
function place(menu, anchor) {
  const at = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = at.bottom + 4 + height <= innerHeight;
  const top = below ? at.bottom + 4 : Math.max(8, at.top - 4 - height);
  menu.style.top = `${top}px`;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
}
