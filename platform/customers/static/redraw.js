// The right inputs when a field or a comparison of a condition changes.
for (const form of document.querySelectorAll("form#phase")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-redraw]")) form.requestSubmit(form.querySelector('button[value="update"]'));
  });
}
