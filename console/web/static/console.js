// The page: what is open stands in its address, what changes is told by the server.

import { announce } from "./announcing.js";
import { loadAttention, pointOut, renewAttention, startAttention } from "./attention.js";
import { hasFiles } from "./composer.js";
import { catchUpList, loadList, markOpen, renewRow, startConversations } from "./conversations.js";
import {
  catchUp, closeThread, hasDrafts, loadThread, openThread, renewDetails, renewMessage, startThread, writeAnswer,
} from "./thread.js";

const LOOK_AGAIN = 30_000; // milliseconds between two looks while nothing is told
const AFTER_A_FAILURE = 3_000;

const panes = document.getElementById("panes");
const thread = document.getElementById("thread");
const attention = document.getElementById("attention");
const openAttention = document.getElementById("open-attention");
const live = document.getElementById("live");
const keys = document.getElementById("keys");
const singleKeys = document.getElementById("single-keys");
const phone = document.getElementById("phone") ? await import("./phone.js") : null;
let events = null;
let lookAgain = 0;

async function show(service, handset, { remember = true } = {}) {
  view("thread");
  if (remember) history.pushState(null, "", `/?${new URLSearchParams({ service, handset })}`);
  document.title = `${handset} – MMS gateway`;
  markOpen({ service, handset });
  thread.focus({ preventScroll: true });
  await loadThread(service, handset);
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
  await pointOut(item);
}

function back() {
  view(panes.dataset.view === "attention" && openThread() ? "thread" : "list");
  const row = document.querySelector('#conversations a[aria-current="true"]') ?? document.getElementById("query");
  (row.checkVisibility() ? row : thread).focus();
}

async function fromAddress() {
  const query = new URLSearchParams(location.search);
  if (query.get("handset")) {
    await show(query.get("service") ?? "", query.get("handset"), { remember: false });
    return;
  }
  document.title = document.body.dataset.title;
  markOpen(null);
  closeThread();
  view("list");
}

// Only while somebody looks: a browser has six connections to one server for all of its tabs.
function listen() {
  if (events || document.hidden) return;
  events = new EventSource("/events");
  events.addEventListener("error", () => tell("waiting", "not connected"));
  events.addEventListener("message", (message) => take(JSON.parse(message.data)));
}

function listenWhileVisible() {
  if (document.hidden) {
    events?.close();
    events = null;
    tell("waiting", "paused");
  } else listen();
}

function tell(state, words, title = "") {
  live.className = `live ${state}`;
  live.textContent = words;
  live.title = title;
}

async function take(event) {
  try {
    await act(event);
  } catch {
    setTimeout(() => take({ kind: "all" }), AFTER_A_FAILURE);
  }
}

async function act(event) {
  clearInterval(event.kind === "all" ? lookAgain : 0);
  if (event.kind === "silent") {
    tell("bad", "not told of news", `${event.reason} The page looks again every ${LOOK_AGAIN / 1000} seconds.`);
    clearInterval(lookAgain);
    lookAgain = setInterval(refresh, LOOK_AGAIN);
    return refresh();
  }
  if (event.kind === "all") {
    tell("good", "live", "The page is told of everything as it happens");
    return refresh();
  }
  if (event.attention) renewAttention();
  if (event.kind === "report") return renewDetails(event.mtId);
  if (!event.handset) return undefined;
  const { service, handset } = event;
  renewRow({ service, handset });
  if (event.incoming) announce(`A message from ${handset}`);
  const open = openThread();
  if (open && open.service === service && open.handset === handset) renewMessage(event.pk, event.sk);
  return undefined;
}

async function refresh() {
  await Promise.all([catchUpList(), loadAttention(), catchUp()]);
}

function press(event) {
  if (event.isComposing) return undefined;
  if (event.key === "Escape" && !keys.open) return back();
  const writes = event.target.closest("input, textarea, select, dialog");
  if (writes || !singleKeys.checked || event.ctrlKey || event.metaKey || event.altKey) return undefined;
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
for (const kind of ["dragover", "drop"]) { // a file that misses its place must not take the page away
  document.addEventListener(kind, (event) => { if (hasFiles(event)) event.preventDefault(); });
}
openAttention.addEventListener("click", () => {
  if (attention.hidden) showAttention();
  else view(openThread() ? "thread" : "list");
});
document.getElementById("toggle-phone")?.addEventListener("click", () => phone.togglePhone());
document.getElementById("open-keys").addEventListener("click", () => keys.showModal());
window.addEventListener("popstate", fromAddress);
window.addEventListener("beforeunload", (event) => { if (hasDrafts()) event.preventDefault(); });
document.addEventListener("visibilitychange", listenWhileVisible);
singleKeys.checked = localStorage.getItem("single-keys") !== "off"; // WCAG 2.1.4: they can be switched off
singleKeys.addEventListener("change", () => localStorage.setItem("single-keys", singleKeys.checked ? "on" : "off"));
listen();
await Promise.all([loadList(), loadAttention(), fromAddress()]);
