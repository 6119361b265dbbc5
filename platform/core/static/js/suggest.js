// Search as you type: form[data-suggest="/help/suggest"] asks ?q= and shows the <li>s of the answer.
// Results are plain links: arrows move focus, Esc closes and returns, the count is said in a status.
import { say } from "./words.js";

const WAIT = 160;

for (const form of document.querySelectorAll("form[data-suggest]")) begin(form);

function begin(form) {
  const input = form.querySelector("input[type=search]");
  const sheet = document.createElement("div");
  const list = document.createElement("ol");
  const status = document.createElement("p");
  let timer = 0;
  let asking = null;
  let composing = false;

  sheet.className = "sheet suggest";
  sheet.hidden = true;
  list.className = "results";
  status.className = "hidden";
  status.setAttribute("role", "status");
  sheet.append(list);
  form.append(sheet, status);
  form.classList.add("has-suggest");

  const close = () => {
    sheet.hidden = true;
    asking?.abort();
  };

  const ask = async () => {
    const words = input.value.trim();
    asking?.abort();
    if (words.length < 1) return close();
    asking = new AbortController();
    try {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(words)}`, { signal: asking.signal, headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return close();
      list.innerHTML = await answer.text();
    } catch {
      return; // a newer question, or no network: the form still works
    }
    const found = list.querySelectorAll("a").length;
    sheet.hidden = !list.childElementCount || !form.contains(document.activeElement);
    status.textContent = found ? say("found").replace("#", found) : say("foundNone");
  };

  input.addEventListener("compositionstart", () => { composing = true; });
  input.addEventListener("compositionend", () => { composing = false; later(); });
  const later = () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); };
  input.addEventListener("input", () => { if (!composing) later(); });

  form.addEventListener("keydown", (event) => {
    if (sheet.hidden || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      close();
      input.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const stops = [input, ...list.querySelectorAll("a")];
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = stops.indexOf(document.activeElement);
      event.preventDefault();
      stops[(at + step + stops.length) % stops.length].focus();
    }
  });
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
  form.addEventListener("submit", close);
}
