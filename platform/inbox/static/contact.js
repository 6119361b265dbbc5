// The contact page: what is written stands there at once and is sent without a reload, in order and once, also when
// the line was gone meanwhile. Without this the form is sent as forms are.
import { newId, outbox } from "./outbox.js";

const form = document.getElementById("chat");
const list = document.querySelector("[data-pending]");
const part = document.querySelector("[data-part=talk]");
const status = document.querySelector("[data-said]");
const [SENDING, FAILED, AGAIN, PICTURE, OFFLINE] = status.dataset.words.split("|");
const UNSENT = "engawa-unsent";
const token = form.elements._csrf_token.value;

const kept = {
  load: () => JSON.parse(sessionStorage.getItem(UNSENT) ?? "[]"),
  save: (items) => sessionStorage.setItem(UNSENT, JSON.stringify(items)),
};

const post = (path, fields) => {
  const body = new FormData();
  for (const [name, value] of Object.entries({ _csrf_token: token, ...fields })) body.append(name, value);
  return fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
};

async function send({ id, body, file }) {
  const answer = await post("/contact/messages", { key: id, body: body ?? "", ...(file ? { picture: file } : {}) });
  if (answer.ok) return "sent";
  if (answer.status >= 500 || answer.status === 408) return "again";
  return (await answer.json().catch(() => ({}))).detail || FAILED;
}

const here = () => new Set([...(part?.querySelectorAll("[data-key]") ?? [])].map((li) => li.dataset.key));

function bubble(one) {
  const li = document.createElement("li"), box = document.createElement("div"), note = document.createElement("span");
  li.dataset.from = "customer";
  li.dataset.state = one.refused ? "failed" : "sending";
  box.className = "bubble";
  box.textContent = one.body || `${PICTURE} ${one.file?.name ?? ""}`;
  note.className = "small muted";
  note.textContent = one.refused || (queue.isStuck() ? OFFLINE : SENDING);
  li.append(box, note);
  if (one.refused) {
    const again = document.createElement("button");
    again.type = "button";
    again.className = "button quiet small";
    again.textContent = AGAIN;
    again.addEventListener("click", () => queue.again(one));
    li.append(again);
  }
  return li;
}

function draw() {
  const shown = here(), items = queue.items().filter((one) => !shown.has(one.id) && !shown.has(`${one.id}p`));
  if (!list) {
    if (!items.length) location.reload();  // the first message: now there is a talk
    return;
  }
  list.hidden = !items.length;
  list.replaceChildren(...items.map(bubble));
  status.textContent = items.some((one) => one.refused) ? FAILED : items.length ? (queue.isStuck() ? OFFLINE : SENDING) : "";
}

const queue = outbox({ kept, send, changed: draw });
if (list) draw();

form.addEventListener("submit", (event) => {
  const body = form.elements.body.value.trim(), file = form.elements.picture.files[0];
  event.preventDefault();
  if (!body && !file) {
    form.elements.body.focus();
    return;
  }
  if (body) queue.add({ id: newId(), body });
  if (file) queue.add({ id: newId(), file });
  form.reset();
  form.elements.body.value = "";
  form.elements.body.focus();
});

// What is new is read out, and counts as seen where it can be seen.
function news() {
  const last = part.querySelector(".talk > li:last-child");
  if (last && last.dataset.from !== "customer") status.textContent = last.querySelector(".bubble").textContent;
  draw();
}

if (part) {
  new MutationObserver(news).observe(part, { childList: true });
  document.addEventListener("engawa:live", (event) => {
    if (event.detail.number) post("/contact/seen", { number: event.detail.number }).catch(() => {});
  });
}
