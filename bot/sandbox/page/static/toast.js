/** What just happened, in a word at the window's edge; read aloud, gone after a while. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

const STAYS_MS = 7000;
const MOST = 3;

export function toast(words, kind = "") {
  const region = document.getElementById("toasts");
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => note.remove() }, icon("close"));
  const note = h("div", { class: `toast ${kind}`, testid: "toast" }, h("p", {}, words), close);
  region.append(note);
  while (region.children.length > MOST) region.firstElementChild.remove();
  let left = setTimeout(() => note.remove(), STAYS_MS);
  note.addEventListener("pointerenter", () => clearTimeout(left));
  note.addEventListener("pointerleave", () => (left = setTimeout(() => note.remove(), STAYS_MS / 2)));
}
