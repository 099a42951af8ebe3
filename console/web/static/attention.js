// What needs attention, and what a person decides about it.

import { announce } from "./announcing.js";
import { complain, json, piece, post } from "./fetching.js";
import { untilReleased } from "./pressing.js";
import { tellTimes } from "./times.js";

const section = document.getElementById("attention");
const button = document.getElementById("open-attention");
const count = document.getElementById("attention-count");
let pending = false;
let questions = 0;
let wanted = {}; // the message that somebody wants to see, be it among the oldest or not

export function startAttention(showConversation) {
  section.addEventListener("click", (event) => {
    const link = event.target.closest("[data-conversation]");
    if (link) {
      event.preventDefault();
      const query = new URL(link.href).searchParams;
      showConversation(query.get("service"), query.get("handset"));
    }
    const orphans = event.target.closest("[data-orphans]");
    if (orphans) findOrphans(orphans);
    const all = event.target.closest("[data-dismiss-all]");
    if (all) dismissAll(all.closest("section"), all.textContent);
    const chosen = event.target.closest("[data-mt-id]");
    if (chosen) chosen.closest("form").elements.mtId.value = chosen.dataset.mtId;
  });
  section.addEventListener("submit", (event) => {
    event.preventDefault();
    settle(event.target, event.submitter);
  });
}

export async function loadAttention() {
  const question = ++questions;
  try {
    const shown = await piece("/attention", wanted);
    await untilReleased();
    if (question === questions) show(shown);
  } catch (error) {
    section.querySelector("[data-state]")?.replaceChildren(error.message);
  }
}

// Something has changed: the list is looked at again soon, once for all that changes meanwhile.
export function renewAttention() {
  if (pending) return;
  pending = true;
  setTimeout(async () => {
    pending = false;
    await loadAttention();
  }, 400);
}

export async function pointOut(item) {
  wanted = item ? { pk: item.pk, sk: item.sk } : {};
  await loadAttention();
  await untilReleased();
  const entry = item && find(item);
  entry?.scrollIntoView({ block: "center" });
  (entry ? control(entry) : section).focus();
}

function show(shown) {
  tellTimes(shown);
  const { total, more } = shown.querySelector("[data-total]").dataset;
  count.textContent = `${total}${more ? "+" : ""}`;
  count.hidden = total === "0";
  button.title = total === "0" ? "Nothing needs attention" : `${count.textContent} need attention`;
  const focused = document.activeElement;
  const top = section.querySelector(".needs-list")?.scrollTop ?? 0;
  for (const fresh of shown.querySelectorAll("li[data-pk]")) { // what somebody is at stays as it is
    const standing = find(fresh.dataset);
    const same = standing?.dataset.since === fresh.dataset.since && standing.dataset.status === fresh.dataset.status;
    if (same) fresh.replaceWith(standing);
  }
  section.replaceChildren(shown);
  section.querySelector(".needs-list").scrollTop = top;
  if (section.contains(focused)) focused.focus({ preventScroll: true });
}

function find({ pk, sk }) {
  return section.querySelector(`li[data-pk="${CSS.escape(pk)}"][data-sk="${CSS.escape(sk)}"]`);
}

function control(entry) {
  return entry.querySelector("button, input:not([type=hidden])");
}

async function settle(form, chosen) {
  const problem = form.querySelector(".problem");
  const data = new FormData(form, chosen);
  if (chosen?.value === "accepted" && !data.get("mtId")) {
    complain(problem, new Error("Give the mtId that OpenMarket told."));
    form.elements.mtId.focus();
    return;
  }
  if (chosen?.dataset.confirm && !window.confirm(chosen.dataset.confirm)) return;
  for (const each of form.querySelectorAll("button")) each.disabled = true;
  try {
    await post("/resolve", data);
    const entry = form.closest("li");
    const next = entry.nextElementSibling ?? entry.previousElementSibling;
    entry.remove();
    announce("Settled");
    if (next) control(next).focus();
    else section.focus();
    await loadAttention();
  } catch (error) {
    complain(problem, error);
    for (const each of form.querySelectorAll("button")) each.disabled = false;
  }
}

// Those that are shown, and only as they are shown: what has changed since stays, and says so.
async function dismissAll(kind, words) {
  if (!window.confirm(`${words}? They are taken off this list; the messages stay.`)) return;
  let left = 0;
  for (const form of kind.querySelectorAll("form.settle")) {
    const data = new FormData(form);
    data.set("action", "close");
    try {
      await post("/resolve", data);
    } catch (error) {
      left += 1;
      complain(form.querySelector(".problem"), error);
    }
  }
  announce(left ? `${left} could not be dismissed` : "Dismissed");
  section.focus();
  await loadAttention();
}

async function findOrphans(search) {
  const form = search.closest("form");
  const list = form.querySelector(".orphans");
  search.disabled = true;
  search.textContent = "Looking …";
  try {
    const found = await json("/orphans", { pk: form.elements.pk.value });
    list.replaceChildren(...found.map(orphan));
    if (!found.length) list.append(Object.assign(document.createElement("li"), { textContent: "None was found." }));
    list.hidden = false;
  } catch (error) {
    complain(form.querySelector(".problem"), error);
  }
  search.disabled = false;
  search.textContent = "Look again";
}

function orphan(report) {
  const item = document.createElement("li");
  const take = document.createElement("button");
  take.type = "button";
  take.dataset.mtId = report.mtId;
  take.textContent = `mtId ${report.mtId}`;
  item.append(take, ` ${report.status} ${report.date ?? report.receivedAt}`);
  return item;
}
