/** The sidebar: the workspace, its conversations, and the person the page acts as. */

import { h, replace } from "./dom.js";
import { avatar } from "./avatars.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";

const KINDS = { public: "hash", private: "lock" };

export class Sidebar {
  /** @param handlers `{open(channelId), actAs(userId)}`. */
  constructor(root, ctx, handlers) {
    Object.assign(this, { ctx, handlers, signature: "" });
    this.nav = h("nav", { "aria-label": "Conversations" });
    this.actor = h("button", { type: "button", class: "act-as", testid: "act-as", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => this.choose() });
    this.team = h("div", { class: "team" });
    replace(root, this.team, this.nav, this.actor);
  }

  update(page, current) {
    const signature = JSON.stringify([page.team, page.me, page.inbox, page.conversations, current]);
    if (signature === this.signature) return;
    this.signature = signature;
    this.page = page;
    const focused = document.activeElement?.dataset?.channel;
    this.drawTeam(page.team);
    this.drawNav(page.conversations, current);
    this.drawActor(current);
    if (focused) this.nav.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
  }

  drawTeam(team) {
    replace(this.team, h("b", { testid: "team" }, team.name), h("span", {}, "Sandbox workspace"));
  }

  drawNav(conversations, current) {
    const items = (test) => conversations.filter(test).map((conversation) => this.item(conversation, current));
    const isApp = ({ kind, with: other }) => kind === "im" && other === this.page.bot;
    replace(
      this.nav,
      group("Channels", items(({ kind }) => kind !== "im")),
      group("Direct messages", items((conversation) => conversation.kind === "im" && !isApp(conversation))),
      group("Apps", items(isApp)),
    );
  }

  item(conversation, current) {
    const other = conversation.kind === "im" ? this.ctx.people.get(conversation.with) : null;
    const name = other?.name ?? conversation.name;
    const sign = other ? avatar(other, "small") : icon(conversation.shared ? "shared" : KINDS[conversation.kind]);
    const unread = conversation.unread > 0 && conversation.id !== current;
    const count = unread && h("span", { class: "count", "aria-label": `${conversation.unread} unread` }, conversation.unread > 99 ? "99+" : conversation.unread);
    const props = { type: "button", testid: "conversation", "data-channel": conversation.id, "data-name": name, "aria-current": conversation.id === current && "page" };
    const hint = conversation.shared ? "Shared with another company" : conversation.kind === "private" ? "Private" : null;
    return h("li", {}, h("button", { ...props, class: unread && "unread", title: hint, onclick: () => this.handlers.open(conversation.id) }, sign, h("span", {}, name), count));
  }

  drawActor(current) {
    const me = this.ctx.people.get(this.page.me);
    const waiting = this.page.conversations.filter(({ kind, id }) => kind === "im" && id !== current);
    const unread = waiting.reduce((sum, each) => sum + each.unread, 0);
    const text = h("span", { class: "act-as-text" }, h("small", {}, "Acting as"), h("b", {}, me.name), h("small", {}, role(me)));
    const label = `Acting as ${me.name}, ${role(me)}. Switch person`;
    this.actor.setAttribute("aria-label", label);
    replace(this.actor, avatar(me), text, unread > 0 && h("span", { class: "count", title: "Unread direct messages" }, unread), icon("chevron"));
  }

  choose() {
    const items = this.page.actors.map((id) => {
      const person = this.ctx.people.get(id);
      const unread = this.page.inbox[id];
      return {
        label: person.name,
        detail: `${role(person)} · ${person.title}`,
        icon: avatar(person),
        badge: unread > 0 && h("span", { class: "count", title: "Unread direct messages" }, unread),
        checked: id === this.page.me,
        testid: `act-as-${person.handle}`,
        choose: () => this.handlers.actAs(id),
      };
    });
    openMenu(this.actor, items, "Act as");
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
