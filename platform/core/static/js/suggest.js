// Search as you type: form[data-suggest="/help/suggest"] asks ?q= and shows the <li>s of the answer.
// Results are plain links: arrows move focus, letters lead back to the field, Esc closes, the count is said in a status.
// Every keystroke asks at once, also while Japanese is being composed; while an answer is on its way only the latest words
// wait for it, so a slow line is never asked for more than it can carry. Answers are kept: going back costs nothing.
import { say } from "./words.js";

const KEPT = 60;
const HALF_KANA = /(?<=[\u3040-\u30ff])[a-zａ-ｚ]{1,2}$/i; // the letters of a kana that is not finished: ゆうきゅ|k

for (const form of document.querySelectorAll("form[data-suggest]")) begin(form);

function begin(form) {
  const input = form.querySelector("input[type=search]");
  const sheet = document.createElement("div");
  const list = document.createElement("ol");
  const status = document.createElement("p");
  const kept = new Map();
  let asking = "";
  let shown = "";
  let isOpen = false; // between a letter and Esc, submitting or leaving

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
    isOpen = false;
    shown = "";
  };

  const wanted = () => input.value.trim().replace(HALF_KANA, "");

  const show = (words, answer) => {
    if (list.contains(document.activeElement)) return; // somebody walks through it: nothing moves under their feet
    shown = words;
    list.innerHTML = answer;
    const found = list.querySelectorAll("a").length;
    sheet.hidden = !list.childElementCount || !form.contains(document.activeElement);
    status.textContent = found ? say("found").replace("#", found) : say("foundNone");
  };

  const fetched = async (words) => {
    const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(words)}`, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    kept.set(words, await answer.text());
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  };

  const ask = async () => {
    const words = wanted();
    if (!words) return close();
    if (kept.has(words)) return words === shown || show(words, kept.get(words));
    if (asking) return; // the answer that is on its way asks again
    asking = words;
    try {
      await fetched(words);
    } catch {
      asking = "";
      return close(); // no network, or too many questions: the form still works
    }
    asking = "";
    if (!isOpen) return;
    if (wanted().startsWith(words) && words !== wanted()) show(words, kept.get(words));
    ask();
  };

  input.addEventListener("input", () => {
    isOpen = true;
    ask();
  });

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
    } else if (event.key.length === 1 && event.target !== input && !event.ctrlKey && !event.metaKey && !event.altKey) {
      input.focus(); // the letter goes where it belongs
    }
  });
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
  form.addEventListener("submit", close);
}
