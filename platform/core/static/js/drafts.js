// form[data-draft="key"] keeps what was typed in this browser until it was sent. Signing out forgets all drafts.
import { clock, say } from "./words.js";

const PREFIX = "draft:";
const SENT = "draft-sent";
const DAYS = 14;

for (const key of Object.keys(localStorage)) {
  if (key.startsWith(PREFIX) && Date.now() - (read(key)?.at ?? 0) > DAYS * 86_400_000) localStorage.removeItem(key);
}

const sent = sessionStorage.getItem(SENT);
sessionStorage.removeItem(SENT);
if (sent && !document.querySelector(`form[data-draft="${CSS.escape(sent)}"] :is([aria-invalid], [role=alert])`)) localStorage.removeItem(PREFIX + sent);

for (const form of document.querySelectorAll("form[data-draft]")) keep(form);

document.addEventListener("submit", (event) => {
  if (!event.target.action.endsWith("/sign-out")) return;
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
});

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function keep(form) {
  const key = PREFIX + form.dataset.draft;
  const fields = [...form.elements].filter((one) => one.name && one.matches("textarea, input:not([type]), input[type=text]"));
  const said = form.querySelector("[data-draft-said]");
  let timer = 0;

  const kept = read(key);
  if (kept && fields.every((one) => !one.value)) {
    for (const one of fields) if (kept.values[one.name]) one.value = kept.values[one.name];
    if (said) said.textContent = say("draftBack");
  }
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const values = Object.fromEntries(fields.map((one) => [one.name, one.value]).filter(([, value]) => value));
      try {
        if (Object.keys(values).length) localStorage.setItem(key, JSON.stringify({ at: Date.now(), values }));
        else localStorage.removeItem(key);
        if (said) said.textContent = `${say("draftKept")} ${clock()}`;
      } catch {
        // the browser's store is full or closed: nothing is lost that was not lost before
      }
    }, 600);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    sessionStorage.setItem(SENT, form.dataset.draft);
  });
}
