/** The page: the current person and conversation, and what is rendered when something changes. */

import { get, post, subscribe } from "./api.js";
import { avatar } from "./avatars.js";
import { blocksOf } from "./blocks.js";
import { Composer } from "./composer.js";
import { h, replace } from "./dom.js";
import { starterExamples } from "./examples.js";
import { Hint } from "./hint.js";
import { icon } from "./icons.js";
import { emptyState, MessageList } from "./messages.js";
import { Modals } from "./modal.js";
import { NeoPanel } from "./neo.js";
import { Sidebar } from "./sidebar.js";
import { toast } from "./toast.js";

const POLL_MS = 4000;
const ERROR_TEXTS = {
  slack_is_down: "Slack is down: nothing gets through. Bring it back in the Neo panel.",
  dispatch_failed: null, // Slack posts it in the conversation
  operation_timeout: null,
  invalid_command: null,
};
const find = (id) => document.getElementById(id);

class App {
  constructor() {
    this.ctx = { people: new Map(), channels: new Map(), timezone: "UTC", me: null, now: () => new Date(), open: (id) => this.open(id) };
    const click = (action) => this.perform("/page/click", { channel: this.channel, ...action });
    const submit = (view_id, values) => post("/page/submit", { as: this.ctx.me, view_id, values });
    const close = (view_id) => this.perform("/page/close", { view_id });
    this.modals = new Modals(this.ctx, { click: (action) => this.perform("/page/click", action), submit, close });
    this.log = new MessageList(find("log"), this.ctx, { click, thread: (ts) => this.openThread(ts), scrolled: (atEnd) => this.toggleToEnd(atEnd) });
    this.replies = new MessageList(find("replies"), this.ctx, { click }, true);
    this.composer = new Composer(find("composer"), this.ctx, (text) => this.send(text));
    this.threadComposer = new Composer(find("thread-composer"), this.ctx, (text) => this.send(text, this.thread), "thread-composer");
    this.sidebar = new Sidebar(find("sidebar-body"), this.ctx, { open: (id) => this.open(id), actAs: (id) => this.actAs(id) });
    this.neo = new NeoPanel(find("neo-body"), this.ctx, (name) => this.runAction(name));
    this.hint = new Hint(find("hint"), { ask: (line) => this.composer.submit(line), act: (name) => this.runAction(name) });
    Object.assign(this, { as: null, channel: null, tab: "messages", thread: null, messages: [], loaded: null });
  }

  async start() {
    initFrame(this);
    this.readAddress();
    await this.refresh();
    addEventListener("hashchange", () => this.readAddress() && this.reload());
    setInterval(() => document.hidden || this.refresh(), POLL_MS);
  }

  /** Take person and conversation from the address. Returns whether they changed. */
  readAddress() {
    const [, handle = "hannah", place = "neo-spend", tab = "messages"] = /^#?([^/]*)\/?([^/]*)\/?(.*)$/.exec(decodeURIComponent(location.hash));
    const wanted = { handle: handle || "hannah", place: place || "neo-spend", tab: tab === "home" ? "home" : "messages" };
    const same = JSON.stringify(wanted) === JSON.stringify(this.wanted);
    this.wanted = wanted;
    return !same;
  }

  reload() {
    this.loaded = null;
    this.thread = null;
    return this.refresh();
  }

  open(id, tab = "messages") {
    const { handle } = this.ctx.people.get(this.ctx.me);
    this.navigate(handle, this.nameOf(this.ctx.channels.get(id)), tab);
    find("app").dataset.drawer = "";
    focus(this.composer.box);
  }

  actAs(id) {
    this.modals.hide();
    this.navigate(this.ctx.people.get(id).handle, this.wanted.place, this.wanted.tab);
    find("app").dataset.drawer = "";
  }

  navigate(handle, place, tab) {
    location.hash = tab === "home" ? `${handle}/${place}/home` : `${handle}/${place}`;
    if (this.readAddress()) this.reload();
  }

  nameOf(conversation) {
    return conversation.kind === "im" ? this.ctx.people.get(conversation.with).handle : conversation.name;
  }

  subscribe() {
    if (this.subscriber === this.ctx.me) return;
    this.unsubscribe?.();
    this.modals.hide();
    this.subscriber = this.ctx.me;
    this.unsubscribe = subscribe(this.ctx.me, (event) => this.onEvent(event), (connected) => (find("disconnected").hidden = connected));
  }

  onEvent(event) {
    if (event.modal) this.modals.sync(event.modal);
    else if (event.modal_closed) this.modals.hide();
    else this.refresh();
  }

  /** Load the state, and the open conversation if it may have changed. One load runs at a time. */
  refresh() {
    this.again = Boolean(this.refreshing);
    this.refreshing ??= this.load()
      .catch((error) => this.showError(error))
      .finally(() => {
        this.refreshing = null;
        if (this.again) this.refresh();
      });
    return this.refreshing;
  }

  async load() {
    const wanted = this.wanted;
    const me = this.idOf(wanted.handle) ?? (await this.resolveActor(wanted.handle));
    const page = await get("/page/state", { as: me });
    if (wanted !== this.wanted) return void (this.again = true);
    this.applyState(page);
    this.subscribe();
    find("disconnected").hidden = true;
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

  /** Return the id of the person with this handle before the state is loaded; by default the first actor. */
  async resolveActor(handle) {
    const page = await get("/page/state", {});
    const person = page.people.find(({ id, handle: known }) => known === handle && page.actors.includes(id));
    if (!person) this.wanted.handle = page.people.find(({ id }) => id === page.me).handle;
    return person?.id ?? page.me;
  }

  applyState(page) {
    const [now, since] = [Date.parse(page.now), performance.now()];
    const channels = new Map(page.conversations.map((each) => [each.id, each]));
    const people = new Map(page.people.map((each) => [each.id, each]));
    Object.assign(this.ctx, { people, channels, timezone: page.timezone, me: page.me, now: () => new Date(now + performance.now() - since) });
    const here = page.conversations.find((each) => this.nameOf(each) === this.wanted.place) ?? page.conversations[0];
    Object.assign(this, { page, channel: here.id, tab: here.with === page.bot ? this.wanted.tab : "messages" });
  }

  async loadMessages(place) {
    const { messages } = await get("/page/messages", { as: this.ctx.me, channel: this.channel });
    this.messages = messages;
    const roots = messages.filter(({ ts, thread_ts }) => !thread_ts || thread_ts === ts);
    this.log.update(place, roots, this.empty());
    this.drawThread();
  }

  async loadHome(place) {
    if (!this.loaded?.startsWith(place)) post("/page/open-home", { as: this.ctx.me });
    const { view } = await get("/page/home", { as: this.ctx.me });
    const signature = JSON.stringify([view, place]);
    if (signature === this.homeSignature) return;
    this.homeSignature = signature;
    const surface = view && { chosen: view.chosen, act: (action) => this.perform("/page/click", { view_id: view.id, ...action }), inputs: [] };
    const placeholder = h("div", { class: "empty" }, h("img", { src: "/static/mark.svg", alt: "" }), h("h2", {}, "Nothing here yet"), h("p", {}, "neo-usage fills this page when you open it. If it stays empty, the bot is not running or cannot reach Slack."));
    replace(find("home"), view ? h("div", { class: "home-view", testid: "home-view", "data-view-id": view.id }, blocksOf(view.blocks, this.ctx, surface) ?? "This view has a part that the page cannot show.") : placeholder);
  }

  empty() {
    const here = this.ctx.channels.get(this.channel);
    const me = this.ctx.people.get(this.ctx.me);
    const title = here.kind === "im" ? "Ask what Neo costs" : `This is #${here.name}`;
    const text = here.kind === "im" ? "Write here without the command. Try one of these:" : "No messages yet. Pick a line to run it, or type / below:";
    return emptyState(title, text, starterExamples(me.role), (line) => this.composer.submit(line));
  }

  openThread(ts) {
    this.thread = ts;
    this.drawThread();
    focus(this.threadComposer.box);
  }

  drawThread() {
    const root = this.messages.find(({ ts }) => ts === this.thread);
    find("app").dataset.thread = root ? "open" : "";
    find("thread").hidden = !root;
    if (!root) return;
    const replies = this.messages.filter(({ ts, thread_ts }) => thread_ts === this.thread && ts !== this.thread);
    this.replies.update(this.thread, [root, ...replies], null);
    this.threadComposer.label("Reply…", this.ctx.people.get(this.ctx.me));
  }

  drawFrame() {
    const here = this.ctx.channels.get(this.channel);
    const me = this.ctx.people.get(this.ctx.me);
    const isApp = here.with === this.page.bot;
    find("loading").hidden = true;
    this.hint.update(this.page.app);
    this.sidebar.update(this.page, here.id);
    this.neo.update(this.page);
    drawUnread(this.page.conversations, here.id);
    drawHeader(here, isApp, this);
    find("log").hidden = find("composer").hidden = this.tab === "home";
    find("home").hidden = this.tab !== "home";
    const name = isApp ? "neo-usage" : `#${here.name}`;
    this.composer.label(`Message ${name} or type /`, me);
    document.title = `${name} · ${this.page.team.name} · neo-usage sandbox`;
    const down = [!this.page.slack.up && "Slack is down: messages and commands do not get through.", !this.page.neo.up && "Neo is down: the bot cannot see new tasks.", this.page.app?.up === false && "The bot was killed: what you type now stays unanswered. Start it again in the Neo panel."].filter(Boolean);
    find("outage").hidden = !down.length;
    find("outage").textContent = down.join(" ");
  }

  toggleToEnd(atEnd) {
    find("to-end").hidden = atEnd;
  }

  async send(text, thread_ts = null) {
    const body = { as: this.ctx.me, channel: this.channel, text, ...(thread_ts ? { thread_ts } : {}) };
    return this.report(await post("/page/send", body));
  }

  async perform(path, body) {
    return this.report(await post(path, { as: this.ctx.me, ...body }));
  }

  /** Show the error of an action, unless Slack posts it. Returns whether it succeeded or Slack posts the error. */
  report(answer) {
    const text = answer.ok ? null : answer.error in ERROR_TEXTS ? ERROR_TEXTS[answer.error] : answer.error;
    if (text) toast(text, "error");
    this.refresh();
    return answer.ok || (answer.error in ERROR_TEXTS && text === null);
  }

  async runAction(name) {
    find("app").dataset.drawer = "";
    const answer = await post("/page/world", { do: name });
    await this.refresh();
    if (answer.places?.includes(this.channel)) this.log.toEnd();
    toast(answer.ok ? answer.text : answer.error, answer.ok ? "" : "error", answer.ok ? this.links(answer.places) : []);
  }

  /** Where to look after an action: the conversations in which the bot posted, other than the open one. */
  links(places) {
    return places.filter((id) => id !== this.channel).map((id) => this.link(id)).filter(Boolean);
  }

  link(id) {
    const mine = this.ctx.channels.get(id);
    if (mine) return { label: mine.kind === "im" ? "Open your DM" : `Open #${mine.name}`, open: () => this.open(id) };
    const actor = this.page.actors.find((each) => id === `D${each.slice(1)}`);
    const person = this.ctx.people.get(actor);
    return person && { label: `Open ${person.name.split(" ")[0]}'s DM`, open: () => this.navigate(person.handle, this.ctx.people.get(this.page.bot).handle) };
  }

  showError(error) {
    find("disconnected").hidden = false;
    find("disconnected").textContent = error.message;
  }
}

/** Focus the box, except on touch screens, where the keyboard would cover the page. */
function focus(box) {
  if (matchMedia("(hover: hover)").matches) box.focus({ preventScroll: true });
}

/** Set up the buttons of the page's frame. */
function initFrame(app) {
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
  const drawTheme = () => replace(find("theme"), icon(document.documentElement.dataset.theme === "dark" ? "sun" : "moon"));
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
  find("theme").addEventListener("click", () => globalThis.toggleTheme() && drawTheme());
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) root.dataset.drawer = "";
  });
  drawTheme();
}

/** How many messages wait elsewhere, on the button of the drawer that narrow windows have. */
function drawUnread(conversations, current) {
  const unread = conversations.filter(({ id }) => id !== current).reduce((sum, each) => sum + each.unread, 0);
  if (find("menu").dataset.unread === String(unread)) return;
  find("menu").dataset.unread = unread;
  find("menu").setAttribute("aria-label", unread ? `Channels and people, ${unread} unread` : "Channels and people");
  replace(find("menu"), icon("menu"), unread > 0 && h("span", { class: "count" }, unread > 99 ? "99+" : unread));
}

function drawHeader(here, isApp, app) {
  const signature = JSON.stringify([here.id, here.topic, here.members.length, app.tab, app.ctx.me, app.page.neo.up]);
  if (find("top").dataset.signature === signature) return;
  find("top").dataset.signature = signature;
  const symbol = isApp ? avatar(app.ctx.people.get(here.with), "small") : icon(here.shared ? "shared" : here.kind === "private" ? "lock" : "hash");
  const people = `${here.members.length} members${here.members.includes(app.page.bot) ? ", neo-usage among them" : ", without neo-usage"}`;
  const text = isApp ? "What Neo tasks cost" : `${here.topic} · ${people}`;
  replace(find("channel-header"), symbol, h("div", {}, h("h1", { testid: "where" }, isApp ? "neo-usage" : here.name, here.shared && h("span", { class: "badge" }, "Shared")), h("p", {}, text)));
  const tab = (name, label) => h("button", { type: "button", testid: `tab-${name}`, "aria-current": app.tab === name && "page", onclick: () => app.open(here.id, name) }, label);
  replace(find("tabs"), isApp && [tab("home", "Home"), tab("messages", "Messages")]);
  find("neo-dot").dataset.up = String(app.page.neo.up);
}

const app = new App();
app.start();
