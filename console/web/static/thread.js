// The conversation that is open: its messages oldest first, older ones as it is scrolled up, each renewed as it changes.

import { Composer } from "./composer.js";
import { piece, post } from "./fetching.js";
import { untilReleased } from "./pressing.js";
import { tellTimes } from "./times.js";

const thread = document.getElementById("thread");
const welcome = [...thread.children];
const AT_THE_END = 80; // pixels
const SOON = 80; // milliseconds
const MANY = 20; // messages that have changed at once: then the newest are fetched together

let open = null; // {service, handset}: of what the pane shows, or is about to show
let turns = 0;
let composer = null;
const told = new Set(); // messages that have changed, and are asked for soon
let renewing = 0;
const drafts = new Map(); // what was begun to be written, by conversation
const questions = new Map(); // how often a message was asked for: only the last answer counts
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

// From its first moment the pane is this conversation's: nothing that is written can go to the one before.
export async function loadThread(service, handset) {
  const mine = ++turns;
  leave();
  open = { service, handset };
  told.clear();
  const waiting = document.createElement("p");
  waiting.className = "state";
  waiting.textContent = `Loading the conversation with ${handset} …`;
  thread.replaceChildren(waiting);
  let shown;
  try {
    shown = await piece("/thread", open);
  } catch (error) {
    if (mine === turns) waiting.textContent = error.message;
    return;
  }
  if (mine !== turns) return;
  thread.replaceChildren(shown);
  tellTimes(thread);
  const messages = document.getElementById("messages");
  messages.addEventListener("scroll", () => {
    if (messages.scrollTop < 400) loadOlder(messages.querySelector(".older"));
  }, { passive: true });
  toTheEnd(messages);
  const form = document.getElementById("answer");
  if (form) {
    composer = new Composer(form, { drop: thread, send: answer });
    composer.restore(drafts.get(name(open)));
  }
  if (told.size) await renewTold(); // what came while the thread was on its way
}

export function closeThread() {
  turns++;
  leave();
  open = null;
  thread.replaceChildren(...welcome);
}

export function writeAnswer() {
  document.getElementById("answer-text")?.focus();
}

export function hasDrafts() {
  return Boolean((composer && !composer.isEmpty()) || composer?.sending);
}

function leave() {
  if (open && composer) drafts.set(name(open), composer.leave());
  composer = null;
}

function name(conversation) {
  return `${conversation.service}#${conversation.handset}`;
}

// A message of this conversation has come, changed or gone: it is asked for soon, with those that change meanwhile.
export function renewMessage(pk, sk) {
  told.add(`${pk}|${sk}`);
  clearTimeout(renewing);
  renewing = setTimeout(renewTold, told.size > MANY ? 10 * SOON : SOON);
}

async function renewTold() {
  const messages = document.getElementById("messages");
  if (!messages) return;
  let keys = [...told];
  told.clear();
  try {
    if (keys.length > MANY) {
      await catchUp(); // a flood: beyond the newest only some that are shown
      keys = keys.filter((key) => find(messages, key)).slice(-MANY);
    }
    await Promise.all(keys.map(renew));
  } catch {
    for (const key of keys) told.add(key);
    renewing = setTimeout(renewTold, 30 * SOON);
  }
}

async function renew(key) {
  const mine = turns;
  const question = ask(key);
  const [pk, sk] = key.split("|");
  const fresh = (await piece("/message", { pk, sk })).firstElementChild;
  await untilReleased();
  const messages = document.getElementById("messages");
  if (mine !== turns || !messages || questions.get(key) !== question) return;
  if (fresh) holdingTheEnd(messages, () => merge(messages, fresh));
  else find(messages, key)?.remove();
}

// Changes may have been missed: the newest messages are looked at anew, and the reader stays where they are.
export async function catchUp() {
  if (!open || !document.getElementById("messages")) return;
  const mine = turns;
  const before = new Map(questions);
  const shown = await piece("/thread", open);
  await untilReleased();
  const messages = document.getElementById("messages");
  if (mine !== turns || !messages) return;
  const newest = [...shown.querySelectorAll(".message")];
  if (newest.length && !newest.some((each) => find(messages, each.dataset.key))) {
    await loadThread(open.service, open.handset);
    return;
  }
  const stillNew = newest.filter(({ dataset }) => questions.get(dataset.key) === before.get(dataset.key));
  holdingTheEnd(messages, () => stillNew.forEach((each) => merge(messages, each)));
}

function ask(key) {
  const question = (questions.get(key) ?? 0) + 1;
  questions.set(key, question);
  return question;
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
  const focused = standing.contains(document.activeElement) ? focusable(document.activeElement) : null;
  const inside = standing.querySelector("details[data-details][open] .inside");
  let now = standing;
  if (sameContents(standing, fresh)) { // what plays goes on playing
    standing.querySelector("footer").replaceWith(fresh.querySelector("footer"));
    standing.dataset.order = fresh.dataset.order;
    if (fresh.dataset.mtId) standing.dataset.mtId = fresh.dataset.mtId;
  } else {
    standing.replaceWith(fresh);
    now = fresh;
  }
  if (inside) { // what is looked at stays open, and is asked for anew
    now.querySelector(".inside").replaceWith(inside);
    now.querySelector("details[data-details]").open = true;
  }
  place(messages, now);
  if (focused) (now.querySelector(focused) ?? messages).focus({ preventScroll: true });
  return undefined;
}

function focusable(element) {
  return element.matches("[data-attention]") ? "[data-attention]" : "details[data-details] > summary";
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

// The id of the form's next message; without an answer the id stays: what is sent once more is sent once.
async function answer(data, requestId) {
  data.append("requestId", requestId);
  const said = await post("/send", data);
  if (said.problem) throw Object.assign(new Error(said.problem), { requestId: said.nextRequestId });
  return said.nextRequestId;
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
  const leaveIt = () => observer.disconnect();
  for (const sign of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    messages.addEventListener(sign, leaveIt, { once: true, passive: true });
  }
  setTimeout(leaveIt, 3000);
}
