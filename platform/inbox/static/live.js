// Keeps an open page up to date: the server says (server-sent events) which part changed, with its new HTML.
// data-live is the address, data-known what the page shows already; parts are data-part="talk". Without this, reload.
const AGAIN = 30000;
const root = document.querySelector("[data-live]");
const parts = new Map([...document.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
const held = new Map();
let source, known = root?.dataset.known ?? "", timer;

const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 80;
const paneOf = (part) => part.closest(".body") ?? document.scrollingElement;
const isInUse = (part) => part.contains(document.activeElement) || part.querySelector("details[open]");

function put(part, html) {
  const pane = paneOf(part);
  const follow = "follow" in part.dataset && atEnd(pane);
  part.innerHTML = html;
  if (follow) pane.scrollTop = pane.scrollHeight;
}

// What somebody is just using is not taken from under their hands: it waits until they leave it.
function show() {
  for (const [name, html] of held) {
    const part = parts.get(name);
    if (part && isInUse(part)) continue;
    held.delete(name);
    if (part) put(part, html);
  }
}

// Where somebody reads the latest, a picture that has only now its height does not push it out of sight.
function keepAtEnd(part, pane) {
  let follows = true;
  pane.scrollTop = pane.scrollHeight;
  pane.addEventListener("scroll", () => { follows = atEnd(pane); });
  part.addEventListener("load", () => { if (follows) pane.scrollTop = pane.scrollHeight; }, true);
}

function close() {
  clearTimeout(timer);
  source?.close();
  source = undefined;
}

function open() {
  if (source || document.visibilityState !== "visible") return;
  const address = new URL(root.dataset.live, location.href);
  address.searchParams.set("known", known);
  source = new EventSource(address);
  source.addEventListener("part", (event) => {
    known = event.lastEventId;
    const { name, html, ...more } = JSON.parse(event.data);
    held.set(name, html);
    show();
    document.dispatchEvent(new CustomEvent("engawa:live", { detail: more }));
  });
  source.addEventListener("gone", later);
  // A dropped connection comes back by itself, with the last id; a refused one does not.
  source.addEventListener("error", () => { if (source?.readyState === EventSource.CLOSED) later(); });
}

function later() {
  close();
  timer = setTimeout(open, AGAIN);
}

if (root) {
  for (const part of parts.values()) {
    if ("follow" in part.dataset && part.closest(".body")) keepAtEnd(part, paneOf(part));
    part.addEventListener("focusout", () => setTimeout(show));
    part.addEventListener("toggle", () => setTimeout(show), true);
  }
  // A hidden page holds no connection: browsers allow six of them to one host.
  document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? open() : close()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
}
