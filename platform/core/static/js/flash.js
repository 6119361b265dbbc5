// A flash is said aloud, stays 8 seconds, longer under pointer or focus; a bad one stays until it is closed.
import { icon, say } from "./words.js";

const STAY = 8000;

for (const flash of document.querySelectorAll("[data-flash]")) {
  announce(flash);
  flash.append(closer(flash));
  if (flash.dataset.tone !== "bad") leave(flash);
}

// Readers announce what changes in a live region, not what stands in it when the page comes.
function announce(flash) {
  const region = document.createElement("p");
  region.className = "hidden";
  region.setAttribute("role", flash.getAttribute("role"));
  flash.removeAttribute("role");
  document.body.append(region);
  setTimeout(() => { region.textContent = flash.querySelector("p").textContent; }, 100);
  setTimeout(() => region.remove(), STAY);
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
