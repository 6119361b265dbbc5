// Bulk actions: the box of the whole page, Shift for a range, 'all that match' instead of single rows.
for (const form of document.querySelectorAll("form[data-bulk]")) {
  // a field called `id` stands before the form's own property
  const picks = [...document.querySelectorAll(`input[name=id][form="${form.getAttribute("id")}"]`)];
  const page = form.querySelector("[data-all]");
  const all = form.querySelector("[name=all]");
  const buttons = [...form.querySelectorAll("button[name=do]")];
  let last = null;

  const refresh = () => {
    const n = picks.filter((one) => one.checked).length;
    page.checked = n > 0 && n === picks.length;
    page.indeterminate = n > 0 && n < picks.length;
    for (const button of buttons) button.disabled = n === 0 && !all?.checked;
    for (const pick of picks) pick.disabled = Boolean(all?.checked);
  };
  page.addEventListener("change", () => { for (const one of picks) one.checked = page.checked; refresh(); });
  all?.addEventListener("change", refresh);
  for (const pick of picks) {
    pick.addEventListener("click", (event) => {
      if (event.shiftKey && last) {
        const [from, to] = [picks.indexOf(last), picks.indexOf(pick)].sort((a, b) => a - b);
        for (const one of picks.slice(from, to + 1)) one.checked = pick.checked;
      }
      last = pick;
      refresh();
    });
  }
  refresh();
}
