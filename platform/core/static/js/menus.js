// Menus are <details>: one open at a time, a click elsewhere or Esc closes, focus returns.
const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  }
});

// Arrows walk through an open menu.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  if (!menu || document.activeElement.matches("input, select, textarea")) return;
  const items = [...menu.querySelectorAll(".sheet :is(a, button)")];
  if (!items.length) return;
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement);
  event.preventDefault();
  items[at < 0 ? (step > 0 ? 0 : items.length - 1) : (at + step + items.length) % items.length].focus();
});

// A sheet that would leave the window opens from its other side.
document.addEventListener("toggle", (event) => {
  const sheet = event.target.matches?.("details.menu[open]") && event.target.querySelector(".sheet");
  if (!sheet) return;
  sheet.classList.remove("flip");
  if (sheet.getBoundingClientRect().left < 4) sheet.classList.add("flip");
}, true);
