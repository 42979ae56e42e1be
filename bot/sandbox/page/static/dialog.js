/** Native dialogs: focus stays inside, Escape closes, focus goes back to where it was. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { plain, textObject } from "./mrkdwn.js";

/** An open dialog; `closing` runs at the close button and at Escape. Returns the element. */
export function openDialog({ title, body, foot, testid, kind = "", closing }) {
  const heading = h("h2", { id: `${testid}-title`, testid: `${testid}-title` }, title);
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Close", testid: `${testid}-x`, onclick: closing }, icon("close"));
  const dialog = h("dialog", { class: `dialog ${kind}`, testid, "aria-labelledby": heading.id }, h("header", {}, heading, close), body, foot);
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    closing();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function shut(dialog) {
  dialog.close();
  dialog.remove();
}

/** Ask a confirm object's question. True once confirmed, and at once when there is none. */
export function confirmed(question, ctx) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const done = (answer) => {
      shut(dialog);
      resolve(answer);
    };
    const style = question.style === "danger" ? "danger" : "primary";
    const foot = h(
      "footer",
      {},
      h("button", { type: "button", class: "button", testid: "confirm-no", onclick: () => done(false) }, plain(question.deny?.text ?? "Cancel")),
      h("button", { type: "button", class: `button ${style}`, testid: "confirm-yes", autofocus: true, onclick: () => done(true) }, plain(question.confirm?.text ?? "Yes")),
    );
    const body = h("div", { class: "dialog-body" }, textObject(question.text, ctx));
    const dialog = openDialog({ title: plain(question.title?.text ?? "Are you sure?"), body, foot, testid: "confirm", kind: "small", closing: () => done(false) });
  });
}
