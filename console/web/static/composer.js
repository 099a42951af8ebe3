// A form in which a message is written: files by button, by drop and by paste, their size, one send at a time.

import { announce } from "./announcing.js";
import { complain } from "./fetching.js";

const OVERHEAD = 400; // bytes that headers and boundaries take, about
const PER_PART = 150;

export class Composer {
  // `send` takes the form's data and gives the id of the form's next message, or throws what went wrong; an error may
  // bring a `requestId` under which the same is to be sent next.
  constructor(form, { drop = form, send }) {
    this.form = form;
    this.send = send;
    this.files = [];
    this.away = null; // what was written so far, once the form is left
    this.text = form.querySelector("textarea");
    this.problem = form.querySelector(".problem");
    this.list = form.querySelector("[data-files]");
    this.left = new AbortController();
    this.listen(drop, this.left.signal);
    this.measure();
  }

  listen(drop, signal) {
    const { form } = this;
    const input = form.querySelector("input[type=file]");
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = "";
    });
    this.text.addEventListener("input", () => this.measure());
    this.text.addEventListener("paste", (event) => { // a spreadsheet's cells come as a picture as well
      if (!event.clipboardData.types.includes("text/plain")) this.add(event.clipboardData.files);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.closest("button, label")) return;
      const sends = event.ctrlKey || event.metaKey;
      if (sends || event.target !== this.text) event.preventDefault();
      if (sends && !event.repeat) form.requestSubmit(); // a key that is held is one wish
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    drop.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      drop.classList.add("dropping");
    }, { signal });
    drop.addEventListener("dragleave", (event) => {
      if (!drop.contains(event.relatedTarget)) drop.classList.remove("dropping");
    }, { signal });
    drop.addEventListener("drop", (event) => {
      drop.classList.remove("dropping");
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
    }, { signal });
  }

  // What has been written so far, for `restore`; the form is done with.
  leave() {
    this.left.abort();
    this.away = this.written();
    return this.away;
  }

  restore(draft) {
    if (!draft) return;
    if (draft.requestId) this.form.dataset.requestId = draft.requestId;
    this.giveBack(draft);
    if (draft.problem) complain(this.problem, new Error(draft.problem));
  }

  isEmpty() {
    return !this.files.length && this.fields().every((field) => !field.value.trim());
  }

  add(files) {
    this.files.push(...files);
    this.list.replaceChildren(...this.files.map((file) => this.chip(file)));
    this.measure();
  }

  remove(file) {
    this.files = this.files.filter((each) => each !== file);
    this.add([]);
    this.text.focus();
  }

  chip(file) {
    const chip = document.createElement("li");
    if (file.type.startsWith("image/") && file.type !== "image/svg+xml") {
      const picture = document.createElement("img");
      picture.src = URL.createObjectURL(file);
      picture.alt = "";
      picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
      chip.append(picture);
    }
    const name = document.createElement("span");
    name.textContent = `${file.name} (${bytes(file.size)})`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.addEventListener("click", () => this.remove(file));
    chip.append(name, remove);
    return chip;
  }

  // What it takes on the wire, about; the server counts exactly.
  measure() {
    const text = new TextEncoder().encode(this.text.value).length;
    const parts = this.files.length + (text ? 1 : 0);
    const size = this.files.reduce((sum, file) => sum + file.size, text + OVERHEAD + PER_PART * parts);
    const meter = this.form.querySelector("meter");
    if (!meter) return;
    const { most, safe } = document.body.dataset;
    meter.value = Math.min(size, Number(most));
    const verdict = size > Number(most) ? `over the ${bytes(Number(most))} that this gateway sends`
      : size > Number(safe) ? `over ${bytes(Number(safe))} some operators refuse it` : "safe with every operator";
    this.form.querySelector("output").textContent = parts ? `about ${bytes(size)}: ${verdict}` : "";
    this.form.classList.toggle("too-big", size > Number(most));
  }

  // What was written leaves the form at once, and comes back where it could not be sent: nothing that is written
  // meanwhile is lost, and nothing that was sent looks as if it were not.
  async submit() {
    if (this.sending || (!this.text.value.trim() && !this.files.length)) return;
    this.sending = true;
    this.form.classList.add("sending");
    const data = new FormData(this.form);
    data.delete("files");
    for (const file of this.files) data.append("files", file, file.name);
    const taken = this.take();
    try {
      const next = await this.send(data, taken.requestId);
      if (this.away) this.away.requestId = next;
      else if (next) this.form.dataset.requestId = next;
      complain(this.problem, null);
      announce("Sent");
    } catch (error) {
      taken.requestId = error.requestId ?? taken.requestId;
      this.comeBack(taken, error);
    }
    this.sending = false;
    this.form.classList.remove("sending");
    if (!this.away && document.activeElement === document.body) this.text.focus();
  }

  take() {
    const taken = this.written();
    for (const field of this.fields()) field.value = "";
    this.files = [];
    this.add([]);
    return taken;
  }

  comeBack(taken, error) {
    announce(`Not sent: ${error.message}`);
    if (this.away) {
      Object.assign(this.away, joined(taken, this.away), { requestId: taken.requestId, problem: error.message });
      return;
    }
    if (taken.requestId) this.form.dataset.requestId = taken.requestId;
    this.giveBack(joined(taken, this.take()));
    complain(this.problem, error);
  }

  giveBack({ texts, files }) {
    this.fields().forEach((field, index) => { field.value = texts[index]; });
    this.files = [];
    this.add(files);
  }

  written() {
    const { requestId } = this.form.dataset;
    return { texts: this.fields().map((field) => field.value), files: [...this.files], requestId };
  }

  fields() {
    return [...this.form.querySelectorAll("textarea, input:not([type=file], [type=hidden])")];
  }
}

function joined(first, second) {
  return {
    texts: first.texts.map((text, index) => [text, second.texts[index]].filter(Boolean).join("\n")),
    files: [...first.files, ...second.files],
  };
}

export function hasFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

export function bytes(size) {
  if (size < 1000) return `${size} bytes`;
  return size < 1_000_000 ? `${Math.round(size / 1000)} KB` : `${(size / 1_000_000).toFixed(1)} MB`;
}
