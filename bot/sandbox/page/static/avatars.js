/** Avatars: a person's initials on their colour, and the bot's logo. */

import { h } from "./dom.js";

export function avatar(person, size = "") {
  if (person?.role === "app" && person.handle !== "slackbot")
    return h("img", { class: `avatar ${size}`, src: "/static/mark.svg", alt: "" });
  const colour = /^#[0-9a-f]{6}$/i.test(person?.colour ?? "") ? person.colour : "#616061";
  const vars = { avatar: colour, initials: luminance(colour) > 0.36 ? "#14201d" : "#ffffff" };
  return h("span", { class: `avatar ${size}`, "aria-hidden": "true", vars }, initials(person?.name ?? "?"));
}

export function initials(name) {
  const words = name.trim().split(/[\s.-]+/).filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => Array.from(word ?? "")[0] ?? "").join("").toUpperCase();
}

function luminance(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => (Number.parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
