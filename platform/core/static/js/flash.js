// A flash is said aloud, stays 8 seconds, longer under pointer or focus; a bad one stays until it is closed.
import { icon, say } from "./words.js";

const STAY = 8000;

for (const flash of document.querySelectorAll("[data-flash]")) {
  const content = [...flash.childNodes];
  flash.replaceChildren();
  setTimeout(() => flash.append(...content, closer(flash)), 100); // readers announce what changes, not what is there
  if (flash.dataset.tone !== "bad") leave(flash);
}

function closer(flash) {
  const button = document.createElement("button");
  button.className = "button quiet square small";
  button.setAttribute("aria-label", say("close"));
  button.append(icon("x"));
  button.addEventListener("click", () => flash.remove());
  return button;
}

function leave(flash) {
  let timer = setTimeout(() => flash.remove(), STAY);
  const wait = () => clearTimeout(timer);
  const go = () => { timer = setTimeout(() => flash.remove(), STAY); };
  flash.addEventListener("pointerenter", wait);
  flash.addEventListener("focusin", wait);
  flash.addEventListener("pointerleave", go);
  flash.addEventListener("focusout", go);
}
