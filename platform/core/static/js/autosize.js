// Text areas grow with their words where CSS `field-sizing` is not known yet.
if (!CSS.supports("field-sizing", "content")) {
  const grow = (area) => {
    area.style.height = "auto"; // set through the object model, which a CSP allows
    area.style.height = `${area.scrollHeight + 2}px`;
  };
  for (const area of document.querySelectorAll("textarea.input")) grow(area);
  document.addEventListener("input", (event) => { if (event.target.matches("textarea.input")) grow(event.target); });
}
