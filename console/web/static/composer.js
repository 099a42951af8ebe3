// A form in which a message is written: files by button, by drop and by paste, their size, one send at a time.

import { complain } from "./fetching.js";

const OVERHEAD = 400; // bytes that headers and boundaries take, about
const PER_PART = 150;

export class Composer {
  constructor(form, { drop = form, send }) {
    this.form = form;
    this.files = [];
    this.text = form.querySelector("textarea");
    this.problem = form.querySelector(".problem");
    this.list = form.querySelector("[data-files]");
    this.send = send;
    this.left = new AbortController();
    const { signal } = this.left;
    const input = form.querySelector("input[type=file]");
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = "";
    });
    this.text.addEventListener("input", () => this.measure());
    this.text.addEventListener("paste", (event) => this.add(event.clipboardData.files));
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    drop.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      drop.classList.add("dropping");
    }, { signal });
    drop.addEventListener("dragleave", (event) => {
      if (!drop.contains(event.relatedTarget)) drop.classList.remove("dropping");
    }, { signal });
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("dropping");
      this.add(event.dataTransfer.files);
    }, { signal });
    this.measure();
  }

  // What has been written so far, for `restore`; the form is done with.
  leave() {
    this.left.abort();
    return { texts: this.texts().map((field) => field.value), files: this.files, requestId: this.form.dataset.requestId };
  }

  restore(draft) {
    if (!draft) return;
    this.texts().forEach((field, index) => { field.value = draft.texts[index]; });
    if (draft.requestId) this.form.dataset.requestId = draft.requestId;
    this.add(draft.files);
  }

  texts() {
    return [...this.form.querySelectorAll("textarea, input:not([type=file], [type=hidden])")];
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

  async submit() {
    if (this.sending || (!this.text.value.trim() && !this.files.length)) return;
    this.sending = true;
    this.form.classList.add("sending");
    const data = new FormData(this.form);
    data.delete("files");
    for (const file of this.files) data.append("files", file, file.name);
    try {
      await this.send(data);
      complain(this.problem, null);
      this.form.reset();
      this.files = [];
      this.add([]);
    } catch (error) {
      complain(this.problem, error);
    }
    this.sending = false;
    this.form.classList.remove("sending");
    this.text.focus();
  }
}

export function bytes(size) {
  if (size < 1000) return `${size} bytes`;
  return size < 1_000_000 ? `${Math.round(size / 1000)} KB` : `${(size / 1_000_000).toFixed(1)} MB`;
}
