// The conversation that is open: its messages oldest first, older ones as it is scrolled up, each renewed as it changes.

import { Composer } from "./composer.js";
import { piece, post } from "./fetching.js";
import { tellTimes } from "./times.js";

const thread = document.getElementById("thread");
const AT_THE_END = 80; // pixels

let open = null; // {service, handset}
let turns = 0;
let composer = null;
const drafts = new Map(); // what was begun to be written, by conversation
let showAttention = () => {};

export function startThread(settle) {
  showAttention = settle;
  thread.addEventListener("click", (event) => {
    const older = event.target.closest(".older button");
    if (older) loadOlder(older.closest(".older"));
    if (event.target.closest("[data-attention]")) showAttention(event.target.closest(".message").dataset);
  });
  thread.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details[data-details]") && event.target.open) loadDetails(event.target);
  }, true);
}

export function openThread() {
  return open;
}

export async function loadThread(service, handset) {
  const mine = ++turns;
  const shown = await piece("/thread", { service, handset });
  if (mine !== turns) return;
  leave();
  open = { service, handset };
  thread.replaceChildren(shown);
  tellTimes(thread);
  const messages = document.getElementById("messages");
  messages.addEventListener("scroll", () => {
    if (messages.scrollTop < 400) loadOlder(messages.querySelector(".older"));
  }, { passive: true });
  toTheEnd(messages);
  const form = document.getElementById("answer");
  composer = new Composer(form, { drop: thread, send: (data) => answer(form, data) });
  composer.restore(drafts.get(`${service}#${handset}`));
}

export function closeThread() {
  turns++;
  leave();
  open = null;
}

function leave() {
  if (open && composer) drafts.set(`${open.service}#${open.handset}`, composer.leave());
  composer = null;
}

export function writeAnswer() {
  document.getElementById("answer-text")?.focus();
}

// A message of this conversation has come, changed or gone.
export async function renewMessage(pk, sk) {
  const mine = turns;
  const fresh = (await piece("/message", { pk, sk })).firstElementChild;
  const messages = document.getElementById("messages");
  if (mine !== turns || !messages) return;
  if (fresh) holdingTheEnd(messages, () => merge(messages, fresh));
  else find(messages, `${pk}|${sk}`)?.remove();
}

// Changes may have been missed: the newest messages are looked at anew, and the reader stays where they are.
export async function catchUp() {
  if (!open) return;
  const mine = turns;
  const shown = await piece("/thread", open);
  const messages = document.getElementById("messages");
  if (mine !== turns || !messages) return;
  const newest = [...shown.querySelectorAll(".message")];
  if (newest.length && !newest.some((each) => find(messages, each.dataset.key))) {
    await loadThread(open.service, open.handset);
  } else holdingTheEnd(messages, () => { for (const each of newest) merge(messages, each); });
}

function holdingTheEnd(messages, change) {
  const atTheEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < AT_THE_END;
  change();
  if (atTheEnd) toTheEnd(messages);
}

function merge(messages, fresh) {
  tellTimes(fresh);
  const standing = find(messages, fresh.dataset.key);
  if (!standing) return place(messages, fresh);
  if (!sameContents(standing, fresh)) {
    standing.replaceWith(fresh);
    return place(messages, fresh);
  }
  // What plays goes on playing, and what is looked at stays open.
  const inside = standing.querySelector("details[data-details][open] .inside");
  standing.querySelector("footer").replaceWith(fresh.querySelector("footer"));
  standing.dataset.order = fresh.dataset.order;
  if (fresh.dataset.mtId) standing.dataset.mtId = fresh.dataset.mtId;
  if (inside) {
    standing.querySelector(".inside").replaceWith(inside);
    standing.querySelector("details[data-details]").open = true; // and is asked for anew
  }
  return place(messages, standing);
}

function find(messages, key) {
  return messages.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

// A report has come that may change nothing but the list of reports.
export function renewDetails(mtId) {
  const message = document.querySelector(`#messages [data-mt-id="${CSS.escape(mtId)}"]`);
  const details = message?.querySelector("details[data-details][open]");
  if (details) loadDetails(details);
}

function sameContents(one, other) {
  const contents = (message) => {
    const copy = message.querySelector("article").cloneNode(true);
    copy.querySelector("footer").remove();
    return copy.innerHTML;
  };
  return contents(one) === contents(other);
}

// By its time, among those that are loaded.
function place(messages, message) {
  const next = [...messages.querySelectorAll(".message")].find(
    (each) => each !== message && each.dataset.order > message.dataset.order,
  );
  if (next) {
    if (message.nextElementSibling !== next) next.before(message);
  } else if (messages.lastElementChild !== message) messages.append(message);
}

async function answer(form, data) {
  data.append("requestId", form.dataset.requestId);
  const said = await post("/send", data); // without an answer the id stays: what is sent once more is sent once
  form.dataset.requestId = said.nextRequestId;
  if (said.problem) throw new Error(said.problem);
}

async function loadOlder(marker) {
  if (!marker || marker.dataset.loading) return;
  marker.dataset.loading = "yes";
  const mine = turns;
  const messages = document.getElementById("messages");
  try {
    const shown = await piece("/thread", { ...open, after: marker.dataset.after });
    if (mine !== turns) return;
    tellTimes(shown);
    const fromTheEnd = messages.scrollHeight - messages.scrollTop;
    marker.replaceWith(shown);
    messages.scrollTop = messages.scrollHeight - fromTheEnd;
  } catch (error) {
    delete marker.dataset.loading;
    marker.querySelector("button").textContent = `${error.message} Try again.`;
  }
}

async function loadDetails(details) {
  const { pk, sk } = details.closest(".message").dataset;
  const inside = details.querySelector(".inside");
  try {
    const shown = await piece("/details", { pk, sk });
    tellTimes(shown);
    inside.replaceChildren(shown);
    details.closest(".message").scrollIntoView({ block: "nearest" });
  } catch (error) {
    inside.textContent = error.message;
  }
}

// Pictures come later and push the end down; it is held until the reader scrolls.
function toTheEnd(messages) {
  const hold = () => { messages.scrollTop = messages.scrollHeight; };
  hold();
  const observer = new ResizeObserver(hold);
  for (const picture of messages.querySelectorAll("img, video")) observer.observe(picture);
  const leave = () => observer.disconnect();
  for (const sign of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    messages.addEventListener(sign, leave, { once: true, passive: true });
  }
  setTimeout(leave, 3000);
}
