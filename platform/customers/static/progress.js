// Asks how far a long import is, and loads the page again when it is done.
const bar = document.querySelector("[data-progress]");

async function look() {
  const answer = await fetch(bar.dataset.progress, { headers: { accept: "text/html" } });
  if (answer.ok) {
    bar.innerHTML = await answer.text();
  }
  if (answer.headers.get("X-Done")) {
    location.reload();
    return;
  }
  setTimeout(look, 1000);
}

if (bar) {
  setTimeout(look, 500);
}
