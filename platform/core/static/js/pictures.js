// textarea[data-upload="/media"]: pictures that are chosen with the editor's button, pasted or dropped are sent there, one
// after the other, and their Markdown put at the cursor. The answer is JSON: {"path": "/media/…"}, or problem details.
// Without scripts the form holds a file field instead (ui.field(…, pictures=true)).
import { icon, say } from "./words.js";

const TAKEN = "image/png,image/jpeg,image/gif,image/webp";

for (const area of document.querySelectorAll("textarea[data-upload]")) begin(area);

function begin(area) {
  const said = document.createElement("p");
  said.className = "hint";
  said.setAttribute("role", "status");
  said.hidden = true;
  (area.closest(".editor") ?? area).after(said);
  const one = { area, said, waiting: 0, queue: Promise.resolve() };

  area.closest(".editor")?.querySelector(".tools")?.append(chooser(one));
  area.addEventListener("paste", (event) => takeFrom(event, event.clipboardData, one));
  area.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  area.addEventListener("drop", (event) => takeFrom(event, event.dataTransfer, one));
  area.addEventListener("input", () => {
    if (said.dataset.about === "alt" && !area.value.includes(`![${say("describePicture")}](`)) tell(one, "");
  });
  area.form?.addEventListener("submit", (event) => {
    if (!one.waiting) return;
    event.preventDefault();
    tell(one, say("uploadNotDone"), "wait");
  });
}

function chooser(one) {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = TAKEN;
  input.multiple = true;
  input.hidden = true;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet small";
  button.append(icon("image"), say("addPicture"));
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    for (const file of input.files) take(file, one);
    input.value = "";
  });
  const both = document.createElement("span");
  both.append(button, input);
  return both;
}

function takeFrom(event, data, one) {
  const files = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  if (!files.length) return;
  event.preventDefault();
  for (const file of files) take(file, one);
}

let count = 0;

function take(file, one) {
  const { area } = one;
  const waiting = `![${say("uploading")} ${(count += 1)} ${file.name.replace(/[[\]\n]/g, "")}]()`;
  const [from, to] = place(area);
  const before = area.value.slice(0, from);
  const gap = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n"; // a paragraph of its own
  area.setRangeText(`${gap}${waiting}\n`, from, to, "end");
  one.waiting += 1;
  one.queue = one.queue.then(() => arrive(file, waiting, one));
}

// Where a picture is put: at the caret, but never into the brackets of the one before, where its description is typed.
function place(area) {
  const { value, selectionStart: from, selectionEnd: to } = area;
  const line = value.slice(value.lastIndexOf("\n", from - 1) + 1, from);
  if (!/!\[[^\]]*(\]\([^)]*)?$/.test(line)) return [from, to];
  const end = value.indexOf("\n", from);
  return end < 0 ? [value.length, value.length] : [end + 1, end + 1];
}

async function arrive(file, waiting, one) {
  const answer = await send(file, one);
  one.waiting -= 1;
  put(waiting, answer.path ? `![${say("describePicture")}](${answer.path})` : "", one);
  if (answer.path) tell(one, say("pictureIn"), "alt");
  else tell(one, `${say("uploadFailed")} ${file.name}\u3000${answer.detail ?? ""}`, "failed");
}

function send(file, one) {
  return new Promise((done) => {
    const body = new FormData();
    body.append("file", file);
    body.append("_csrf_token", one.area.form.elements._csrf_token?.value ?? "");
    const request = new XMLHttpRequest(); // fetch does not say how far it is
    request.open("POST", one.area.dataset.upload);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) tell(one, `${say("uploading")} ${file.name} ${Math.floor((event.loaded / event.total) * 100)} %`, "wait");
    });
    request.addEventListener("loadend", () => done(request.response ?? {}));
    request.send(body);
  });
}

// The words in the text change where they stand; what was typed meanwhile stays, and so does the caret, unless it is free:
// then the description is chosen, to be typed over.
function put(waiting, words, { area, waiting: more }) {
  const at = area.value.indexOf(waiting);
  if (at < 0) return;
  const caret = area.selectionStart;
  const isFree = caret === at + waiting.length + 1 && area.selectionEnd === caret && !more;
  area.setRangeText(words, at, at + waiting.length + (words ? 0 : 1), "preserve");
  if (isFree && words) area.setSelectionRange(at + 2, at + 2 + say("describePicture").length);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function tell({ said }, words, about = "") {
  said.hidden = !words;
  said.textContent = words;
  said.dataset.about = about;
  said.className = about === "failed" ? "error" : "hint";
}
