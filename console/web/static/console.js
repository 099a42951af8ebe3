// The page: what is open stands in its address, what changes is told by the server.

import { loadAttention, pointOut, renewAttention, startAttention } from "./attention.js";
import { catchUpList, markOpen, renewRow, startConversations } from "./conversations.js";
import { catchUp, closeThread, loadThread, openThread, renewDetails, renewMessage, startThread, writeAnswer } from "./thread.js";

const panes = document.getElementById("panes");
const thread = document.getElementById("thread");
const attention = document.getElementById("attention");
const openAttention = document.getElementById("open-attention");
const live = document.getElementById("live");
const announcements = document.getElementById("announcements");
const keys = document.getElementById("keys");
const phone = document.getElementById("phone") ? await import("./phone.js") : null;

async function show(service, handset, { remember = true } = {}) {
  view("thread");
  if (remember) history.pushState(null, "", `/?${new URLSearchParams({ service, handset })}`);
  document.title = `${handset} – MMS gateway`;
  markOpen({ service, handset });
  try {
    await loadThread(service, handset);
    thread.focus({ preventScroll: true });
  } catch (error) {
    thread.textContent = error.message;
  }
}

function view(name) {
  const messages = document.getElementById("messages");
  if (messages?.clientHeight) messages.dataset.top = messages.scrollTop; // hiding it would lose the place
  panes.dataset.view = name;
  attention.hidden = name !== "attention";
  thread.hidden = name === "attention";
  openAttention.setAttribute("aria-pressed", String(name === "attention"));
  if (messages?.clientHeight && messages.dataset.top) messages.scrollTop = messages.dataset.top;
}

async function showAttention(item) {
  view("attention");
  await loadAttention();
  if (item) pointOut(item);
  else attention.focus();
}

function back() {
  view(panes.dataset.view === "attention" && openThread() ? "thread" : "list");
  (document.querySelector('#conversations a[aria-current="true"]') ?? document.getElementById("query")).focus();
}

function fromAddress() {
  const query = new URLSearchParams(location.search);
  if (query.get("service") && query.get("handset")) {
    return show(query.get("service"), query.get("handset"), { remember: false });
  }
  closeThread();
  return view("list");
}

function listen() {
  const events = new EventSource("/events");
  events.addEventListener("error", () => tell("waiting", "not connected"));
  events.addEventListener("message", (message) => take(JSON.parse(message.data)));
}

function tell(state, words, title = "") {
  live.className = `live ${state}`;
  live.textContent = words;
  live.title = title;
}

async function take(event) {
  const open = openThread();
  if (event.kind === "silent") return tell("bad", "not told of news", event.reason);
  if (event.kind === "all") {
    tell("good", "live", "The page is told of everything as it happens");
    await Promise.all([catchUpList(), loadAttention(), catchUp()]);
    return undefined;
  }
  if (event.attention) renewAttention();
  if (event.kind === "report") return renewDetails(event.mtId);
  if (!event.handset || !event.service) return undefined;
  renewRow({ service: event.service, handset: event.handset });
  if (event.incoming) announcements.textContent = `A message from ${event.handset}`;
  if (open && open.service === event.service && open.handset === event.handset) await renewMessage(event.pk, event.sk);
  return undefined;
}

function press(event) {
  if (event.key === "Escape" && !keys.open) return back();
  if (event.target.closest("input, textarea, select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const actions = {
    "/": () => document.getElementById("query").focus(),
    a: writeAnswer,
    n: () => showAttention(),
    p: () => phone?.writeOnPhone(openThread()),
    "?": () => keys.showModal(),
  };
  const action = actions[event.key.toLowerCase()];
  if (action) {
    event.preventDefault();
    action();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && document.activeElement === document.body) {
    document.querySelector("#conversations a")?.focus();
  }
  return undefined;
}

startConversations(show);
startThread(showAttention);
startAttention(show);
phone?.startPhone();
document.addEventListener("keydown", press);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-back]")) back();
});
openAttention.addEventListener("click", () => {
  if (attention.hidden) showAttention();
  else view(openThread() ? "thread" : "list");
});
document.getElementById("toggle-phone")?.addEventListener("click", (event) => phone.togglePhone(event.currentTarget));
document.getElementById("open-keys").addEventListener("click", () => keys.showModal());
window.addEventListener("popstate", fromAddress);
listen();
await fromAddress();
