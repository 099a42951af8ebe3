// The list at the left: newest first, more as it is scrolled, each row renewed when its conversation changes.

import { json, piece } from "./fetching.js";
import { tellTimes } from "./times.js";

const list = document.getElementById("conversations");
const state = document.getElementById("list-state");
const query = document.getElementById("query");
const service = document.getElementById("service");
const MANY = 20; // rows that have changed at once: then the list is fetched anew

let open = null; // {service, handset}
let asked = 0;
const changed = new Map();
let renewing = false;

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
  new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) loadMore(list.querySelector(".more"));
  }, { root: document.getElementById("list"), rootMargin: "600px" }).observe(state);
}

export async function loadList() {
  const mine = ++asked;
  try {
    const rows = await piece("/conversations", { q: query.value.trim(), service: service.value });
    if (mine !== asked) return;
    list.replaceChildren(rows);
    arrange();
    await fillServices();
  } catch (error) {
    state.textContent = error.message;
  }
}

// A conversation has changed: its row is renewed soon, together with the others that change meanwhile.
export function renewRow(conversation) {
  changed.set(`${conversation.service}#${conversation.handset}`, conversation);
  if (!renewing) {
    renewing = true;
    setTimeout(renewRows, 150);
  }
}

export function markOpen(conversation) {
  open = conversation;
  for (const row of list.querySelectorAll("li[data-handset]")) {
    const link = row.querySelector("a");
    if (open && row.dataset.service === open.service && row.dataset.handset === open.handset) {
      link.setAttribute("aria-current", "true");
    } else link.removeAttribute("aria-current");
  }
}

async function renewRows() {
  const rows = [...changed.values()];
  changed.clear();
  try {
    if (rows.length > MANY) await loadList();
    else if (!query.value.trim()) await Promise.all(rows.map(renew));
  } catch (error) {
    state.textContent = error.message;
  }
  renewing = changed.size > 0;
  if (renewing) setTimeout(renewRows, 150);
}

async function renew(conversation) {
  if (service.value && service.value !== conversation.service) return;
  const fresh = (await piece("/conversation", conversation)).firstElementChild;
  const standing = row(conversation);
  const hadFocus = standing?.contains(document.activeElement);
  standing?.remove();
  if (fresh) {
    const rows = [...list.querySelectorAll("li[data-order]")];
    const below = rows.find((each) => each.dataset.order <= fresh.dataset.order);
    const more = list.querySelector(".more");
    if (below) below.before(fresh);
    else if (more) return arrange(); // older than all that is shown
    else list.append(fresh);
    if (hadFocus) fresh.querySelector("a").focus();
  }
  arrange();
}

async function loadMore(marker) {
  if (!marker || marker.dataset.loading) return;
  marker.dataset.loading = "yes";
  const mine = asked;
  try {
    const rows = await piece("/conversations", { before: marker.dataset.before, service: service.value });
    if (mine !== asked) return;
    marker.remove();
    const shown = new Set([...list.children].map((each) => `${each.dataset.service}#${each.dataset.handset}`));
    for (const each of [...rows.children]) {
      if (!shown.has(`${each.dataset.service}#${each.dataset.handset}`)) list.append(each);
    }
    arrange();
  } catch (error) {
    delete marker.dataset.loading;
    state.textContent = error.message;
  }
}

function arrange() {
  tellTimes(list);
  markOpen(open);
  const count = list.querySelectorAll("li[data-handset]").length;
  const nothing = query.value.trim() ? "No such number." : "No conversations yet.";
  state.textContent = count ? "" : nothing;
}

function row(conversation) {
  return [...list.querySelectorAll("li[data-handset]")].find(
    (each) => each.dataset.service === conversation.service && each.dataset.handset === conversation.handset,
  );
}

function step(by) {
  const links = [...list.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}

async function fillServices() {
  const there = new Set([...service.options].map((option) => option.value));
  for (const each of await json("/services")) if (!there.has(each)) service.add(new Option(each, each));
  service.hidden = service.options.length <= 2;
}
