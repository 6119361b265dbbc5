// form[data-composer="key"]: keeps the draft on the server, and shows what resembles the title while it is typed.
const WAIT = 900;

for (const form of document.querySelectorAll("form[data-composer]")) {
  keepDraft(form);
  if (form.dataset.similar) showSimilar(form);
}

function keepDraft(form) {
  const said = form.querySelector("[data-draft-said]");
  let sequence = Number(form.dataset.sequence) || 0;
  let timer = 0;
  let sent = false;

  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(timer);
  });
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  });

  async function save() {
    if (sent) return;
    const body = new URLSearchParams({ draft: form.dataset.composer, sequence: String((sequence += 1)) });
    for (const name of ["_csrf_token", "title", "body", "tags", "board"]) {
      const field = form.elements.namedItem(name);
      if (field) body.set(name, field.value);
    }
    const answer = await fetch("/community/drafts", { method: "POST", body, headers: { accept: "application/json" } }).catch(() => null);
    if (!said || sent || !answer) return;
    const words = document.documentElement.lang === "ja" ? ["下書きを保存しました", "ほかの画面の下書きのほうが新しいため、保存していません"] : ["Draft kept", "Not kept: another window is newer"];
    if (answer.ok) said.textContent = `${words[0]} ${new Date().toTimeString().slice(0, 5)}`;
    else if (answer.status === 409) said.textContent = words[1];
  }
}

function showSimilar(form) {
  const title = form.elements.namedItem("title");
  const place = form.querySelector("[data-near]");
  let timer = 0;
  let asked = 0;

  title.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  });

  async function ask() {
    const mine = (asked += 1);
    const answer = await fetch(`${form.dataset.similar}?title=${encodeURIComponent(title.value)}`).catch(() => null);
    if (answer?.ok && mine === asked) place.innerHTML = await answer.text();
  }
}
