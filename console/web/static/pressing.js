// Nothing is put in another place while a control is pressed: a browser makes no click of a press whose target was moved.

const CONTROLS = "a, button, input, label, summary"; // what a click is for; the release of a scrollbar is never told

let pressed = null;
let release = () => {};

document.addEventListener("pointerdown", (event) => {
  if (pressed || !event.target.closest(CONTROLS)) return;
  pressed = new Promise((done) => { release = done; });
}, { capture: true });
for (const kind of ["pointerup", "pointercancel", "dragstart"]) {
  document.addEventListener(kind, () => setTimeout(end), { capture: true }); // the click comes first
}
document.addEventListener("pointermove", (event) => { if (!event.buttons) end(); }, { capture: true });
window.addEventListener("blur", end); // released where nobody tells this page

function end() {
  pressed = null;
  release();
}

export async function untilReleased() {
  while (pressed) await pressed;
}
