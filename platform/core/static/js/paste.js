// textarea[data-upload="/media"]: a pasted or dropped picture is sent there, and its Markdown put at the cursor.
// The answer is JSON: {"path": "/media/…"}.
import { say } from "./words.js";

for (const area of document.querySelectorAll("textarea[data-upload]")) {
  area.addEventListener("paste", (event) => take(event, area, event.clipboardData));
  area.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); });
  area.addEventListener("drop", (event) => take(event, area, event.dataTransfer));
}

async function take(event, area, data) {
  const pictures = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  if (!pictures.length) return;
  event.preventDefault();
  for (const picture of pictures) await send(picture, area);
}

async function send(picture, area) {
  const waiting = `![${say("uploading")} ${picture.name}]()`;
  area.setRangeText(`${waiting}\n`, area.selectionStart, area.selectionEnd, "end");
  const body = new FormData();
  body.append("file", picture);
  body.append("_csrf_token", area.form.elements._csrf_token?.value ?? "");
  let words = `${say("uploadFailed")} ${picture.name}`;
  try {
    const answer = await fetch(area.dataset.upload, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.ok) words = `![${picture.name.replace(/[[\]]/g, "")}](${(await answer.json()).path})`;
  } catch {
    // the sentence stands where the picture would
  }
  area.value = area.value.replace(waiting, words);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}
