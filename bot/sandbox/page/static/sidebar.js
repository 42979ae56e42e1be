/** The sidebar: the workspace, who one is, and where one can go. */

import { h, replace } from "./dom.js";
import { avatar } from "./faces.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";

const KINDS = { public: "hash", private: "lock" };

export class Sidebar {
  /** @param acts `{open(channelId), become(userId)}`. */
  constructor(root, ctx, acts) {
    Object.assign(this, { ctx, acts, drawn: "" });
    this.nav = h("nav", { "aria-label": "Conversations" });
    this.who = h("button", { type: "button", class: "act-as", testid: "act-as", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => this.choose() });
    this.team = h("div", { class: "team" });
    replace(root, this.team, this.nav, this.who);
  }

  update(page, current) {
    const signature = JSON.stringify([page.team, page.me, page.inbox, page.conversations, current]);
    if (signature === this.drawn) return;
    this.drawn = signature;
    this.page = page;
    const focused = document.activeElement?.dataset?.channel;
    this.drawTeam(page.team);
    this.drawNav(page.conversations, current);
    this.drawWho();
    if (focused) this.nav.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
  }

  drawTeam(team) {
    replace(this.team, h("b", { testid: "team" }, team.name), h("span", {}, "Sandbox workspace"));
  }

  drawNav(conversations, current) {
    const is = (test) => conversations.filter(test).map((one) => this.item(one, current));
    const isApp = ({ kind, with: other }) => kind === "im" && other === this.page.bot;
    replace(
      this.nav,
      group("Channels", is(({ kind }) => kind !== "im")),
      group("Direct messages", is((one) => one.kind === "im" && !isApp(one))),
      group("Apps", is(isApp)),
    );
  }

  item(one, current) {
    const other = one.kind === "im" ? this.ctx.people.get(one.with) : null;
    const name = other?.name ?? one.name;
    const sign = other ? avatar(other, "small") : icon(one.shared ? "shared" : KINDS[one.kind]);
    const unread = one.unread > 0 && one.id !== current;
    const count = unread && h("span", { class: "count", "aria-label": `${one.unread} unread` }, one.unread > 99 ? "99+" : one.unread);
    const props = { type: "button", testid: "conversation", "data-channel": one.id, "data-name": name, "aria-current": one.id === current && "page" };
    const hint = one.shared ? "Shared with another company" : one.kind === "private" ? "Private" : null;
    return h("li", {}, h("button", { ...props, class: unread && "unread", title: hint, onclick: () => this.acts.open(one.id) }, sign, h("span", {}, name), count));
  }

  drawWho() {
    const me = this.ctx.people.get(this.page.me);
    const others = this.page.actors.filter((id) => id !== this.page.me).reduce((sum, id) => sum + (this.page.inbox[id] ?? 0), 0);
    const words = h("span", { class: "act-as-words" }, h("small", {}, "Acting as"), h("b", {}, me.name), h("small", {}, role(me)));
    const label = `Acting as ${me.name}, ${role(me)}. Switch person`;
    this.who.setAttribute("aria-label", label);
    replace(this.who, avatar(me), words, others > 0 && h("span", { class: "count", title: "Direct messages wait for others" }, others), icon("chevron"));
  }

  choose() {
    const items = this.page.actors.map((id) => {
      const person = this.ctx.people.get(id);
      const waits = this.page.inbox[id];
      return {
        label: person.name,
        detail: `${role(person)} · ${person.title}`,
        icon: avatar(person),
        badge: waits > 0 && h("span", { class: "count", title: "Direct messages wait" }, waits),
        checked: id === this.page.me,
        testid: `act-as-${person.handle}`,
        choose: () => this.acts.become(id),
      };
    });
    openMenu(this.who, items, "Act as");
  }
}

export function role(person) {
  return { operator: "Operator", member: "Member", guest: "Guest" }[person.role] ?? person.role;
}

function group(title, items) {
  if (!items.length) return null;
  const id = `group-${title.replace(" ", "-").toLowerCase()}`;
  return [h("h2", { id }, title), h("ul", { "aria-labelledby": id }, items)];
}
