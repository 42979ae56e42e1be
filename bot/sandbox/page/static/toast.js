/** A notice above the messages, which screen readers announce and which disappears after a while. */

import { h, replace } from "./dom.js";
import { icon } from "./icons.js";

const DURATION_MS = 12_000;

/** @param links `{label, open()}`: where to look, a button each. */
export function toast(message, kind = "", links = []) {
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => note.remove() }, icon("close"));
  const buttons = links.map((link) => h("button", { type: "button", class: "button", testid: "toast-link", onclick: link.open }, link.label));
  const note = h("div", { class: `toast ${kind}`, testid: "toast" }, h("p", {}, message), buttons.length > 0 && h("div", { class: "toast-links" }, buttons), close);
  replace(document.getElementById("toasts"), note);
  let timer = setTimeout(() => note.remove(), DURATION_MS);
  note.addEventListener("pointerenter", () => clearTimeout(timer));
  note.addEventListener("pointerleave", () => (timer = setTimeout(() => note.remove(), DURATION_MS / 2)));
}
