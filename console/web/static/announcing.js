// What has happened, for those who can't see it: said once, also where the same is said again.

const announcements = document.getElementById("announcements");

export function announce(words) {
  announcements.textContent = "";
  setTimeout(() => { announcements.textContent = words; }, 50);
}
