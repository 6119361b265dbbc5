// A form is sent once, however often the button is pressed.
const sent = new WeakMap();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  const button = event.submitter;
  button?.setAttribute("aria-busy", "true");
  // A download leaves the page where it is, so the guard ends by itself.
  sent.set(form, setTimeout(() => release(form, button), 10_000));
});

const release = (form, button) => {
  clearTimeout(sent.get(form));
  sent.delete(form);
  button?.removeAttribute("aria-busy");
};

addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("[aria-busy=true]:is(button)")) release(button.form, button);
});
