// [data-fragment="#preview"] buttons show the answer of their formaction in place; with data-live="title phrasings" they
// ask again by themselves while those fields change. Without scripts the same buttons open a page of their own.
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
      timer = setTimeout(ask, WAIT);
    });
  }
}
