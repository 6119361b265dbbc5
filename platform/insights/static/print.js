// [data-print] opens the browser's own print dialog, where a PDF can be saved.
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
