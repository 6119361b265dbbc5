// Asks every few seconds whether a part of the page changed, and puts the new one in its place.
// A part says where: data-live="…/news?version={version}"; a 204 means that nothing changed. Without this, reload.
const EVERY = 3000;
const parts = [...document.querySelectorAll("[data-live]")];

const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 80;

async function look(part) {
  const version = part.dataset.version ?? "";
  const response = await fetch(part.dataset.live.replace("{version}", version), { headers: { Accept: "text/html" } });
  if (response.status !== 200) return;
  const html = await response.text();
  if (html === part.dataset.seen || part.contains(document.activeElement) || part.querySelector("details[open]")) return;
  const pane = part.closest(".body") ?? document.scrollingElement;
  const follow = "follow" in part.dataset && atEnd(pane);
  part.dataset.seen = html;
  part.innerHTML = html;
  part.dataset.version = part.querySelector("[data-version]")?.dataset.version ?? version;
  if (follow) pane.scrollTop = pane.scrollHeight;
}

async function round() {
  if (document.visibilityState === "visible") {
    for (const part of parts) {
      try { await look(part); } catch { /* the network is away: the next round tries again */ }
    }
  }
  setTimeout(round, EVERY);
}

for (const part of parts) {
  const pane = part.closest(".body");
  if (pane && "follow" in part.dataset) pane.scrollTop = pane.scrollHeight;
}
if (parts.length) setTimeout(round, EVERY);
