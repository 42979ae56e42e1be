/** Short notices at the window's edge, which screen readers announce and which disappear after a while. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

const DURATION_MS = 7000;
const MAX_TOASTS = 3;

export function toast(message, kind = "") {
  const region = document.getElementById("toasts");
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => note.remove() }, icon("close"));
  const note = h("div", { class: `toast ${kind}`, testid: "toast" }, h("p", {}, message), close);
  region.append(note);
  while (region.children.length > MAX_TOASTS) region.firstElementChild.remove();
  let timer = setTimeout(() => note.remove(), DURATION_MS);
  note.addEventListener("pointerenter", () => clearTimeout(timer));
  note.addEventListener("pointerleave", () => (timer = setTimeout(() => note.remove(), DURATION_MS / 2)));
}
