// [data-copy="#selector"] copies that element's words (or value).
import { say } from "./words.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const source = button && document.querySelector(button.dataset.copy);
  if (!source) return;
  event.preventDefault();
  await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
  const before = button.textContent;
  button.setAttribute("role", "status");
  button.textContent = say("copied");
  setTimeout(() => { button.textContent = before; button.removeAttribute("role"); }, 2000);
});
