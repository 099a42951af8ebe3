// The customer's handset: what it shows is asked of the simulator while somebody looks.

import { Composer } from "./composer.js";
import { ask, post } from "./fetching.js";

const POLL = 700; // milliseconds

const phone = document.getElementById("phone");
const bubbles = document.getElementById("bubbles");
const mine = document.getElementById("my-number");
const to = document.getElementById("to-number");
const outcome = document.getElementById("outcome");
const effect = document.getElementById("effect");
let shown = { of: "", tag: "" };

export function startPhone() {
  const form = document.getElementById("compose");
  new Composer(form, {
    drop: phone,
    send: async (data) => {
      data.append("handset", mine.value);
      data.append("service", to.value);
      await post("/phone/send", data);
      await look();
    },
  });
  document.getElementById("numbers").addEventListener("input", () => look());
  document.getElementById("numbers").addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("network").addEventListener("submit", (event) => event.preventDefault());
  outcome.addEventListener("change", choose);
  bubbles.addEventListener("click", async (event) => {
    const fetch = event.target.closest("[data-fetch]");
    if (!fetch) return;
    fetch.disabled = true;
    const form = new FormData();
    form.append("request", fetch.dataset.fetch);
    await post("/phone/fetch", form);
    await look();
  });
  if (window.matchMedia("(max-width: 60rem)").matches) togglePhone();
  watch();
}

export function togglePhone() {
  phone.hidden = !phone.hidden;
  document.getElementById("panes").classList.toggle("with-phone", !phone.hidden);
  document.getElementById("toggle-phone").setAttribute("aria-pressed", String(!phone.hidden));
}

export function writeOnPhone(numbers) {
  if (phone.hidden) togglePhone();
  if (numbers) {
    mine.value = numbers.handset;
    to.value = numbers.service;
    look();
  }
  document.getElementById("phone-text").focus();
}

async function watch() {
  if (!phone.hidden && !document.hidden) await look();
  setTimeout(watch, POLL);
}

async function look() {
  const of = `${mine.value.trim()}|${to.value.trim()}`;
  const tag = shown.of === of ? shown.tag : "";
  try {
    const query = new URLSearchParams({ handset: mine.value, service: to.value });
    const answer = await ask(`/phone/screen?${query}`, { headers: { "If-None-Match": tag }, cache: "no-store" });
    if (document.activeElement !== outcome) tellOutcome(answer.headers.get("X-Phone-Outcome"));
    if (answer.status === 304) return;
    const atTheEnd = bubbles.scrollHeight - bubbles.scrollTop - bubbles.clientHeight < 80;
    bubbles.innerHTML = await answer.text();
    if (atTheEnd || shown.of !== of) {
      bubbles.scrollTop = bubbles.scrollHeight;
      for (const picture of bubbles.querySelectorAll("img")) {
        picture.addEventListener("load", () => { bubbles.scrollTop = bubbles.scrollHeight; }, { once: true });
      }
    }
    shown = { of, tag: answer.headers.get("ETag") ?? "" };
  } catch (error) {
    bubbles.textContent = error.message;
    shown = { of: "", tag: "" };
  }
}

async function choose() {
  const form = new FormData();
  form.append("handset", mine.value);
  form.append("outcome", outcome.value);
  try {
    effect.textContent = (await post("/phone/outcome", form)).effect;
  } catch (error) {
    effect.textContent = error.message;
  }
}

function tellOutcome(name) {
  if (!name || outcome.value === name) return;
  outcome.value = name;
  effect.textContent = outcome.selectedOptions[0]?.dataset.effect ?? "";
}
