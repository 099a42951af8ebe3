// Times as the reader's clock has them; the title tells the whole, in UTC.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const year = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function tellTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    element.textContent = "exact" in element.dataset ? exact.format(moment) : short(moment);
    element.title = `${element.dateTime} (UTC)`;
  }
}

function short(moment) {
  const now = new Date();
  if (moment.toDateString() === now.toDateString()) return clock.format(moment);
  return moment.getFullYear() === now.getFullYear()
    ? `${day.format(moment)}, ${clock.format(moment)}`
    : year.format(moment);
}
