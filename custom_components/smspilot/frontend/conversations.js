/**
 * The conversations card: messages to and from an account's recipients, with status and price.
 *
 * It shows what the websocket commands `smspilot/conversations/…` send, and stores nothing. Texts of
 * strangers become text nodes only, never HTML. Every word comes from the integration's translations.
 */

const DOMAIN = "smspilot";
const TYPE = "smspilot-conversations";
const WORDS = `component.${DOMAIN}.common.card_`;
const SUBSCRIBE = `${DOMAIN}/conversations/subscribe`;
const MESSAGES = `${DOMAIN}/conversations/messages`;

// Messages read at once: two screens of a large display.
const PAGE = 60;
// Beyond this the older messages are removed once the newest are in view; scrolling reads them again.
const MAX_ROWS = 4 * PAGE;
// Below this width, in pixels, list and conversation are shown one after the other.
const WIDE = 600;
// Messages of one side within this time of each other are shown close together.
const JOINED_MS = 5 * 60 * 1000;
const RETRY_MS = 10 * 1000;
// Within this distance of the end, in pixels, a new message is scrolled into view.
const NEAR_END = 80;

const CALLS = ["voice", "flash_call"];
const CHECKS = ["hlr", "ping", "hlrvip"];
const KIND_ICONS = {
  voice: "mdi:phone-outgoing",
  flash_call: "mdi:phone-ring",
  hlr: "mdi:sim",
  ping: "mdi:cellphone-check",
  hlrvip: "mdi:sim",
};

// Ticks are plain SVG paths: a thousand `ha-icon` elements would be slow.
const SVG = "http://www.w3.org/2000/svg";
const ONE = "M3.5 12.5 8.5 17.5 18.5 6.5";
const TWO = "M1.5 12.5 6.5 17.5 16.5 6.5M12 16l1.5 1.5L23 6.5";
const CLOCK = "M12 3.5a8.5 8.5 0 1 0 .01 0M12 7.5V12.5L15.5 14.5";
const CROSS = "M12 3.5a8.5 8.5 0 1 0 .01 0M12 7.5V13M12 16.2v.3";
const TICKS = {
  scheduled: CLOCK,
  accepted: ONE,
  sent: TWO,
  delivered: TWO,
  in_service: TWO,
  online: TWO,
  undelivered: CROSS,
  failed: CROSS,
  not_in_service: CROSS,
  offline: CROSS,
};
const GOOD = ["delivered", "in_service", "online"];
const BAD = ["undelivered", "failed", "not_in_service", "offline"];

/** Make an element; empty properties and children are left out, strings become text nodes. */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

/** Return a Home Assistant icon, or a sign where a later version has no `ha-icon`. */
function icon(name, sign = "") {
  const hidden = { "aria-hidden": "true" };
  return customElements.get("ha-icon")
    ? h("ha-icon", { icon: name, ...hidden })
    : h("span", hidden, sign);
}

/** Make these nodes the parent's children in this order, moving as few as possible. */
function place(parent, nodes) {
  const kept = new Set(nodes);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}

function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter(Boolean));
}

/** Words, dates and amounts in the user's language. */
class Language {
  constructor(hass, localize) {
    const locale = hass.locale ?? {};
    this.key = Language.key(hass);
    this.russian = (hass.language ?? "").startsWith("ru");
    this._localize = localize;
    const language = hass.language ?? "en";
    const timeZone = locale.time_zone === "server" ? hass.config?.time_zone : undefined;
    const hour12 = { 12: true, 24: false }[locale.time_format];
    const clock = locale.time_format === "system" ? undefined : language;
    const day = (form) => new Intl.DateTimeFormat(language, { timeZone, ...form });
    this._time = new Intl.DateTimeFormat(clock, {
      timeZone, hour12, hour: "numeric", minute: "2-digit",
    });
    // The day in the shown time zone, as a text that sorts.
    this._dayKey = new Intl.DateTimeFormat("en-CA", {
      timeZone, year: "numeric", month: "2-digit", day: "2-digit",
    });
    this._weekday = day({ weekday: "long", day: "numeric", month: "long" });
    this._date = day({ day: "numeric", month: "long", year: "numeric" });
    this._short = day({ day: "numeric", month: "short" });
    this._relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    this._money = new Intl.NumberFormat(language, {
      style: "currency", currency: "RUB", currencyDisplay: "narrowSymbol",
    });
  }

  static key(hass) {
    const { time_zone, time_format } = hass.locale ?? {};
    return [hass.language, time_zone, time_format, hass.config?.time_zone].join();
  }

  text(key, values) {
    return this._localize?.(WORDS + key, values) || "";
  }

  time(moment) {
    return this._time.format(moment);
  }

  money(amount) {
    return this._money.format(amount);
  }

  dayKey(moment) {
    return this._dayKey.format(moment);
  }

  /** Return the text of the separator above a day. */
  day(moment) {
    const today = new Date();
    const ago = (Date.parse(this.dayKey(moment)) - Date.parse(this.dayKey(today))) / 86400000;
    const isThisYear = moment.getFullYear() === today.getFullYear();
    const text = ago === 0 || ago === -1
      ? this._relative.format(ago, "day")
      : (isThisYear ? this._weekday : this._date).format(moment);
    return text.charAt(0).toLocaleUpperCase() + text.slice(1);
  }

  /** Return a time in the short form of the list. */
  when(moment) {
    const isToday = this.dayKey(moment) === this.dayKey(new Date());
    return isToday ? this.time(moment) : this._short.format(moment);
  }
}

/** Return the letters of a name's first two words. */
function initials(name) {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = words.slice(0, 2).map((word) => [...word.replace(/[^\p{L}\p{N}]/gu, "")][0]);
  return letters.join("").toLocaleUpperCase();
}

function avatar(conversation) {
  const { name, recipient } = conversation;
  let hue = 0;
  // Names that differ in one letter get very different colours.
  for (const letter of name) hue = (hue * 7 + letter.codePointAt(0) * 137) % 360;
  const shown = recipient ? initials(name) : "";
  return h("span", { class: "avatar", style: `--hue: ${hue}`, "aria-hidden": "true" },
    shown || icon("mdi:account"));
}

/** Return the number to be shown, a Russian one in its usual groups. */
function readable(phone) {
  const found = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(phone);
  return found ? `+7 ${found[1]} ${found[2]}-${found[3]}-${found[4]}` : phone;
}

function shownName({ name, recipient }) {
  return recipient ? name : readable(name);
}

/** Draws messages: one node each, made again only when its content has changed. */
class Messages {
  constructor(language, name) {
    this._language = language;
    this._name = name;
    this._drawn = new Map();
    this._days = new Map();
  }

  /** Return the nodes of sorted messages, with a separator above each day. */
  nodes(rows) {
    const answers = new Map();
    for (const row of rows) if (row.reply_to) answers.set(row.reply_to.id, row);
    const nodes = [];
    let before = null;
    for (const row of rows) {
      const moment = new Date(row.time);
      const day = this._language.dayKey(moment);
      if (day !== before?.day) nodes.push(this._day(day, moment));
      const side = row.small ? "small" : row.direction;
      const joined =
        before?.day === day && before.side === side && moment - before.moment < JOINED_MS;
      nodes.push(this._node(row, moment, joined, answers.get(row.id)));
      before = { day, side, moment };
    }
    return nodes;
  }

  _day(day, moment) {
    const text = this._language.day(moment);
    let node = this._days.get(day);
    if (node?.textContent !== text) {
      node = h("li", { class: "day" }, h("span", {}, text));
      this._days.set(day, node);
    }
    return node;
  }

  _node(row, moment, joined, answer) {
    const drawn = this._drawn.get(row.id);
    if (drawn?.row === row && drawn.joined === joined && drawn.answer === answer) return drawn.node;
    const node = row.small ? this._small(row, moment) : this._bubble(row, moment, joined, answer);
    node.dataset.id = row.id;
    this._drawn.set(row.id, { row, joined, answer, node });
    return node;
  }

  _bubble(row, moment, joined, answer) {
    const { _language: language } = this;
    const isOut = row.direction === "out";
    const classes = ["row", row.direction, joined && "joined", BAD.includes(row.status) && "bad"];
    const isQuestion = row.kind === "two_way";
    return h("li", { class: classes.filter(Boolean).join(" ") },
      h("div", { class: "bubble" },
        h("span", { class: "unseen" }, `${isOut ? language.text("home") : this._name}: `),
        row.reply_to && this._quote(row.reply_to),
        row.alarm && h("div", { class: "label" }, icon("mdi:alarm-light"), row.alarm),
        h("p", { class: "text", dir: "auto" }, row.text ?? ""),
        h("div", { class: "meta" },
          isQuestion && h("span", { class: "question" }, icon("mdi:comment-question-outline"),
            language.text(answer ? "answered" : "question")),
          this._price(row), this._time(moment), isOut && this._tick(row))),
      this._failure(row));
  }

  /** Draw a call or a number check as one line in the middle. */
  _small(row, moment) {
    const { _language: language } = this;
    const kind = language.text(`kind_${row.kind}`);
    const classes = ["row", "small", BAD.includes(row.status) && "bad"].filter(Boolean);
    return h("li", { class: classes.join(" ") },
      h("div", { class: "bubble" },
        icon(KIND_ICONS[row.kind]),
        h("span", { class: "kind" }, kind),
        row.text && h("span", { class: "text", dir: "auto" }, row.text),
        // A check's result is its status, shown as text; for a call the tick is enough.
        CHECKS.includes(row.kind) && !BAD.includes(row.status) &&
          h("span", { class: "text" }, language.text(`status_${row.status}`)),
        h("span", { class: "meta" }, this._price(row), this._time(moment), this._tick(row))),
      this._failure(row));
  }

  _quote(question) {
    const label = this._language.text("reply_to");
    return h("button", { class: "quote", type: "button", "data-jump": question.id },
      h("span", { class: "unseen" }, `${label} `), h("span", { dir: "auto" }, question.text));
  }

  _time(moment) {
    return h("time", { datetime: moment.toISOString() }, this._language.time(moment));
  }

  _price(row) {
    return row.price ? h("span", { class: "price" }, this._language.money(row.price)) : null;
  }

  _tick(row) {
    return tick(row.status, this._language);
  }

  /** Draw why a message was not delivered, with the API's description where there is one. */
  _failure(row) {
    if (!BAD.includes(row.status)) return null;
    const { error } = row;
    const reason = error && (this._language.russian ? error.ru || error.en : error.en || error.ru);
    const status = this._language.text(`status_${row.status}`);
    return h("p", { class: "why", dir: "auto" }, reason ? `${status}: ${reason}` : status);
  }
}

/** Draw a status as a sign, with its word as tooltip and for screen readers. */
function tick(status, language) {
  const path = TICKS[status];
  if (!path) return null;
  const word = language.text(`status_${status}`);
  const tone = GOOD.includes(status) ? "good" : BAD.includes(status) ? "bad" : "";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "path"));
  svg.firstChild.setAttribute("d", path);
  return h("span", { class: `tick ${tone}`, title: word }, svg,
    h("span", { class: "unseen" }, word));
}

const NO_CONFIG = {};
// The page makes the card anew when its dashboard is loaded again, for example after a restart. The
// drafts and the open conversation are kept for as long as the page is.
const drafts = new Map();
const lastOpen = new Map();

/** Return the element's class; to be called once the page has its own `HTMLElement`: see `prepare`. */
const makeCard = () => class extends HTMLElement {
  static getStubConfig() {
    return {};
  }

  static getConfigForm() {
    const text = (key) => picker.text(`config_${key}`);
    return {
      schema: [
        { name: "config_entry_id", selector: { config_entry: { integration: DOMAIN } } },
        { name: "title", selector: { text: {} } },
        { name: "strangers", selector: { boolean: {} } },
      ],
      computeLabel: ({ name }) => text(name) || name,
      computeHelper: ({ name }) => text(`${name}_help`) || undefined,
    };
  }

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styles()];
    this._config = NO_CONFIG;
    this._hass = null;
    this._language = null;
    this._subscription = null;
    this._conversations = new Map();
    this._items = new Map();
    this._open = null;
    this._rows = new Map();
    this._banners = new Map();
    this._build();
    this._onVisible = () => this._updateSubscription();
    this._onReady = () => this._updateSubscription(true);
    this._sizes = new ResizeObserver(([entry]) => this._measure(entry.contentRect.width));
  }

  // What Home Assistant calls and sets on a card.

  setConfig(config) {
    const { config_entry_id: before } = this._config;
    this._config = config;
    this._others.checked = Boolean(config.strangers);
    if (before !== config.config_entry_id) this._updateSubscription(true);
    this._draw();
  }

  getCardSize() {
    return 10;
  }

  getGridOptions() {
    return { columns: "full", rows: 9, min_columns: 6, min_rows: 5 };
  }

  set layout(layout) {
    this.dataset.layout = layout ?? "";
  }

  get layout() {
    return this.dataset.layout;
  }

  set hass(hass) {
    const before = this._hass;
    this._hass = hass;
    if (Language.key(hass) !== this._languageKey) this._loadWords(hass);
    if (!before) this._updateSubscription();
    if (this._language && hass.states !== before?.states) this._drawStates();
  }

  get hass() {
    return this._hass;
  }

  connectedCallback() {
    this._sizes.observe(this);
    document.addEventListener("visibilitychange", this._onVisible);
    this._updateSubscription();
  }

  disconnectedCallback() {
    this._sizes.disconnect();
    document.removeEventListener("visibilitychange", this._onVisible);
    this._hass?.connection.removeEventListener("ready", this._onReady);
    this._updateSubscription();
  }

  /** Return whether this is the preview in the card picker. */
  get _isExample() {
    for (let node = this; node; node = node.getRootNode().host ?? node.parentNode?.host) {
      if (node.localName === "hui-card-picker") return true;
      if (node.getRootNode() === document) return false;
    }
    return false;
  }

  // Data.

  /** Load the words of the user's language; nothing is drawn before. */
  async _loadWords(hass) {
    const key = Language.key(hass);
    this._languageKey = key;
    const localize = await hass.loadBackendTranslation("common", DOMAIN);
    if (this._languageKey !== key) return;
    this._language = new Language(hass, localize);
    this._messages = null;
    this._items.clear();
    this._draw();
  }

  /** Subscribe while the card is visible, and unsubscribe while the page is hidden. */
  async _updateSubscription(again = false) {
    clearTimeout(this._retry);
    const isVisible = this.isConnected && !document.hidden && this._hass && !this._isExample;
    if (this._subscription && (again || !isVisible)) {
      const unsubscribe = this._subscription;
      this._subscription = null;
      unsubscribe.then((stop) => stop?.()).catch(() => {});
    }
    if (!isVisible || this._subscription) return;
    if (!this._hass.user?.is_admin) {
      this._showNotice("not_admin");
      return;
    }
    const { connection } = this._hass;
    connection.removeEventListener("ready", this._onReady);
    connection.addEventListener("ready", this._onReady);
    const command = { type: SUBSCRIBE };
    if (this._config.config_entry_id) command.config_entry_id = this._config.config_entry_id;
    const subscription = connection.subscribeMessage(
      (message) => subscription === this._subscription && this._receive(message),
      command,
      { resubscribe: false },
    );
    this._subscription = subscription;
    try {
      await subscription;
    } catch (error) {
      if (this._subscription !== subscription) return;
      this._subscription = null;
      this._showNotice(error?.code === "unauthorized" ? "not_admin" : "no_account");
      this._retry = setTimeout(() => this._updateSubscription(), RETRY_MS);
    }
  }

  _showNotice(notice) {
    this._notice = notice;
    this._draw();
  }

  /** Apply a message of the subscription: the first has everything, later ones the changes. */
  _receive(message) {
    if (message.closed) {
      this._updateSubscription(true);
      return;
    }
    if (message.account) {
      if (this._account?.entry_id !== message.account.entry_id) this._close();
      this._account = message.account;
      this._conversations.clear();
      this._notice = null;
    }
    for (const conversation of message.conversations ?? []) {
      this._conversations.set(conversation.id, conversation);
    }
    if ("problem" in message) this._problem = message.problem;
    if ("loading" in message) this._loading = message.loading;
    // The recipient was deleted, or all messages of a stranger are too old.
    if (this._open !== null && !this._opened && !this._loading) this._close();
    const phones = this._opened?.phones ?? [];
    const fresh = (message.messages ?? []).filter((row) => phones.includes(row.phone));
    for (const row of fresh) this._keep(row);
    if (message.account && this._open !== null) this._read();
    this._draw();
  }

  _close() {
    this._open = null;
    this._isTalking = false;
    this._rows.clear();
  }

  get _opened() {
    return this._open === null ? null : this._conversations.get(this._open);
  }

  _keep(row) {
    row.small = CALLS.includes(row.kind) || CHECKS.includes(row.kind);
    this._rows.set(row.id, row);
  }

  /** Return the open conversation's messages, the oldest first. */
  get _sorted() {
    const rows = [...this._rows.values()];
    return rows.sort((one, other) => (one.order < other.order ? -1 : 1));
  }

  /** Read a page of the open conversation: the newest, or the next older one. */
  async _read(before) {
    const conversation = this._open;
    const reading = (this._reading = {});
    this._scroll.setAttribute("aria-busy", "true");
    let page;
    try {
      page = await this._hass.callWS({
        type: MESSAGES,
        config_entry_id: this._account.entry_id,
        conversation,
        limit: PAGE,
        ...(before ? { before } : {}),
      });
    } catch {
      page = null;
    }
    if (this._reading !== reading) return;
    this._reading = null;
    // Where the new page overlaps the shown messages, they stay, and so does the scroll position.
    const overlaps = Boolean(page?.messages.some((row) => this._rows.has(row.id)));
    if (page) {
      if (!before && !overlaps) this._rows.clear();
      for (const row of page.messages) this._keep(row);
      if (before || !overlaps) this._hasMore = page.more;
    }
    this._drawTalk(!before && !overlaps);
    this._scroll.setAttribute("aria-busy", "false");
    if (page && this._hasMore && this._scroll.scrollHeight <= this._scroll.clientHeight) {
      this._readOlder();
    }
  }

  _readOlder() {
    if (this._reading || !this._hasMore || !this._account) return;
    const [oldest] = this._sorted;
    // Where no message is shown yet, this reads the newest page.
    this._read(oldest?.order);
  }

  // Input.

  _choose(id, { focus = false } = {}) {
    const isOther = this._open !== id;
    this._open = id;
    this._isTalking = true;
    if (isOther) {
      this._rows.clear();
      this._messages = null;
      this._hasMore = false;
      this._showError("");
      this._field.value = drafts.get(id) ?? "";
      lastOpen.set(this._account.entry_id, id);
      this._read();
    }
    this._draw();
    if (focus && this._isNarrow) this._back.focus();
  }

  _leave() {
    this._isTalking = false;
    this._draw();
    this._current?.focus();
  }

  get _current() {
    return this._items.get(this._open)?.button;
  }

  async _send(event) {
    event.preventDefault();
    const conversation = this._opened;
    const message = this._field.value;
    if (!conversation || !message.trim() || this._sending) return;
    this._sending = true;
    this._showError("");
    this._drawComposer();
    const data = { config_entry_id: this._account.entry_id, message };
    if (conversation.entity_id) data.recipients = [conversation.entity_id];
    else data.phones = conversation.phones;
    if (conversation.two_way) data.two_way = true;
    else if (conversation.sender) data.sender = conversation.sender;
    try {
      const result = await this._hass.callService(
        DOMAIN, "send_sms", data, undefined, false, true);
      const rows = result?.response?.messages ?? [];
      const refused = rows.filter((row) => row.error && !row.message_id);
      if (conversation.id === this._open && refused.length < rows.length) this._field.value = "";
      if (refused.length < rows.length) drafts.delete(conversation.id);
      if (refused.length) this._showError(refused.map((row) => row.error.description).join("; "));
      else if (rows.some((row) => row.test)) this._showError(this._language.text("test_mode"));
    } catch (error) {
      this._showError(error?.message || String(error));
    }
    this._sending = false;
    this._drawComposer();
    this._field.focus();
  }

  _showError(text) {
    this._error.textContent = text;
    this._error.hidden = !text;
  }

  async _acknowledge(entity) {
    const by = this._hass.user?.name;
    try {
      await this._hass.callService(DOMAIN, "acknowledge_alarm", { alarm: entity, ...(by && { by }) });
    } catch (error) {
      this._showError(error?.message || String(error));
    }
  }

  _onInput() {
    drafts.set(this._open, this._field.value);
    this._drawComposer();
  }

  _onKey(event) {
    // Enter sends on a hardware keyboard only: on a phone's it is the only way to start a new line.
    const isSend = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (isSend && matchMedia("(hover: hover)").matches) this._send(event);
  }

  _onListKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...this._list.querySelectorAll("button")];
    const at = buttons.indexOf(this.shadowRoot.activeElement);
    const next = { Home: 0, End: buttons.length - 1 }[event.key] ?? (step ? at + step : -1);
    if (at < 0 || !buttons[next]) return;
    event.preventDefault();
    buttons[next].focus();
  }

  _onLogClick(event) {
    const id = event.target.closest?.("[data-jump]")?.dataset.jump;
    const node = id && [...this._log.children].find((each) => each.dataset.id === id);
    if (!node) return;
    node.scrollIntoView({ block: "center", behavior: "smooth" });
    node.classList.remove("found");
    requestAnimationFrame(() => node.classList.add("found"));
  }

  get _isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this._scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  _toEnd() {
    this._scroll.scrollTop = this._scroll.scrollHeight;
  }

  _onScroll() {
    if (this._scroll.scrollTop < this._scroll.clientHeight) this._readOlder();
    const isAtEnd = this._isAtEnd;
    this._down.hidden = isAtEnd;
    if (isAtEnd && this._rows.size > MAX_ROWS) {
      for (const row of this._sorted.slice(0, -PAGE)) this._rows.delete(row.id);
      this._messages = null;
      this._hasMore = true;
      this._drawTalk(true);
    }
  }

  _measure(width) {
    const isNarrow = width < WIDE;
    if (isNarrow === this._isNarrow) return;
    this._isNarrow = isNarrow;
    this._body.classList.toggle("narrow", isNarrow);
    this._draw();
  }

  // Drawing.

  /** Build the elements that are always there. */
  _build() {
    this._alarms = h("div", { class: "alarms" });
    this._sign = h("div", { class: "sign", hidden: true });
    this._heading = h("h2", {});
    this._figures = h("div", { class: "figures" });
    this._warning = h("p", { class: "warning", role: "status", hidden: true });
    this._list = h("ul", { class: "list", onkeydown: (event) => this._onListKey(event) });
    this._others = h("input", { type: "checkbox", role: "switch", onchange: () => this._draw() });
    this._othersText = h("span", {});
    this._othersRow = h("label", { class: "others", hidden: true }, this._othersText, this._others);
    this._side = h("nav", { class: "side" },
      h("header", {}, this._heading, this._figures), this._warning, this._list, this._othersRow);
    this._back = h("button", { class: "plain back", type: "button", onclick: () => this._leave() },
      icon("mdi:arrow-left", "←"));
    this._who = h("div", { class: "who" });
    this._log = h("ol", { class: "log", onclick: (event) => this._onLogClick(event) });
    this._scroll = h("div",
      { class: "scroll", role: "log", tabindex: 0, onscroll: () => this._onScroll() }, this._log);
    this._down = h("button",
      { class: "down", type: "button", hidden: true, onclick: () => this._toEnd() },
      icon("mdi:chevron-down", "↓"));
    this._error = h("p", { class: "error", role: "alert", hidden: true });
    this._field = h("textarea", {
      rows: 1, dir: "auto", maxlength: 1000,
      oninput: () => this._onInput(), onkeydown: (event) => this._onKey(event),
    });
    this._button = h("button", { class: "send", type: "submit" }, icon("mdi:send", "➤"));
    this._form = h("form", { onsubmit: (event) => this._send(event) }, this._field, this._button);
    this._talk = h("section", { class: "talk" },
      h("header", {}, this._back, this._who),
      h("div", { class: "pane" }, this._scroll, this._down), this._error, this._form);
    this._empty = h("div", { class: "empty" });
    this._body = h("div", { class: "body" }, this._side, this._talk, this._empty);
    this._body.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this._isNarrow && this._isTalking) this._leave();
    });
    this.shadowRoot.append(h("ha-card", {}, this._alarms, this._sign, this._body));
  }

  _draw() {
    const language = this._language;
    if (!language || !this._hass) return;
    if (this._isExample) this._showExample(language);
    this.lang = this._hass.language;
    this._drawSign(language);
    const shown = this._shown;
    const isDesk = this._isNarrow === false;
    if (this._open === null && isDesk && shown.length && !this._loading && !this._notice) {
      const before = this._conversations.get(lastOpen.get(this._account.entry_id));
      this._choose((before ?? shown[0]).id);
      return;
    }
    this._heading.textContent = this._config.title || language.text("title");
    this._side.setAttribute("aria-label", this._heading.textContent);
    this._back.setAttribute("aria-label", language.text("back"));
    this._down.setAttribute("aria-label", language.text("newest"));
    this._warning.hidden = !this._problem;
    this._warning.textContent = this._problem ? language.text("unreachable") : "";
    this._drawList(language, shown);
    const isOpen = Boolean(this._opened) && (this._isTalking || !this._isNarrow);
    this._body.classList.toggle("talking", isOpen);
    this._talk.hidden = !this._opened;
    this._empty.hidden = Boolean(this._opened);
    this._empty.textContent = language.text(shown.length ? "choose" : "no_recipients");
    this._drawTalk();
    this._drawStates();
  }

  /** Draw the notice that replaces the conversations where they cannot be shown. */
  _drawSign(language) {
    this._sign.hidden = !this._notice;
    this._body.hidden = Boolean(this._notice);
    if (!this._notice) return;
    const isAccount = this._notice === "no_account";
    fill(this._sign,
      icon(isAccount ? "mdi:message-cog-outline" : "mdi:shield-lock-outline"),
      h("p", {}, language.text(this._notice)),
      isAccount && this._hass.user?.is_admin &&
        h("a", { href: `/config/integrations/integration/${DOMAIN}` }, language.text("set_up")));
  }

  /** Return the conversations that are listed, the one with the newest message first. */
  get _shown() {
    const all = [...this._conversations.values()];
    const shown = all.filter((each) => each.recipient || this._others.checked);
    return shown.sort((one, other) => {
      const [first, second] = [one.last?.order ?? "", other.last?.order ?? ""];
      if (first !== second) return first < second ? 1 : -1;
      return one.name.localeCompare(other.name, this._hass.language);
    });
  }

  _drawList(language, shown) {
    place(this._list, shown.map((conversation) => this._item(language, conversation)));
    const strangers = [...this._conversations.values()].filter((each) => !each.recipient).length;
    this._othersRow.hidden = !strangers;
    this._othersText.textContent = language.text("others", { count: strangers });
  }

  _item(language, conversation) {
    const { id, last } = conversation;
    const moment = last && new Date(last.time);
    const day = moment && language.when(moment);
    let item = this._items.get(id);
    if (item?.conversation !== conversation || item.day !== day) {
      const button = h("button", { type: "button", onclick: () => this._choose(id, { focus: true }) },
        avatar(conversation),
        h("span", { class: "name", dir: "auto" }, shownName(conversation)),
        moment && h("time", { datetime: moment.toISOString() }, day),
        h("span", { class: "last" },
          last?.direction === "out" && tick(last.status, language),
          h("span", { class: "words", dir: "auto" }, this._summary(language, last))));
      const hadFocus = item && item.button === this.shadowRoot.activeElement;
      const node = item?.node ?? h("li", {});
      node.replaceChildren(button);
      item = { conversation, day, button, node };
      this._items.set(id, item);
      if (hadFocus) button.focus();
    }
    if (id === this._open) item.button.setAttribute("aria-current", "true");
    else item.button.removeAttribute("aria-current");
    return item.node;
  }

  _summary(language, last) {
    if (!last) return language.text("no_messages");
    const isSmall = CALLS.includes(last.kind) || CHECKS.includes(last.kind);
    const kind = isSmall ? language.text(`kind_${last.kind}`) : "";
    return [kind, last.text].filter(Boolean).join(": ");
  }

  /** Draw the open conversation; scrolled to its end, it stays at its end. */
  _drawTalk(toEnd = false) {
    const conversation = this._opened;
    const language = this._language;
    if (!conversation || !language) return;
    const phones = conversation.phones.map(readable);
    if (this._shownWho !== conversation) {
      this._shownWho = conversation;
      const name = shownName(conversation);
      fill(this._who, avatar(conversation),
        h("div", {}, h("h3", { dir: "auto" }, name),
          conversation.recipient && h("p", { dir: "ltr" }, phones.join(", "))));
      this._talk.setAttribute("aria-label", name);
      this._scroll.setAttribute("aria-label", name);
    }
    const wasAtEnd = toEnd || this._isAtEnd;
    const fromEnd = this._scroll.scrollHeight - this._scroll.scrollTop;
    this._messages ??= new Messages(language, shownName(conversation));
    const nodes = this._messages.nodes(this._sorted);
    if (!nodes.length && !this._reading) {
      nodes.push(h("li", { class: "day" }, h("span", {}, language.text("no_messages"))));
    }
    place(this._log, nodes);
    if (wasAtEnd) this._toEnd();
    else if (this._scroll.scrollHeight - this._scroll.scrollTop !== fromEnd) {
      // Older messages inserted above must not move the text in view.
      const grewAbove = this._oldest !== this._sorted[0]?.id;
      if (grewAbove) this._scroll.scrollTop = this._scroll.scrollHeight - fromEnd;
    }
    this._oldest = this._sorted[0]?.id;
    this._down.hidden = this._isAtEnd;
    this._drawComposer();
  }

  _drawComposer() {
    const conversation = this._opened;
    if (!conversation || !this._language) return;
    const language = this._language;
    this._form.hidden = !conversation.writable;
    this._field.placeholder = language.text("write");
    this._field.setAttribute("aria-label", language.text("write_to", { name: shownName(conversation) }));
    this._button.setAttribute("aria-label", language.text("send"));
    this._button.disabled = this._sending || !this._field.value.trim();
    this._form.classList.toggle("sending", Boolean(this._sending));
    this._field.style.height = "auto";
    if (this._field.value) this._field.style.height = `${this._field.scrollHeight}px`;
  }

  /** Draw the entities' states: balance, spent today, running alarms. */
  _drawStates() {
    const { states } = this._hass;
    const entities = this._account ? [this._account.balance, this._account.spent_today] : [];
    const seen = entities.map((entity) => states[entity]);
    const alarms = this._runningAlarms();
    const drawn = [...seen, ...alarms];
    if (drawn.length === this._drawnStates?.length &&
      drawn.every((state, index) => state === this._drawnStates[index]) &&
      this._drawnLanguage === this._language) return;
    this._drawnStates = drawn;
    this._drawnLanguage = this._language;
    const labels = ["balance", "spent_today"];
    fill(this._figures, seen.map((state, index) => state && h("button", {
      type: "button",
      onclick: () => this._showMore(entities[index]),
    }, `${this._language.text(labels[index])} `, h("strong", {}, this._state(state)))));
    place(this._alarms, alarms.map((state) => this._alarm(state)));
  }

  _state(state) {
    const amount = parseFloat(state.state);
    if (!Number.isNaN(amount)) return this._language.money(amount);
    return this._hass.formatEntityState?.(state) ?? state.state;
  }

  _showMore(entityId) {
    this.dispatchEvent(new CustomEvent("hass-more-info", {
      detail: { entityId }, bubbles: true, composed: true,
    }));
  }

  _runningAlarms() {
    const { states, entities = {}, devices = {} } = this._hass;
    if (!this._account) return [];
    if (this._entities !== entities) {
      this._entities = entities;
      this._ours = Object.values(entities).filter((entity) => {
        const device = devices[entity.device_id];
        return entity.platform === DOMAIN && entity.entity_id.startsWith("sensor.") &&
          (device?.config_entries ?? [this._account.entry_id]).includes(this._account.entry_id);
      });
    }
    const sensors = this._ours.map((entity) => states[entity.entity_id]);
    return sensors.filter((state) => state && "alarm_id" in state.attributes &&
      ["running", "unanswered"].includes(state.state));
  }

  _alarm(state) {
    const language = this._language;
    const { message, round, step, reached } = state.attributes;
    const waits = state.attributes.waiting_for &&
      (this._hass.formatEntityAttributeValue?.(state, "waiting_for") ?? "");
    const name = state.attributes.friendly_name ?? state.entity_id;
    const names = Array.isArray(reached) ? reached.join(", ") : reached;
    const facts = [
      state.state === "unanswered" ? language.text("alarm_unanswered")
        : round && language.text("alarm_step", { round, step }),
      names && language.text("alarm_reached", { names }),
      waits,
    ];
    let node = this._banners.get(state.entity_id);
    if (!node) {
      // The node is reused, so that its button does not vanish under the user's finger.
      node = h("div", { role: "group" },
        icon("mdi:alarm-light", "!"),
        h("div", { class: "what", role: "alert" },
          h("strong", { dir: "auto" }), h("span", { dir: "auto" })),
        h("button", { type: "button", onclick: () => this._acknowledge(state.entity_id) }));
      this._banners.set(state.entity_id, node);
    }
    node.className = `alarm ${state.state}`;
    node.setAttribute("aria-label", name);
    const texts = {
      strong: message && message !== name ? `${name}: ${message}` : name,
      span: facts.filter(Boolean).join(" · "),
      button: language.text("acknowledge"),
    };
    for (const [tag, text] of Object.entries(texts)) {
      const element = node.querySelector(tag);
      if (element.textContent !== text) element.textContent = text;
    }
    return node;
  }

  /** Show made-up messages in the card picker's preview. */
  _showExample(language) {
    if (this._account) return;
    this.inert = true;
    this.dataset.layout = "example";
    const text = (key) => language.text(`example_${key}`);
    const start = new Date();
    start.setHours(19, 2, 0);
    const row = (index, minutes, more) => ({
      id: String(index), order: String(index), status: "delivered", kind: "sms", direction: "out",
      time: new Date(+start + minutes * 60000).toISOString(), text: text(index), ...more,
    });
    const rows = [
      row(1, 0, { price: 1.31 }),
      row(2, 2, { kind: "two_way", price: 3.13 }),
      row(3, 4, { direction: "in", kind: "reply", reply_to: { id: "2", text: text(2) } }),
    ];
    this._account = { entry_id: "" };
    const person = (id, last) => this._conversations.set(id, {
      id, last, name: text(id), phones: ["+79087964781"], recipient: true, writable: true,
    });
    person("anna", rows[2]);
    person("boris", rows[0]);
    this._open = "anna";
    this._isTalking = true;
    for (const each of rows) this._keep(each);
  }
};

let sheet;

/** Return the style sheet; every colour is one of Home Assistant's, or a mixture of them. */
function styles() {
  if (sheet) return sheet;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(`
:host {
  --ink: var(--primary-text-color, #141414);
  --faint: color-mix(in srgb, var(--ink) 68%, var(--paper));
  --paper: var(--ha-card-background, var(--card-background-color, #fff));
  --line: var(--divider-color, rgb(0 0 0 / 12%));
  --accent: var(--primary-color, #009ac7);
  --bad: color-mix(in srgb, var(--error-color, #db4437) 78%, var(--ink));
  --mine: color-mix(in srgb, var(--accent) 18%, var(--paper));
  --theirs: color-mix(in srgb, var(--ink) 7%, var(--paper));
  display: block;
}
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
ha-card {
  display: flex;
  flex-direction: column;
  height: clamp(420px, 75vh, 720px);
  overflow: hidden;
  color: var(--ink);
  background: var(--paper);
  border: var(--ha-card-border-width, 1px) solid var(--ha-card-border-color, var(--line));
  border-radius: var(--ha-card-border-radius, 12px);
  font: 400 14px/1.45 var(--ha-font-family-body, Roboto, system-ui, sans-serif);
}
:host([data-layout="example"]) ha-card { height: 340px; }
:host([data-layout="grid"]) { height: 100%; }
:host([data-layout="grid"]) ha-card { height: 100%; min-height: 300px; }
:host([data-layout="panel"]) ha-card {
  height: calc(100dvh - var(--header-height, 56px) - 16px);
}
ul, ol { list-style: none; margin: 0; padding: 0; }
h2, h3, p { margin: 0; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; background: none; border: 0; padding: 0; text-align: start; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
ha-icon { --mdc-icon-size: 20px; flex: none; display: inline-flex; width: 20px; height: 20px; }
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}

/* List beside conversation; on a phone only one of them is shown. */
.body { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(200px, 34%) 1fr; }
.body.narrow { grid-template-columns: 1fr; }
.narrow > .talk, .narrow > .empty, .narrow.talking > .side { display: none; }
.narrow.talking > .talk { display: flex; }
.side, .talk { display: flex; flex-direction: column; min-width: 0; min-height: 0; }
.side { border-inline-end: 1px solid var(--line); }
.narrow > .side { border: 0; }
.empty { display: grid; place-items: center; padding: 24px; color: var(--faint); text-align: center; }

/* The list */
.side header { padding: 16px 16px 8px; }
h2 { font-size: 20px; font-weight: 500; line-height: 1.3; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 0 12px; margin: 2px -4px 0; }
.figures button { color: var(--faint); font-size: 13px; padding: 2px 4px; border-radius: 6px; }
.figures strong { color: var(--ink); font-weight: 500; }
.figures button:hover { background: var(--theirs); }
.warning { margin: 0 16px 8px; font-size: 13px; color: var(--bad); }
.list { flex: 1; overflow-y: auto; padding: 4px 8px 8px; }
.list button {
  display: grid;
  grid-template: "face name when" auto "face last last" auto / auto 1fr auto;
  gap: 0 12px;
  align-items: center;
  width: 100%;
  padding: 9px 8px;
  border-radius: 10px;
}
.list button:hover { background: var(--theirs); }
.list button[aria-current] { background: var(--mine); }
.narrow .list button[aria-current] { background: none; }
.avatar {
  grid-area: face;
  display: grid;
  place-items: center;
  flex: none;
  width: 40px;
  height: 40px;
  border-radius: 50%;
  font-size: 15px;
  font-weight: 500;
  color: color-mix(in srgb, hsl(var(--hue) 70% 50%) 30%, var(--ink));
  background: color-mix(in srgb, hsl(var(--hue) 70% 50%) 22%, var(--paper));
}
.list .name { font-weight: 500; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.list time { font-size: 12px; color: var(--faint); }
.list .last { grid-area: last; display: flex; gap: 4px; align-items: center; min-width: 0; }
.list .words {
  flex: 1; color: var(--faint); overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  text-align: -webkit-match-parent; text-align: match-parent;
}
.others {
  display: flex; align-items: center; justify-content: space-between; gap: 12px;
  padding: 12px 16px; border-top: 1px solid var(--line); color: var(--faint); cursor: pointer;
}
.others input {
  appearance: none; flex: none; position: relative; width: 36px; height: 20px; margin: 0;
  border-radius: 10px; background: color-mix(in srgb, var(--ink) 38%, var(--paper));
  cursor: pointer; transition: background 120ms;
}
.others input::after {
  content: ""; position: absolute; inset-block-start: 2px; inset-inline-start: 2px;
  width: 16px; height: 16px; border-radius: 50%; background: #fff; transition: inset 120ms;
}
.others input:checked { background: var(--accent); }
.others input:checked::after { inset-inline-start: 18px; }
.others input:focus-visible { outline-offset: 2px; }

/* The conversation */
.talk header {
  display: flex; align-items: center; gap: 8px; padding: 10px 16px;
  border-bottom: 1px solid var(--line); min-height: 60px;
}
.who { display: flex; align-items: center; gap: 12px; min-width: 0; }
.who > div { min-width: 0; }
h3 { font-size: 16px; font-weight: 500; line-height: 1.3; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.who p { font-size: 12px; color: var(--faint); text-align: start; }
.plain {
  display: none; place-items: center; width: 40px; height: 40px; margin-inline-start: -8px;
  border-radius: 50%;
}
.plain:hover { background: var(--theirs); }
.narrow .back { display: grid; }
.back ha-icon { --mdc-icon-size: 24px; width: 24px; height: 24px; }
:host(:dir(rtl)) .back ha-icon { transform: scaleX(-1); }
.pane { position: relative; flex: 1; min-height: 0; }
.scroll { height: 100%; overflow-y: auto; overflow-anchor: none; overscroll-behavior: contain; }
.log {
  display: flex; flex-direction: column; justify-content: flex-end; min-height: 100%;
  padding: 8px 16px 12px;
}
.day { align-self: center; margin: 12px 0 4px; }
.day span {
  display: block; padding: 2px 10px; border-radius: 10px; font-size: 12px; color: var(--faint);
  background: var(--theirs);
}
.row { display: flex; flex-direction: column; max-width: min(85%, 520px); margin-top: 10px; }
.row.joined { margin-top: 2px; }
.row.in { align-self: flex-start; align-items: flex-start; }
.row.out { align-self: flex-end; align-items: flex-end; }
.row.small { align-self: center; align-items: center; max-width: 92%; }
.bubble {
  max-width: 100%; padding: 6px 10px 5px; border-radius: 14px; background: var(--theirs);
  overflow-wrap: anywhere;
}
.in .bubble { border-end-start-radius: 4px; }
.out .bubble { border-end-end-radius: 4px; background: var(--mine); }
.out.bad .bubble { background: color-mix(in srgb, var(--error-color, #db4437) 13%, var(--paper)); }
.text { white-space: pre-wrap; text-align: start; }
.meta {
  display: flex; flex-wrap: wrap; justify-content: flex-end; align-items: center; gap: 0 6px;
  margin-top: 1px; font-size: 11.5px; line-height: 16px; color: var(--faint);
}
.out .meta, .in .meta { color: color-mix(in srgb, var(--ink) 74%, var(--paper)); }
.question { display: inline-flex; align-items: center; gap: 3px; margin-inline-end: auto; padding-inline-end: 8px; }
.question ha-icon { --mdc-icon-size: 14px; width: 14px; height: 14px; }
.label { display: flex; align-items: center; gap: 4px; font-size: 12px; font-weight: 500; color: var(--bad); }
.label ha-icon { --mdc-icon-size: 16px; width: 16px; height: 16px; }
.tick { display: inline-flex; flex: none; position: relative; }
.tick svg { width: 16px; height: 16px; }
.tick path {
  fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round;
}
.tick.good { color: color-mix(in srgb, var(--accent) 85%, var(--ink)); }
.tick.bad, .why { color: var(--bad); }
.list .tick { color: var(--faint); }
.list .tick.good { color: var(--accent); }
.list .tick.bad { color: var(--bad); }
.why { max-width: 100%; margin-top: 2px; padding: 0 4px; font-size: 12px; overflow-wrap: anywhere; }
.small .bubble {
  display: flex; flex-wrap: wrap; justify-content: center; align-items: center; gap: 2px 6px;
  padding: 3px 12px; border: 1px solid var(--line); background: none; font-size: 13px;
}
.small .bubble > ha-icon { --mdc-icon-size: 16px; width: 16px; height: 16px; color: var(--faint); }
.small .kind { font-weight: 500; }
.small .meta { margin: 0; }
.quote {
  display: block; width: 100%; margin-bottom: 4px; padding: 2px 8px; border-radius: 4px;
  border-inline-start: 3px solid var(--accent); font-size: 12.5px;
  color: color-mix(in srgb, var(--ink) 76%, var(--paper));
  background: color-mix(in srgb, var(--ink) 5%, transparent);
}
.quote > span:last-child {
  display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 2;
}
.found .bubble { animation: found 1.6s; }
@keyframes found { 0%, 60% { box-shadow: 0 0 0 2px var(--accent); } }
.down {
  position: absolute; inset-block-end: 12px; inset-inline-end: 16px; display: grid;
  place-items: center; width: 40px; height: 40px; border-radius: 50%; background: var(--paper);
  border: 1px solid var(--line); box-shadow: 0 2px 6px rgb(0 0 0 / 20%);
}
.down ha-icon { --mdc-icon-size: 24px; width: 24px; height: 24px; }
.error { padding: 6px 16px; font-size: 13px; color: var(--bad); max-height: 30%; overflow-y: auto; }
form { display: flex; align-items: flex-end; gap: 8px; padding: 8px 12px 12px; }
textarea {
  flex: 1; min-width: 0; max-height: 132px; padding: 10px 16px; resize: none; overflow-y: auto;
  border: 1px solid var(--line); border-radius: 22px; line-height: 20px;
  background: color-mix(in srgb, var(--ink) 4%, var(--paper));
}
textarea::placeholder { color: var(--faint); opacity: 1; }
textarea:focus-visible { outline-offset: -1px; }
.send {
  flex: none; display: grid; place-items: center; width: 42px; height: 42px; border-radius: 50%;
  color: var(--text-primary-color, #fff); background: var(--accent); transition: opacity 120ms;
}
.send:focus-visible { outline-offset: 2px; }
.send:disabled { cursor: default; color: var(--faint); background: var(--theirs); }
.sending .send { animation: wait 1s infinite alternate; }
@keyframes wait { to { opacity: 0.4; } }
:host(:dir(rtl)) .send ha-icon { transform: scaleX(-1); }

/* Alarms, and the notice that replaces the conversations */
.alarm {
  display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding: 10px 16px;
  background: color-mix(in srgb, var(--error-color, #db4437) 18%, var(--paper));
  border-bottom: 1px solid var(--line);
}
.alarm.unanswered { background: color-mix(in srgb, var(--warning-color, #ffa600) 22%, var(--paper)); }
.alarm > ha-icon { --mdc-icon-size: 24px; width: 24px; height: 24px; color: var(--bad); }
.alarm .what { flex: 1 1 180px; min-width: 0; overflow-wrap: anywhere; }
.alarm strong, .alarm span { display: block; }
.alarm strong { font-weight: 500; }
.alarm span { font-size: 13px; }
.alarm button {
  flex: none; margin-inline-start: auto; padding: 8px 18px; border-radius: 20px; font-weight: 500;
  color: var(--paper); background: var(--ink);
}
.alarm button:focus-visible { outline-offset: 2px; }
.sign {
  flex: 1; display: grid; place-content: center; justify-items: center; gap: 12px; padding: 24px;
  text-align: center; color: var(--faint);
}
.sign ha-icon { --mdc-icon-size: 48px; width: 48px; height: 48px; }
.sign p { max-width: 42ch; font-size: 15px; color: var(--ink); }
.sign a { color: var(--ink); font-weight: 500; }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`);
  return sheet;
}

// The card picker reads these when it opens, after the words were loaded.
const picker = {
  type: TYPE,
  preview: true,
  documentationURL: "https://github.com/ha-smspilot/ha-smspilot#conversations",
  get name() {
    return picker.text("name") || "SMSPILOT";
  },
  get description() {
    return picker.text("description");
  },
  text(key) {
    return picker.localize?.(WORDS + key) ?? "";
  },
};

/**
 * Define the card, and load the words for the card picker.
 *
 * Home Assistant's page replaces the custom element registry while it loads, which drops elements
 * defined before. So this waits for the page's own element.
 */
async function prepare() {
  const pages = ["home-assistant", "hc-main"];
  await Promise.race(pages.map((page) => customElements.whenDefined(page)));
  if (!customElements.get(TYPE)) customElements.define(TYPE, makeCard());
  await window.hassConnection;
  const { hass } = document.querySelector(pages.join()) ?? {};
  if (hass?.loadBackendTranslation) {
    picker.localize = await hass.loadBackendTranslation("common", DOMAIN);
  }
}

(window.customCards ??= []).push(picker);
prepare();
