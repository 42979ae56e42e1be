/** Composes the page: who acts, where they are, and what is drawn when something changes. */

import { blocksOf } from "./blocks.js";
import { Composer } from "./composer.js";
import { h, replace } from "./dom.js";
import { starts } from "./examples.js";
import { avatar } from "./faces.js";
import { icon } from "./icons.js";
import { emptyState, MessageList } from "./messages.js";
import { Modals } from "./modal.js";
import { NeoPanel } from "./neo.js";
import { act, ask, follow } from "./server.js";
import { Sidebar } from "./sidebar.js";
import { toast } from "./toast.js";

const POLL_MS = 4000;
const WORDS = {
  slack_is_down: "Slack is down: nothing gets through. Bring it back in the Neo panel.",
  dispatch_failed: null, // Slack tells it in the conversation
  operation_timeout: null,
  invalid_command: null,
};
const find = (id) => document.getElementById(id);

class App {
  constructor() {
    this.ctx = { people: new Map(), channels: new Map(), timezone: "UTC", me: null, now: () => new Date(), open: (id) => this.open(id) };
    const click = (action) => this.tell("/page/click", { channel: this.channel, ...action });
    const submit = (view_id, values) => act("/page/submit", { as: this.ctx.me, view_id, values });
    const close = (view_id) => this.tell("/page/close", { view_id });
    this.modals = new Modals(this.ctx, { click: (action) => this.tell("/page/click", action), submit, close });
    this.log = new MessageList(find("log"), this.ctx, { click, thread: (ts) => this.openThread(ts), seen: (atEnd) => this.sawEnd(atEnd) });
    this.replies = new MessageList(find("replies"), this.ctx, { click }, true);
    this.composer = new Composer(find("composer"), this.ctx, (text) => this.send(text));
    this.answer = new Composer(find("answer"), this.ctx, (text) => this.send(text, this.thread), "thread-composer");
    this.sidebar = new Sidebar(find("sidebar-body"), this.ctx, { open: (id) => this.open(id), become: (id) => this.become(id) });
    this.neo = new NeoPanel(find("neo-body"), this.ctx, (deed) => this.deed(deed));
    Object.assign(this, { as: null, channel: null, tab: "messages", thread: null, messages: [], loaded: null });
  }

  async start() {
    frame(this);
    this.read();
    await this.refresh();
    addEventListener("hashchange", () => this.read() && this.go());
    setInterval(() => document.hidden || this.refresh(), POLL_MS);
  }

  /** Take person and place from the address; whether they are others than before. */
  read() {
    const [, handle = "hannah", place = "neo-spend", tab = "messages"] = /^#?([^/]*)\/?([^/]*)\/?(.*)$/.exec(decodeURIComponent(location.hash));
    const wanted = { handle: handle || "hannah", place: place || "neo-spend", tab: tab === "home" ? "home" : "messages" };
    const same = JSON.stringify(wanted) === JSON.stringify(this.wanted);
    this.wanted = wanted;
    return !same;
  }

  go() {
    this.loaded = null;
    this.thread = null;
    return this.refresh();
  }

  open(id, tab = "messages") {
    const { handle } = this.ctx.people.get(this.ctx.me);
    this.visit(handle, this.nameOf(this.ctx.channels.get(id)), tab);
    find("app").dataset.drawer = "";
    focus(this.composer.box);
  }

  become(id) {
    this.modals.hide();
    this.visit(this.ctx.people.get(id).handle, this.wanted.place, this.wanted.tab);
  }

  visit(handle, place, tab) {
    location.hash = tab === "home" ? `${handle}/${place}/home` : `${handle}/${place}`;
    if (this.read()) this.go();
  }

  nameOf(conversation) {
    return conversation.kind === "im" ? this.ctx.people.get(conversation.with).handle : conversation.name;
  }

  follow() {
    if (this.followed === this.ctx.me) return;
    this.unfollow?.();
    this.modals.hide();
    this.followed = this.ctx.me;
    this.unfollow = follow(this.ctx.me, (event) => this.heard(event), (connected) => (find("lost").hidden = connected));
  }

  heard(event) {
    if (event.modal) this.modals.tell(event.modal);
    else if (event.modal_closed) this.modals.hide();
    else this.refresh();
  }

  /** Ask for the state, and for what the open place shows when that may have changed. One after the other. */
  refresh() {
    this.again = Boolean(this.refreshing);
    this.refreshing ??= this.load()
      .catch((error) => this.lost(error))
      .finally(() => {
        this.refreshing = null;
        if (this.again) this.refresh();
      });
    return this.refreshing;
  }

  async load() {
    const wanted = this.wanted;
    const me = this.idOf(wanted.handle) ?? (await this.meet(wanted.handle));
    const page = await ask("/page/state", { as: me });
    if (wanted !== this.wanted) return void (this.again = true);
    this.know(page);
    this.follow();
    find("lost").hidden = true;
    const place = `${me} ${this.channel} ${this.tab}`;
    const changed = this.loaded !== `${place} ${page.version}`;
    this.drawFrame();
    if (!changed) return undefined;
    await (this.tab === "home" ? this.loadHome(place) : this.loadMessages(place));
    this.loaded = `${place} ${page.version}`;
    return undefined;
  }

  idOf(handle) {
    return [...this.ctx.people.values()].find((person) => person.handle === handle)?.id;
  }

  /** Who has this handle, at the beginning when nobody is known; the first one may always act. */
  async meet(handle) {
    const page = await ask("/page/state", {});
    const found = page.people.find((person) => person.handle === handle && page.actors.includes(person.id));
    if (!found) this.wanted.handle = page.people.find(({ id }) => id === page.me).handle;
    return found?.id ?? page.me;
  }

  know(page) {
    const [now, since] = [Date.parse(page.now), performance.now()];
    const places = new Map(page.conversations.map((one) => [one.id, one]));
    const people = new Map(page.people.map((one) => [one.id, one]));
    Object.assign(this.ctx, { people, channels: places, timezone: page.timezone, me: page.me, now: () => new Date(now + performance.now() - since) });
    const here = page.conversations.find((one) => this.nameOf(one) === this.wanted.place) ?? page.conversations[0];
    Object.assign(this, { page, channel: here.id, tab: here.with === page.bot ? this.wanted.tab : "messages" });
  }

  async loadMessages(place) {
    const { messages } = await ask("/page/messages", { as: this.ctx.me, channel: this.channel });
    this.messages = messages;
    const roots = messages.filter(({ ts, thread_ts }) => !thread_ts || thread_ts === ts);
    this.log.update(place, roots, this.empty());
    this.drawThread();
  }

  async loadHome(place) {
    if (!this.loaded?.startsWith(place)) this.opened = act("/page/open-home", { as: this.ctx.me });
    const { view } = await ask("/page/home", { as: this.ctx.me });
    const signature = JSON.stringify([view, place]);
    if (signature === this.homeDrawn) return;
    this.homeDrawn = signature;
    const own = view && { chosen: view.chosen, act: (action) => this.tell("/page/click", { view_id: view.id, ...action }), inputs: [] };
    const nothing = h("div", { class: "empty" }, h("img", { src: "/static/mark.svg", alt: "" }), h("h2", {}, "Nothing here yet"), h("p", {}, "neo-usage draws this page when it is opened. If it stays empty, the bot is not running or cannot reach Slack."));
    replace(find("home"), view ? h("div", { class: "home-view", testid: "home-view", "data-view-id": view.id }, blocksOf(view.blocks, this.ctx, own) ?? "This view has a part that the page cannot show.") : nothing);
  }

  empty() {
    const here = this.ctx.channels.get(this.channel);
    const me = this.ctx.people.get(this.ctx.me);
    const title = here.kind === "im" ? "Ask what Neo costs" : `This is #${here.name}`;
    const words = here.kind === "im" ? "A message here is answered like the command. Try one of these:" : "Nothing was asked here yet. Pick a line to run it, or type / below:";
    return emptyState(title, words, starts(me.role), (text) => this.composer.submit(text));
  }

  openThread(ts) {
    this.thread = ts;
    this.drawThread();
    focus(this.answer.box);
  }

  drawThread() {
    const root = this.messages.find(({ ts }) => ts === this.thread);
    find("app").dataset.thread = root ? "open" : "";
    find("thread").hidden = !root;
    if (!root) return;
    const replies = this.messages.filter(({ ts, thread_ts }) => thread_ts === this.thread && ts !== this.thread);
    this.replies.update(this.thread, [root, ...replies], null);
    this.answer.label("Reply…", this.ctx.people.get(this.ctx.me));
  }

  drawFrame() {
    const here = this.ctx.channels.get(this.channel);
    const me = this.ctx.people.get(this.ctx.me);
    const isApp = here.with === this.page.bot;
    this.sidebar.update(this.page, here.id);
    this.neo.update(this.page);
    drawTop(here, isApp, this);
    find("log").hidden = find("composer").hidden = this.tab === "home";
    find("home").hidden = this.tab !== "home";
    const name = isApp ? "neo-usage" : `#${here.name}`;
    this.composer.label(`Message ${name} or type /`, me);
    document.title = `${name} · ${this.page.team.name} · neo-usage sandbox`;
    const down = [!this.page.slack.up && "Slack is down: messages and commands do not get through.", !this.page.neo.up && "Neo is down: the bot cannot see new tasks.", this.page.app?.up === false && "The bot is killed: nobody answers, and what it owes waits in its database."].filter(Boolean);
    find("down").hidden = !down.length;
    find("down").textContent = down.join(" ");
  }

  sawEnd(atEnd) {
    find("to-end").hidden = atEnd;
  }

  async send(text, thread_ts = null) {
    const body = { as: this.ctx.me, channel: this.channel, text, ...(thread_ts ? { thread_ts } : {}) };
    return this.told(await act("/page/send", body));
  }

  async tell(path, body) {
    return this.told(await act(path, { as: this.ctx.me, ...body }));
  }

  /** Say what went wrong, unless Slack does; whether it went well or is told. */
  told(answer) {
    const words = answer.ok ? null : answer.error in WORDS ? WORDS[answer.error] : answer.error;
    if (words) toast(words, "bad");
    this.refresh();
    return answer.ok || (answer.error in WORDS && words === null);
  }

  async deed(what) {
    const answer = await act("/page/world", { do: what });
    toast(answer.ok ? answer.text : answer.error, answer.ok ? "" : "bad");
    await this.refresh();
  }

  lost(error) {
    find("lost").hidden = false;
    find("lost").textContent = error.message;
  }
}

/** Where there is a keyboard; a touch screen would cover itself with one. */
function focus(box) {
  if (matchMedia("(hover: hover)").matches) box.focus({ preventScroll: true });
}

/** Buttons of the page's frame, once. */
function frame(app) {
  const root = find("app");
  const drawer = (name) => () => {
    root.dataset.drawer = root.dataset.drawer === name ? "" : name;
    if (root.dataset.drawer) find(name).querySelector("button:not([disabled])")?.focus();
  };
  const closeThread = () => {
    app.thread = null;
    app.drawThread();
    focus(app.composer.box);
  };
  const toggleNeo = () => (matchMedia("(max-width: 1120px)").matches ? drawer("neo")() : root.toggleAttribute("data-neo-off"));
  const scheme = () => replace(find("theme"), icon(document.documentElement.dataset.theme === "dark" ? "sun" : "moon"));
  replace(find("menu"), icon("menu"));
  replace(find("thread-close"), icon("close"));
  replace(find("neo-close"), icon("close"));
  replace(find("to-end"), icon("down"), "Newest");
  find("menu").addEventListener("click", drawer("sidebar"));
  find("neo-toggle").addEventListener("click", toggleNeo);
  find("neo-close").addEventListener("click", toggleNeo);
  find("backdrop").addEventListener("click", drawer(""));
  find("thread-close").addEventListener("click", closeThread);
  find("to-end").addEventListener("click", () => app.log.toEnd());
  find("theme").addEventListener("click", () => globalThis.toggleTheme() && scheme());
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) root.dataset.drawer = "";
  });
  scheme();
}

function drawTop(here, isApp, app) {
  const signature = JSON.stringify([here.id, here.topic, here.members.length, app.tab, app.ctx.me, app.page.neo.up]);
  if (find("top").dataset.drawn === signature) return;
  find("top").dataset.drawn = signature;
  const sign = isApp ? avatar(app.ctx.people.get(here.with), "small") : icon(here.shared ? "shared" : here.kind === "private" ? "lock" : "hash");
  const people = `${here.members.length} members${here.members.includes(app.page.bot) ? ", neo-usage among them" : ", without neo-usage"}`;
  const words = isApp ? "What Neo tasks cost" : `${here.topic} · ${people}`;
  replace(find("where"), sign, h("div", {}, h("h1", { testid: "where" }, isApp ? "neo-usage" : here.name, here.shared && h("span", { class: "badge" }, "Shared")), h("p", {}, words)));
  const tab = (name, label) => h("button", { type: "button", testid: `tab-${name}`, "aria-current": app.tab === name && "page", onclick: () => app.open(here.id, name) }, label);
  replace(find("tabs"), isApp && [tab("home", "Home"), tab("messages", "Messages")]);
  find("neo-dot").dataset.up = String(app.page.neo.up);
}

const app = new App();
app.start();
