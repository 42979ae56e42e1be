/** The Neo panel: the simulated clock, the bot's figures of today and of the month, the tasks, and the buttons that change the simulated world. */

import { h, replace, s } from "./dom.js";
import { icon } from "./icons.js";
import { ago, formatDate } from "./time.js";

const cents = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const ACTIONS = {
  hour: ["Next hour", "hour"],
  day: ["Next day", "day"],
  spike: ["Make a spike", "spike"],
  storm: ["Make an error storm", "storm"],
  difference: ["Change Neo's total", "difference"],
  restate: ["Change an old cost", "spike"],
  drain: ["Use up credits", "drain"],
  fill: ["Add credits", "fill"],
};
const TOGGLE_ICONS = { neo: "power", slack: "chat", bot: "bot" };

export class NeoPanel {
  /** @param run performs an action (`hour`, `day`, …) and resolves when it is done. */
  constructor(root, ctx, run) {
    Object.assign(this, { root, ctx, run, signature: "" });
    this.clock = h("div", { class: "clock", testid: "clock" }, h("b", {}), h("span", {}));
    this.figures = h("div", { class: "figures" });
    this.tasks = h("div", { class: "tasks" });
    this.toggles = { neo: this.toggle("neo"), slack: this.toggle("slack"), bot: this.toggle("bot") };
    replace(
      root,
      h("section", { "aria-label": "Simulated time" }, this.clock, h("div", { class: "actions" }, this.action("hour"), this.action("day"))),
      this.figures,
      h("section", {}, h("h2", {}, "Cause trouble"), h("div", { class: "actions scenarios" }, this.action("spike"), this.action("storm"), Object.values(this.toggles))),
      h("section", {}, h("h2", {}, "Neo's own totals"), h("div", { class: "actions scenarios" }, this.action("difference"), this.action("restate"), this.action("drain"), this.action("fill"))),
      this.tasks,
    );
    setInterval(() => this.tick(), 1000);
  }

  tick() {
    if (!this.page) return;
    const now = this.ctx.now();
    const [time, day] = this.clock.children;
    time.textContent = formatDate(now, "time_secs", this.ctx.timezone);
    day.textContent = `${formatDate(now, "date_long", this.ctx.timezone)} · ${this.ctx.timezone}`;
  }

  update(page) {
    this.page = page;
    this.tick();
    this.drawToggle("neo", page.neo.up, "Take Neo down", "Bring Neo back");
    this.drawToggle("slack", page.slack.up, "Take Slack down", "Bring Slack back");
    this.toggles.bot.hidden = !page.app;
    if (page.app) this.drawToggle("bot", page.app.up, "Kill the bot", "Start the bot");
    const signature = JSON.stringify([page.neo, Math.floor(this.ctx.now() / 20_000)]);
    if (signature === this.signature) return;
    this.signature = signature;
    replace(this.figures, this.today(page.neo));
    replace(this.tasks, this.list(page.neo));
  }

  action(name) {
    const [label, iconName] = ACTIONS[name];
    return h("button", { type: "button", class: "action", testid: `world-${name}`, onclick: (event) => this.press(event.currentTarget, name) }, icon(iconName), label);
  }

  toggle(name) {
    const label = h("span", {});
    return h("button", { type: "button", class: "action switch", testid: `world-${name}`, "aria-pressed": "false", onclick: (event) => this.press(event.currentTarget, name) }, icon(TOGGLE_ICONS[name]), label, h("i", {}));
  }

  drawToggle(name, up, labelUp, labelDown) {
    const node = this.toggles[name];
    node.setAttribute("aria-pressed", String(!up));
    node.querySelector("span").textContent = up ? labelUp : labelDown;
    node.querySelector("i").textContent = up ? "up" : "down";
  }

  async press(node, name) {
    if (node.getAttribute("aria-busy")) return;
    node.setAttribute("aria-busy", "true");
    await this.run(name);
    node.removeAttribute("aria-busy");
  }

  today(neo) {
    const figure = (value, label, testid) => h("div", {}, h("b", { testid }, value), h("span", {}, label));
    const month = neo.tasks_this_month === 1 ? "1 task" : `${neo.tasks_this_month.toLocaleString("en-US")} tasks`;
    return h(
      "section",
      { "aria-label": "Today and this month" },
      h("div", { class: "today-spend" }, h("span", {}, "Spent today"), h("b", { testid: "spent-today" }, dollars(neo.spent_today_usd)), h("small", {}, `${dollars(neo.last_hour_usd)} in the last hour`)),
      hours(neo.by_hour_usd, this.ctx),
      h("div", { class: "today-counts" }, figure(neo.running, "running", "running"), figure(neo.tasks, "tasks today", "tasks-today"), figure(neo.failed, "failed today", "failed")),
      h("div", { class: "today-spend month-spend" }, h("span", {}, "This month"), h("b", { testid: "spent-this-month" }, dollars(neo.spent_this_month_usd)), h("small", { testid: "tasks-this-month" }, month)),
      h("p", { class: "muted figures-note", testid: "figures-note" }, this.note(neo)),
    );
  }

  /** Where the figures come from, and what they do not hold yet. */
  note(neo) {
    if (!neo.read_at) return "The bot has not read any tasks yet.";
    const read = `As the bot read it at ${formatDate(new Date(neo.read_at), "time", this.ctx.timezone)}. New tasks count when they were created, later changes of their cost when the bot reads them.`;
    return neo.unread_usd ? `${read} The bot has not read ${dollars(neo.unread_usd)} yet.` : read;
  }

  list(neo) {
    const rows = neo.recent.map((task) => this.task(task));
    const none = h("p", { class: "muted" }, "No tasks in the last two days. Make a spike, or go to the next day.");
    return h("section", {}, h("h2", {}, "Tasks"), rows.length ? h("ul", { class: "task-list", testid: "tasks" }, rows) : none);
  }

  task(task) {
    const cost = task.cost_usd === null ? "…" : dollars(task.cost_usd);
    const when = task.status === "running" ? `since ${formatDate(new Date(task.at), "time", this.ctx.timezone)}` : ago(new Date(task.at), this.ctx.now());
    const title = task.title ?? "Untitled task";
    return h(
      "li",
      { testid: "task", "data-status": task.status, "data-task-id": task.task_id },
      h("div", { class: "task-top" }, h("span", { class: "task-title", title }, title), h("b", { class: task.cost_usd === null && "muted" }, cost)),
      h("div", { class: "task-bottom" }, h("span", { class: `status status-${task.status}` }, task.status), h("span", { class: "task-member" }, `${task.member} · ${task.model}`), h("span", {}, when)),
    );
  }
}

/** An amount as the bot shows it: `$1,234.56`, `-$3.10`, `<$0.01` for what is less than a cent. */
function dollars(usd) {
  const isTiny = usd !== 0 && Math.abs(usd) < 0.01;
  return isTiny ? `${usd < 0 ? "-" : ""}<$0.01` : cents.format(usd);
}

/** Today's spend, hour by hour. */
function hours(spent, ctx) {
  const most = Math.max(...spent, 0.01);
  const now = Number(formatDate(ctx.now(), "time", ctx.timezone).slice(0, 2));
  const bars = spent.map((usd, hour) => {
    const height = usd ? Math.max(2, (usd / most) * 34) : 1.5;
    const label = `${String(hour).padStart(2, "0")}:00 ${dollars(usd)}`;
    const kind = hour === now ? "now" : hour > now ? "later" : "";
    return s("rect", { class: `hour ${kind}`, x: hour * 11, y: 36 - height, width: 8, height, rx: 1.5 }, s("title", {}, label));
  });
  const marks = [0, 6, 12, 18].map((hour) => s("text", { class: "chart-text", x: hour * 11, y: 48 }, String(hour).padStart(2, "0")));
  return s("svg", { class: "hours", viewBox: "0 0 262 50", role: "img", "aria-label": "Today's spend by hour" }, bars, marks);
}
