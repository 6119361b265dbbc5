// The builder, alive: counts while one types, and the right inputs when a field or comparison changes.
const form = document.querySelector("form[data-count]");
const counted = document.querySelector("[data-counted]");
let waiting;
let latest = 0;

async function count() {
  const mine = ++latest;
  const answer = await fetch(form.dataset.count, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!answer.ok || mine !== latest) return;
  counted.innerHTML = await answer.text();
  for (const one of counted.querySelectorAll("[data-for]")) {
    const place = form.querySelector(`[data-each="${one.dataset.for}"]`);
    if (place) place.textContent = one.textContent;
  }
}

if (form && counted) {
  // Of a large segment the page comes with the people alone; without this script the button counts the rest.
  if (counted.querySelector("[data-follows]")) count();
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-redraw]")) {
      form.requestSubmit(form.querySelector('button[value="update"]'));
    }
  });
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(count, 300);
  });
}
