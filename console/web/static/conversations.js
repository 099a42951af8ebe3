// The list at the left: newest first, more as it is scrolled, each row renewed when its conversation changes.

import { json, piece } from "./fetching.js";
import { untilReleased } from "./pressing.js";
import { tellTimes } from "./times.js";

const list = document.getElementById("conversations");
const state = document.getElementById("list-state");
const query = document.getElementById("query");
const service = document.getElementById("service");
const NEAR = 600; // pixels from the list's end at which more is fetched
const AFTER_A_FAILURE = 2000; // milliseconds
const MANY = 20; // rows that have changed at once: then the list is fetched anew

let open = null; // {service, handset}
let asked = 0;
let rows = new Map(); // by conversation: a list of 10,000 is not to be looked through for each of them
const changed = new Map();
let renewing = false;
let loading = 0;
const meanwhile = new Map(); // conversations that change while a list is on its way, which may not know of that yet

export function startConversations(show) {
  list.addEventListener("click", (event) => {
    const more = event.target.closest(".more button");
    if (more) return loadMore(more.closest(".more"));
    const row = event.target.closest("li[data-handset]");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return undefined;
    event.preventDefault();
    return show(row.dataset.service, row.dataset.handset);
  });
  list.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  });
  query.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") step(1);
  });
  document.getElementById("search").addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  });
  let pause = 0;
  query.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(loadList, 200);
  });
  service.addEventListener("change", loadList);
  document.getElementById("list").addEventListener("scroll", loadWhileNear, { passive: true });
}

export async function loadList() {
  const mine = ++asked;
  if (!rows.size) state.textContent = "Loading …";
  loading++;
  try {
    const fresh = await piece("/conversations", { q: query.value.trim(), service: service.value });
    if (mine !== asked) return;
    list.replaceChildren();
    rows = new Map();
    append(fresh);
    await fillServices();
  } catch (error) {
    state.textContent = error.message;
  } finally {
    loaded();
  }
}

function loaded() {
  if (--loading) return;
  for (const each of meanwhile.values()) renewRow(each);
  meanwhile.clear();
}

// Many have changed, or some may have been missed: the newest are put on top, and the reader stays where they are. Where
// one of them is as it was, all that is below it is as well; else the list begins anew.
export async function catchUpList() {
  if (query.value.trim()) return;
  const mine = asked;
  loading++;
  let fresh;
  try {
    fresh = await piece("/conversations", { service: service.value });
    await untilReleased();
  } finally {
    loaded();
  }
  if (mine !== asked) return;
  state.textContent = "";
  const newest = [...fresh.querySelectorAll("li[data-handset]")];
  if (!newest.some((each) => rows.get(key(each.dataset))?.dataset.order === each.dataset.order)) {
    await loadList();
    return;
  }
  const focused = document.activeElement?.closest("li[data-handset]")?.dataset;
  for (const each of newest) rows.get(key(each.dataset))?.remove();
  newest.forEach(dress);
  list.prepend(...newest);
  if (focused) rows.get(key(focused))?.querySelector("a").focus({ preventScroll: true });
  await fillServices();
}

// A conversation has changed: its row is renewed soon, together with the others that change meanwhile.
export function renewRow(conversation) {
  changed.set(key(conversation), conversation);
  if (loading) meanwhile.set(key(conversation), conversation);
  if (!renewing) {
    renewing = true;
    setTimeout(renewRows, 150);
  }
}

export function markOpen(conversation) {
  for (const [each, current] of [[open, false], [conversation, true]]) {
    const link = each && rows.get(key(each))?.querySelector("a");
    if (current) link?.setAttribute("aria-current", "true");
    else link?.removeAttribute("aria-current");
  }
  open = conversation;
}

async function renewRows() {
  const conversations = [...changed.values()];
  changed.clear();
  const searching = query.value.trim() !== "";
  try {
    if (conversations.length > MANY) await catchUpList();
    // In a flood and in a search, some of those that are shown: where they stand may be as it was, what they say not.
    const shown = searching || conversations.length > MANY ? conversations.filter((each) => rows.has(key(each))) : conversations;
    await Promise.all(shown.slice(-MANY).map(renew));
  } catch (error) {
    state.textContent = error.message;
  }
  renewing = changed.size > 0;
  if (renewing) setTimeout(renewRows, 150);
}

async function renew(conversation) {
  if (service.value && service.value !== conversation.service) return;
  const fresh = (await piece("/conversation", conversation)).firstElementChild;
  await untilReleased();
  const standing = rows.get(key(conversation));
  const hadFocus = standing?.contains(document.activeElement);
  standing?.remove();
  rows.delete(key(conversation));
  if (fresh) {
    const below = [...list.children].find((each) => each.dataset.order <= fresh.dataset.order);
    const more = list.querySelector(".more");
    if (!below && more && !standing) return; // older than all that is shown: it comes with them
    dress(fresh);
    if (below ?? more) (below ?? more).before(fresh);
    else list.append(fresh);
    if (hadFocus) fresh.querySelector("a").focus();
  }
  tellState();
}

async function loadMore(marker) {
  if (!marker || marker.dataset.loading) return;
  marker.dataset.loading = "yes";
  const mine = asked;
  try {
    const fresh = await piece("/conversations", { before: marker.dataset.before, service: service.value });
    if (mine !== asked) return;
    marker.remove();
    append(fresh);
  } catch (error) {
    state.textContent = error.message;
    setTimeout(() => {
      delete marker.dataset.loading;
      loadWhileNear();
    }, AFTER_A_FAILURE);
  }
}

function loadWhileNear() {
  const pane = document.getElementById("list").getBoundingClientRect();
  const more = list.querySelector(".more");
  if (more && pane.height && state.getBoundingClientRect().top < pane.bottom + NEAR) loadMore(more);
}

function append(fresh) {
  for (const each of [...fresh.children]) {
    if (each.dataset.handset && rows.has(key(each.dataset))) each.remove();
    else if (each.dataset.handset) dress(each);
  }
  list.append(fresh);
  tellState();
  requestAnimationFrame(loadWhileNear); // a piece may be small, and its end in sight still
}

// A row's time as the reader's clock has it, its mark, its place in the map.
function dress(row) {
  rows.set(key(row.dataset), row);
  tellTimes(row);
  if (open && key(open) === key(row.dataset)) row.querySelector("a").setAttribute("aria-current", "true");
}

function tellState() {
  const nothing = query.value.trim()
    ? "Not among the conversations that were looked at. Give the whole number to find any."
    : "No conversations yet.";
  const more = list.querySelector(".more");
  state.textContent = rows.size || more ? "" : nothing;
  if (more && !rows.size) loadMore(more); // nothing yet as far as it was looked back
}

function key(conversation) {
  return `${conversation.service}#${conversation.handset}`;
}

function step(by) {
  const links = [...list.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}

async function fillServices() {
  const names = await json("/services");
  const there = new Set([...service.options].map((option) => option.value));
  for (const each of names) if (!there.has(each)) service.add(new Option(each, each));
}
