// Keys: `/` search, `?` the list of keys, g + letter goes, j k next and previous, a letter of [data-key] presses it.
// Never while typing, never with Ctrl, Alt or ⌘; all single keys can be turned off in the list of keys.
const OFF = "keys-off";
const dialog = document.getElementById("keys");
const toggle = dialog?.querySelector("[data-keys-toggle]");
let leader = 0;

const off = () => localStorage.getItem(OFF) === "1";
const typing = (where) => where.closest?.("input, textarea, select, [contenteditable]") && !where.matches("[type=checkbox], [type=radio], [type=button], [type=submit]");

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
    event.preventDefault();
    event.target.form?.requestSubmit();
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (off() || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (press(event.key)) event.preventDefault();
});

function press(key) {
  const went = leader && Date.now() - leader < 1500;
  leader = 0;
  if (went) return follow(`[data-go="${CSS.escape(key)}"]`);
  if (key === "?") return show();
  if (key === "g") return Boolean((leader = Date.now()));
  if (key === "j" || key === "k") return walk(key === "j" ? 1 : -1);
  if (key === "u" && !document.querySelector("[data-key=u]")) return follow(".crumbs li:has(a):last-of-type a, .crumbs a");
  return key.length === 1 && follow(`[data-key="${CSS.escape(key)}"]`);
}

function follow(selector) {
  const found = [...document.querySelectorAll(selector)].filter((one) => one.matches("[data-go]") || (one.checkVisibility?.() ?? true));
  const target = found.at(selector.startsWith(".crumbs") ? -1 : 0);
  if (!target) return false;
  if (target.matches("input, textarea, select")) target.focus();
  else target.click();
  return true;
}

function walk(step) {
  const stops = [...document.querySelectorAll("main :is(.rows, .results) .cover, main .table tbody th a")].filter((one) => one.checkVisibility?.() ?? true);
  if (!stops.length) return false;
  const at = stops.indexOf(document.activeElement);
  stops[Math.max(0, Math.min(stops.length - 1, at < 0 ? (step > 0 ? 0 : stops.length - 1) : at + step))].focus();
  return true;
}

function show() {
  if (!dialog) return false;
  if (toggle) toggle.checked = off();
  dialog.showModal();
  return true;
}

toggle?.addEventListener("change", () => {
  if (toggle.checked) localStorage.setItem(OFF, "1");
  else localStorage.removeItem(OFF);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-show-keys]")) show();
});
