// Nothing is put in another place while it is pressed: a browser makes no click of a press whose target was moved.

const LONGEST = 1000; // milliseconds: a press on a scrollbar may never be told to have ended

let pressed = null;
let release = () => {};

document.addEventListener("pointerdown", () => {
  if (pressed) return;
  pressed = new Promise((done) => { release = done; });
  setTimeout(end, LONGEST);
}, { capture: true });
for (const kind of ["pointerup", "pointercancel"]) {
  document.addEventListener(kind, () => setTimeout(end), { capture: true }); // the click comes first
}

function end() {
  pressed = null;
  release();
}

export async function untilReleased() {
  while (pressed) await pressed;
}
