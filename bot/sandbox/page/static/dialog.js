/** Native dialogs, which keep the focus inside, close at Escape and give the focus back. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { plain, textObject } from "./mrkdwn.js";

/** Open a dialog and return its element; `onClose` is called by the close button and Escape. */
export function openDialog({ title, body, footer, testid, kind = "", onClose }) {
  const heading = h("h2", { id: `${testid}-title`, testid: `${testid}-title` }, title);
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Close", testid: `${testid}-x`, onclick: onClose }, icon("close"));
  const dialog = h("dialog", { class: `dialog ${kind}`, testid, "aria-labelledby": heading.id }, h("header", {}, heading, close), body, footer);
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    onClose();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function closeDialog(dialog) {
  dialog.close();
  dialog.remove();
}

/** Ask the question of a confirm object. Resolves to whether it was confirmed; true if there is no question. */
export function askConfirmation(question, ctx) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (answer) => {
      closeDialog(dialog);
      resolve(answer);
    };
    const style = question.style === "danger" ? "danger" : "primary";
    const footer = h(
      "footer",
      {},
      h("button", { type: "button", class: "button", testid: "confirm-no", onclick: () => finish(false) }, plain(question.deny?.text ?? "Cancel")),
      h("button", { type: "button", class: `button ${style}`, testid: "confirm-yes", autofocus: true, onclick: () => finish(true) }, plain(question.confirm?.text ?? "Yes")),
    );
    const body = h("div", { class: "dialog-body" }, textObject(question.text, ctx));
    const dialog = openDialog({ title: plain(question.title?.text ?? "Are you sure?"), body, footer, testid: "confirm", kind: "small", onClose: () => finish(false) });
  });
}
