// The phone page. The simulator tells everything at each change; what a person does goes back
// by the names of /control/ (see the simulator's README).

const WORDS = {
  en: {
    title: "SMSPILOT simulator",
    lost: "The simulator does not answer. Waiting for it to come back …",
    phones: "Phones", service: "The service", ledger: "Ledger", reported: "Told to Home Assistant", access: "To connect",
    balance: "Balance", spent: "spent",
    mode: "It is", mode_works: "working", mode_down: "down", mode_slow: "slow (8 s)", mode_html: "in maintenance (HTML)",
    hint_down: "Nothing gets out. Home Assistant tries again for two minutes.",
    hint_slow: "Every answer comes 8 seconds late.",
    hint_html: "Such an answer does not tell whether a message went out. Home Assistant looks for it for some minutes, and then says that nobody knows.",
    lose: "Lose the answer to the next message",
    hint_lose: "The message goes out, only the answer is lost. Home Assistant looks for it instead of sending it twice.",
    pushes: "It tells changes", pushes_normal: "once", pushes_twice: "twice", pushes_reversed: "last status first", pushes_off: "not at all",
    hint_off: "Home Assistant asks by itself: soon for a status, within 15 minutes for an SMS.",
    forge: "Forged push", forge_hint: "What a stranger who knows the address could send. Nothing of it may come true.",
    forge_phone: "In the name of", forge_text: "Text", forge_message: "Forge a message", forge_default: "Open the gate",
    forge_status: "Forge a status of the last message",
    money: "Balance", money_label: "Balance in roubles", money_set: "Set",
    add: "One more phone", add_number: "Number", add_owner: "Whose", add_button: "Add",
    time: "Time", id: "Id", kind: "What", to: "To", text: "Text", status: "Status", price: "Price, ₽",
    address: "API address", key: "API key", inbound: "Address for inbound messages", number: "Service number", none: "none yet",
    take: "Answer", refuse: "Refuse", send: "Send", write: "Your SMS", chat: "Messages of {phone}", switches: "What is the matter with {phone}",
    off: "Switched off", refuses: "Refuses calls", blocks: "Blocks us", abroad: "Abroad", no_sim: "Not in service",
    calls: "Incoming call", spoken: "The robot said", flash: "Missed call from", two_way: "awaits an answer",
    failed_text: "A text did not arrive: {error}", failed_call: "A call was not answered: {error}",
    pushed: "told", unpushed: "not told by push", nobody: "Nobody is found for this text. Begin with the contract number: {account} …",
    push_inbound: "message {id}", push_status: "{id}: {status}", no_answer: "no answer",
    forged: "Forged push answered: {answer}", no_address: "Home Assistant has not named an address yet.", no_message: "There is no message yet.",
    wrong_number: "Not a phone number", empty: "Nothing yet", quiet: "Texts and calls appear here", refused: "The simulator refuses: {error}",
    sms: "SMS", voice: "Call", flash_call: "FlashCall", hlr: "HLR", ping: "PING", hlrvip: "HLRVIP", two_way_kind: "2WAY",
    "-2": "failed", "-1": "undelivered", 0: "accepted", 1: "sent", 2: "delivered", 3: "scheduled",
  },
  ru: {
    title: "Симулятор SMSPILOT",
    lost: "Симулятор не отвечает. Ждём, когда он вернётся …",
    phones: "Телефоны", service: "Сервис", ledger: "Журнал", reported: "Сообщено Home Assistant", access: "Для подключения",
    balance: "Баланс", spent: "потрачено",
    mode: "Состояние", mode_works: "работает", mode_down: "недоступен", mode_slow: "медленный (8 с)", mode_html: "на обслуживании (HTML)",
    hint_down: "Ничего не уходит. Home Assistant пробует снова в течение двух минут.",
    hint_slow: "Каждый ответ приходит на 8 секунд позже.",
    hint_html: "По такому ответу не понять, ушло ли сообщение. Home Assistant несколько минут ищет его, а потом честно говорит, что никто не знает.",
    lose: "Потерять ответ на следующее сообщение",
    hint_lose: "Сообщение уйдёт, потеряется только ответ. Home Assistant поищет его, а не отправит второй раз.",
    pushes: "Об изменениях сообщает", pushes_normal: "один раз", pushes_twice: "дважды", pushes_reversed: "с конца", pushes_off: "никогда",
    hint_off: "Home Assistant спросит сам: о статусе скоро, об SMS в течение 15 минут.",
    forge: "Подделка", forge_hint: "То, что мог бы прислать чужой, узнав адрес. Ничего из этого не должно подействовать.",
    forge_phone: "От имени", forge_text: "Текст", forge_message: "Подделать сообщение", forge_default: "Открой ворота",
    forge_status: "Подделать статус последнего сообщения",
    money: "Баланс", money_label: "Баланс в рублях", money_set: "Задать",
    add: "Ещё один телефон", add_number: "Номер", add_owner: "Чей", add_button: "Добавить",
    time: "Время", id: "Код", kind: "Что", to: "Кому", text: "Текст", status: "Статус", price: "Цена, ₽",
    address: "Адрес API", key: "API-ключ", inbound: "Адрес для входящих", number: "Сервисный номер", none: "пока нет",
    take: "Ответить", refuse: "Отклонить", send: "Отправить", write: "Ваше SMS", chat: "Сообщения {phone}", switches: "Что с телефоном {phone}",
    off: "Выключен", refuses: "Не берёт трубку", blocks: "Чёрный список", abroad: "За границей", no_sim: "Не обслуживается",
    calls: "Входящий звонок", spoken: "Робот сказал", flash: "Пропущенный звонок", two_way: "ждёт ответа",
    failed_text: "Сообщение не пришло: {error}", failed_call: "Звонок не принят: {error}",
    pushed: "сообщено", unpushed: "без уведомления", nobody: "Неизвестно, кому это. Начните с номера договора: {account} …",
    push_inbound: "сообщение {id}", push_status: "{id}: {status}", no_answer: "нет ответа",
    forged: "Ответ на подделку: {answer}", no_address: "Home Assistant ещё не назвал адрес.", no_message: "Сообщений ещё нет.",
    wrong_number: "Это не номер телефона", empty: "Пока ничего", quiet: "Здесь появятся SMS и звонки", refused: "Симулятор отказывает: {error}",
    sms: "SMS", voice: "Звонок", flash_call: "FlashCall", hlr: "HLR", ping: "PING", hlrvip: "HLRVIP", two_way_kind: "2WAY",
    "-2": "ошибка", "-1": "не доставлено", 0: "принято", 1: "отправлено", 2: "доставлено", 3: "запланировано",
  },
};
const language = navigator.language.toLowerCase().startsWith("ru") ? "ru" : "en";
const word = (key, values = {}) => WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

const CALLS = ["voice", "flash_call"];
const TEXTS = ["sms", "two_way"];
const FAILED = -2, UNDELIVERED = -1, SENT = 1, DELIVERED = 2;
const SUBSCRIBER_REFUSES = 605;
const FOREVER = 1e9;
const HOME_CENTRE = "79520001500";

// Each switch of a phone: how it is read, and what it sets.
const SWITCHES = {
  off: [(phone) => !phone.on, (pressed) => ({ on: !pressed })],
  refuses: [(phone) => phone.refuses_calls, (pressed) => ({ refuses_calls: pressed })],
  blocks: [(phone) => phone.blacklisted, (pressed) => ({ blacklisted: pressed })],
  abroad: [
    (phone) => phone.roaming_country !== "",
    (pressed) => pressed
      ? { roaming_country: "Турция", roaming_operator: "Turkcell", msc: "905329000000" }
      : { roaming_country: "", roaming_operator: "", msc: HOME_CENTRE },
  ],
  no_sim: [(phone) => !phone.in_service, (pressed) => ({ in_service: !pressed })],
};
const MODES = {
  works: null,
  down: null,
  slow: { kind: "slow", seconds: 8, times: FOREVER },
  html: { kind: "html", times: FOREVER },
};
const PUSHES = {
  normal: { pushes: "on", push_copies: 1, push_reversed: false },
  twice: { pushes: "on", push_copies: 2, push_reversed: false },
  reversed: { pushes: "on", push_copies: 1, push_reversed: true },
  off: { pushes: "off", push_copies: 1, push_reversed: false },
};

const find = (id) => document.getElementById(id);
let state;

// --- The simulator -------------------------------------------------------------------------

let socket;
let lastOrder = 0;
const waiting = new Map();

function connect() {
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/page/live`);
  socket.addEventListener("message", ({ data }) => {
    const received = JSON.parse(data);
    if (received.state) {
      show(received.state);
    } else {
      waiting.get(received.id)(received);
      waiting.delete(received.id);
    }
  });
  socket.addEventListener("open", () => { find("lost").hidden = true; });
  socket.addEventListener("close", () => {
    find("lost").hidden = false;
    for (const resolve of waiting.values()) resolve({});
    waiting.clear();
    setTimeout(connect, 1000);
  });
}

/** Do something at the simulator; resolve to what it answers, or to undefined where it refuses. */
function perform(what, body = {}) {
  if (socket.readyState !== WebSocket.OPEN) return Promise.resolve();
  const id = ++lastOrder;
  socket.send(JSON.stringify({ id, do: what, body }));
  return new Promise((resolve) => {
    waiting.set(id, ({ result, error }) => {
      if (error) notice(word("refused", { error }));
      resolve(error ? undefined : result);
    });
  });
}

// --- Words ---------------------------------------------------------------------------------

function translate(root) {
  for (const each of root.querySelectorAll("[data-word]")) each.textContent = word(each.dataset.word);
  for (const each of root.querySelectorAll("[data-label]")) {
    const label = word(each.dataset.label);
    each.setAttribute("aria-label", label);
    if (each.tagName === "INPUT") each.placeholder = label;
  }
}

function notice(text) {
  find("notice").textContent = text;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => { find("notice").textContent = ""; }, 8000);
}

const money = (value) => new Intl.NumberFormat(language, { style: "currency", currency: "RUB", currencyDisplay: "narrowSymbol" }).format(value);

function clock(time) {
  const moment = new Date(time);
  const isToday = moment.toDateString() === new Date().toDateString();
  const day = isToday ? {} : { day: "numeric", month: "short" };
  return moment.toLocaleString(language, { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function pretty(number) {
  const russian = /^7(\d{3})(\d{3})(\d\d)(\d\d)$/.exec(number);
  if (russian) return `+7 ${russian[1]} ${russian[2]}-${russian[3]}-${russian[4]}`;
  return /^\d+$/.test(number) ? `+${number}` : number;
}

const nameOf = (phone) => phone.owner || pretty(phone.number);
const ownerOf = (number) => nameOf(state.phones.find((phone) => phone.number === number) ?? { number });
const kindOf = (message) => word(message.kind === "two_way" ? "two_way_kind" : message.kind);
const reason = (message) => message[`error_${language}`] || String(message.error);

// --- Building ------------------------------------------------------------------------------

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Bring a parent's children into the order of `items`; keep those that have not changed. */
function list(parent, items, build) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const looks = JSON.stringify(item);
    let child = known.get(String(item.key));
    known.delete(String(item.key));
    if (child?.looks !== looks) {
      const fresh = build(item);
      fresh.looks = looks;
      fresh.dataset.key = item.key;
      child?.replaceWith(fresh);
      child = fresh;
    }
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  for (const child of known.values()) child.remove();
}

function show(newState) {
  state = newState;
  const [account] = state.accounts;
  find("balance").textContent = money(account.balance);
  find("spent").textContent = money(state.spent);
  showPhones();
  showService();
  showLedger();
  showReported();
  find("address").textContent = state.url;
  find("key").textContent = account.apikey;
  find("inbound").textContent = account.inbound_url ?? word("none");
  find("number").textContent = pretty(state.service_number);
}

// --- Phones --------------------------------------------------------------------------------

const cards = new Map();

function showPhones() {
  for (const phone of state.phones) {
    if (!cards.has(phone.number)) {
      const card = makeCard(phone);
      cards.set(phone.number, card);
      find("phones").append(card);
    }
    showPhone(cards.get(phone.number), phone);
  }
}

function makeCard({ number }) {
  const card = find("phone").content.firstElementChild.cloneNode(true);
  translate(card);
  card.dataset.number = number;
  card.querySelector(".chat").dataset.empty = word("quiet");
  const [form, switches] = [card.querySelector("form"), card.querySelector(".switches")];
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = form.text.value;
    form.text.value = "";
    const inbound = await perform("receive", { phone: number, text });
    if (inbound === null) notice(word("nobody", { account: state.accounts[0].id }));
  });
  for (const [key, [, change]] of Object.entries(SWITCHES)) {
    const button = element("button", { type: "button", textContent: word(key) });
    button.dataset.switch = key;
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") !== "true";
      perform("phone", { number, ...change(pressed) });
    });
    switches.append(button);
  }
  card.querySelector(".take").addEventListener("click", () => endCall(card, {}));
  card.querySelector(".refuse").addEventListener("click", () =>
    endCall(card, { status: UNDELIVERED, error: SUBSCRIBER_REFUSES }));
  return card;
}

async function endCall(card, outcome) {
  await perform("advance", { server_id: Number(card.querySelector(".call").dataset.id), ...outcome });
  card.querySelector(".chat").focus();
}

function showPhone(card, phone) {
  const name = nameOf(phone);
  card.classList.toggle("off", !phone.on || !phone.in_service);
  card.querySelector("h3").textContent = name;
  card.querySelector(".subtitle").textContent = phone.owner ? pretty(phone.number) : "";
  card.querySelector(".answer input").placeholder = word("write");
  card.querySelector(".answer input").setAttribute("aria-label", `${word("write")}: ${name}`);
  card.querySelector(".chat").setAttribute("aria-label", word("chat", { phone: name }));
  card.querySelector(".switches").setAttribute("aria-label", word("switches", { phone: name }));
  for (const button of card.querySelectorAll("[data-switch]")) {
    button.setAttribute("aria-pressed", SWITCHES[button.dataset.switch][0](phone));
  }
  const chat = card.querySelector(".chat");
  const isAtEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 40;
  showCall(card, phone);
  list(chat, chatOf(phone.number), makeItem);
  if (isAtEnd) chat.scrollTop = chat.scrollHeight;
}

function showCall(card, phone) {
  const rings = phone.on && phone.in_service && !phone.refuses_calls;
  const message = rings && state.messages.find((each) =>
    each.phone === phone.number && CALLS.includes(each.kind) && each.status === SENT);
  const call = card.querySelector(".call");
  if (!message) {
    call.hidden = true;
    return;
  }
  if (call.dataset.id !== String(message.server_id) || call.hidden) {
    call.dataset.id = message.server_id;
    call.querySelector(".caller").replaceChildren(...callerOf(message));
    call.hidden = false;
  }
}

function callerOf(message) {
  const caller = message.kind === "flash_call" ? flashNumber(message) : ["SMSPILOT"];
  return [word("calls"), element("span", {}, ...caller)];
}

/** The number a FlashCall comes from: its last digits are the code. */
function flashNumber({ text }) {
  return ["+7 495 120-", element("b", { textContent: `${text.slice(0, 2)}-${text.slice(2)}` })];
}

/** What this phone has seen, oldest first. */
function chatOf(number) {
  const pushed = new Set(state.pushes.filter((push) => push.status === 200).map((push) => push.params.id));
  const sent = state.inbox.filter((each) => each.phone === number).map((each) => ({
    key: `in${each.id}`, time: each.created, mine: true, text: each.raw, pushed: pushed.has(String(each.id)),
  }));
  const got = state.messages.filter((each) => each.phone === number && isSeen(each)).map((each) => ({
    key: each.server_id, time: each.modified, kind: each.kind, status: each.status,
    text: each.text, sender: each.kind === "two_way" ? pretty(state.service_number) : each.sender,
    error: each.status === DELIVERED ? "" : reason(each),
  }));
  return [...got, ...sent].sort((one, other) => new Date(one.time) - new Date(other.time));
}

function isSeen({ kind, status }) {
  const isOver = [DELIVERED, UNDELIVERED, FAILED].includes(status);
  return isOver && (TEXTS.includes(kind) || CALLS.includes(kind));
}

function makeItem(item) {
  const time = element("time", { dateTime: item.time, textContent: clock(item.time) });
  if (item.mine) {
    const push = element("span", { textContent: ` · ${word(item.pushed ? "pushed" : "unpushed")}` });
    return element("li", { className: "mine" }, element("p", { textContent: item.text }),
      element("small", {}, time, push));
  }
  const isCall = CALLS.includes(item.kind);
  if (item.error) {
    const text = word(isCall ? "failed_call" : "failed_text", { error: item.error });
    return element("li", { className: "note" }, text, " ", time);
  }
  const text = element("p");
  text.append(...(item.kind === "flash_call" ? flashNumber(item) : [item.text]));
  return element("li", { className: isCall ? "theirs spoken" : "theirs" },
    element("small", { textContent: headingOf(item) }), text, element("small", {}, time));
}

function headingOf({ kind, sender }) {
  if (kind === "flash_call") return word("flash");
  if (kind === "voice") return word("spoken");
  return kind === "two_way" ? `${sender} · ${word("two_way")}` : sender;
}

// --- The service ---------------------------------------------------------------------------

function showService() {
  const { options, faults } = state;
  const mode = Object.keys(MODES).find((each) => faults.includes(each));
  choose("mode", state.up ? mode ?? "works" : "down");
  find("lose").setAttribute("aria-pressed", faults.includes("reset"));
  choose("pushes", Object.keys(PUSHES).find((each) =>
    Object.entries(PUSHES[each]).every(([name, value]) => options[name] === value)));
  list(find("forge").phone, state.phones.map((phone) => ({ key: phone.number, name: nameOf(phone) })),
    ({ key, name }) => element("option", { value: key, textContent: name }));
}

let choosing = 0;

/** Show what is chosen, unless a choice is on its way. */
function choose(group, value) {
  if (choosing) return;
  for (const input of document.getElementsByName(group)) input.checked = input.value === value;
}

async function setMode(mode) {
  choosing++;
  explain(mode);
  await perform(mode === "down" ? "down" : "up");
  await perform("faults/clear");
  if (MODES[mode]) await perform("fault", MODES[mode]);
  choosing--;
}

async function setPushes(way) {
  choosing++;
  explain(way);
  await perform("settings", { ...PUSHES[way] });
  choosing--;
}

function loseAnswer() {
  const isWaiting = find("lose").getAttribute("aria-pressed") === "true";
  if (isWaiting) return setMode(document.querySelector("[name=mode]:checked").value);
  explain("lose");
  perform("fault", { kind: "reset", when: "after", command: "send" });
}

/** Tell what to expect where it takes patience. */
function explain(choice) {
  notice(WORDS[language][`hint_${choice}`] ?? "");
}

async function forgeMessage(event) {
  event.preventDefault();
  const [account] = state.accounts;
  if (!account.inbound_url) return notice(word("no_address"));
  const { phone, text } = find("forge");
  showPush(await perform("push/inbound", {
    phone: phone.value, message: text.value, user_id: String(account.id), id: "99999999", num: state.service_number,
  }));
}

/** Tell of the last message what is not true. */
async function forgeStatus() {
  const message = state.messages.findLast((each) => each.callback && each.status !== FAILED);
  if (!message) return notice(word("no_message"));
  const status = message.status === DELIVERED ? UNDELIVERED : DELIVERED;
  showPush(await perform("push/status", {
    server_id: String(message.server_id), phone: message.phone, status: String(status), error: "0",
  }));
}

function showPush(push) {
  if (push) notice(word("forged", { answer: push.status ?? word("no_answer") }));
}

function addPhone(event) {
  event.preventDefault();
  const form = find("add");
  const number = form.number.value.replace(/\D/g, "").replace(/^8(?=\d{10}$)/, "7");
  form.number.setCustomValidity(/^\d{10,15}$/.test(number) ? "" : word("wrong_number"));
  if (!form.reportValidity()) return;
  perform("phone", { number, owner: form.owner.value.trim() });
  form.reset();
}

function setBalance(event) {
  event.preventDefault();
  perform("account", { balance: find("money").balance.value });
  event.target.reset();
}

// --- What happened -------------------------------------------------------------------------

function showLedger() {
  list(find("ledger"), newestFirst(state.messages, (each) => each.server_id), (message) => {
    const cell = (className, textContent) => element("td", { className, textContent });
    const status = cell(`status s${message.status}`, word(message.status));
    if (message.error) status.append(element("small", { textContent: reason(message) }));
    return element("tr", {}, cell("time", clock(message.created)), cell("id", message.server_id),
      cell("kind", kindOf(message)), cell("to", ownerOf(message.phone)), cell("text", message.text),
      status, cell("number", Number(message.price).toFixed(2)));
  });
}

function showReported() {
  const pushes = state.pushes.map((push, index) => ({ ...push, index }));
  list(find("reported"), newestFirst(pushes, (push) => `${push.time} ${push.index}`), (push) => {
    const { id, server_id, status } = push.params;
    const what = id ? word("push_inbound", { id }) : word("push_status", { id: server_id, status: word(status) });
    const answer = element("b", { className: push.status === 200 ? "good" : "bad", textContent: push.status ?? word("no_answer") });
    return element("li", {}, `${clock(push.time)} · ${what} → `, answer);
  });
}

function newestFirst(records, key) {
  return records.map((record) => ({ ...record, key: key(record) })).reverse();
}

// --- Start ---------------------------------------------------------------------------------

document.documentElement.lang = language;
document.title = word("title");
translate(document);
for (const id of ["ledger", "reported"]) find(id).dataset.empty = word("empty");
find("forge").text.value = word("forge_default");
find("mode").addEventListener("change", (event) => setMode(event.target.value));
find("pushes").addEventListener("change", (event) => setPushes(event.target.value));
find("lose").addEventListener("click", loseAnswer);
find("forge").addEventListener("submit", forgeMessage);
find("forge-status").addEventListener("click", forgeStatus);
find("money").addEventListener("submit", setBalance);
find("add").addEventListener("submit", addPhone);
find("add").number.addEventListener("input", (event) => event.target.setCustomValidity(""));
connect();
