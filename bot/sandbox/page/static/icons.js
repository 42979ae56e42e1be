/** The page's icons: one stroke on a grid of 20. */

import { s } from "./dom.js";

const PATHS = {
  hash: "M8 3.5 6.5 16.5 M13.5 3.5 12 16.5 M3.5 7.5h13.5 M3 12.5h13.5",
  lock: "M5 9h10v7.5H5z M7 9V6.5a3 3 0 0 1 6 0V9",
  shared: "M7 6.5H5a3.5 3.5 0 0 0 0 7h2 M13 6.5h2a3.5 3.5 0 0 1 0 7h-2 M6.5 10h7",
  menu: "M3.5 6h13 M3.5 10h13 M3.5 14h13",
  close: "M5 5l10 10 M15 5 5 15",
  send: "M4 16.5 17 10 4 3.5 5.5 10z M5.5 10H10",
  thread: "M4 4.5h12v8.5H9.5L6 16v-3H4z",
  sun: "M10 6.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4z M10 2v2 M10 16v2 M2 10h2 M16 10h2 M4.3 4.3l1.4 1.4 M14.3 14.3l1.4 1.4 M4.3 15.7l1.4-1.4 M14.3 5.7l1.4-1.4",
  moon: "M16 12.2A6.7 6.7 0 0 1 7.8 4a6.7 6.7 0 1 0 8.2 8.2z",
  hour: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14z M10 6.2V10l2.6 1.8",
  day: "M3.5 5h13v11.5h-13z M3.5 8.5h13 M7 3v3.5 M13 3v3.5",
  spike: "M2.5 15.5h4L10 4l3.5 11.5h4",
  storm: "M6 11.5a3.5 3.5 0 0 1 .3-7 4.5 4.5 0 0 1 8.4 1.3A3 3 0 0 1 14.5 11.5 M10.8 9 8.5 12.8h3L9.3 17",
  difference: "M4 7.5h12 M4 12.5h12 M13 4 7 16",
  drain: "M10 3.5v9 M6.5 9.5l3.5 3.5 3.5-3.5 M4 16.5h12",
  fill: "M10 13.5v-9 M6.5 7.5 10 4l3.5 3.5 M4 16.5h12",
  power: "M10 3v7 M6 5.5a6 6 0 1 0 8 0",
  chat: "M3.5 4.5h13v9h-7L6 16.5v-3H3.5z M7 8h6 M7 10.5h4",
  bot: "M4.5 7.5h11v8.5h-11z M10 7.5V4 M9 4h2 M8 11.2v1.2 M12 11.2v1.2 M2.5 10.5v3 M17.5 10.5v3",
  file: "M5.5 2.8h6l3.5 3.5v10.9h-9.5z M11.5 2.8v3.5H15 M7.8 10h4.6 M7.8 13h4.6",
  download: "M10 3.5v9 M6.5 9.5l3.5 3.5 3.5-3.5 M4 16.5h12",
  dots: "M4.5 10h.01 M10 10h.01 M15.5 10h.01",
  eye: "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5z M10 8.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z",
  chevron: "M6 8l4 4 4-4",
  down: "M10 4v11 M5.5 10.5 10 15l4.5-4.5",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  picture: "M3.5 4.5h13v11h-13z M3.5 13l4-4 3.5 3.5 2-2 3.5 3.5",
};

export function icon(name) {
  const path = s("path", { d: PATHS[name] });
  return s("svg", { class: `icon icon-${name}`, viewBox: "0 0 20 20", "aria-hidden": "true", focusable: "false" }, path);
}
