// [data-fragment="#preview"] buttons show the answer of their formaction in place; with data-live="title phrasings" they
// ask again by themselves, data-wait milliseconds after those fields changed. Without scripts the same buttons open a page
// of their own. A form with data-append adds its text to a field. A link with data-line and data-place, both from 1, puts the caret there in the field it leads to.
const WAIT = 500;

for (const button of document.querySelectorAll("button[data-fragment]")) begin(button);

function begin(button) {
  const place = document.querySelector(button.dataset.fragment);
  let asking = null;
  let timer = 0;

  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(button.formAction, {
        method: "POST", body: new URLSearchParams(new FormData(button.form)), signal: asking.signal,
        headers: { "X-Fragment": "1", Accept: "text/html" },
      });
      if (answer.ok && !answer.redirected) place.innerHTML = await answer.text();
    } catch {
      return; // a newer question, or no network
    }
    place.removeAttribute("aria-busy");
  };

  button.addEventListener("click", (event) => {
    event.preventDefault();
    ask();
  });
  for (const name of (button.dataset.live ?? "").split(" ").filter(Boolean)) {
    button.form.elements[name]?.addEventListener("input", (event) => {
      if (event.isComposing) return;
      clearTimeout(timer);
      timer = setTimeout(ask, Number(button.dataset.wait ?? WAIT));
    });
  }
}

// form[data-append="#field"]: what it would post becomes a line of that field, to be saved with the rest.
for (const form of document.querySelectorAll("form[data-append]")) {
  form.addEventListener("submit", (event) => {
    const field = document.querySelector(form.dataset.append);
    if (!field) return;
    event.preventDefault();
    const line = form.elements.text.value.replace(/[{}\\｛｝]/g, "\\$&");
    field.value = [...field.value.split("\n").filter((one) => one.trim()), line].join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    form.closest("li").remove();
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  const field = link && document.querySelector(link.getAttribute("href"));
  if (!field) return;
  event.preventDefault();
  const before = field.value.split("\n").slice(0, link.dataset.line - 1);
  const at = before.join("\n").length + (before.length ? 1 : 0) + [...field.value.split("\n")[link.dataset.line - 1] ?? ""].slice(0, link.dataset.place - 1).join("").length;
  field.focus();
  field.setSelectionRange(at, at + 1);
});
