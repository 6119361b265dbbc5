// [data-editor] gets buttons that write Markdown around the selection.
import { icon, say } from "./words.js";

const TOOLS = [
  ["bold", (words) => [`**`, words, `**`]],
  ["link", (words) => [`[`, words, `](https://)`]],
  ["list", (words) => ["", words.split("\n").map((line) => `- ${line}`).join("\n"), ""]],
  ["quote", (words) => ["", words.split("\n").map((line) => `> ${line}`).join("\n"), ""]],
  ["code", (words) => (words.includes("\n") ? ["```\n", words, "\n```"] : ["`", words, "`"])],
];

for (const editor of document.querySelectorAll("[data-editor]")) {
  const area = editor.querySelector("textarea");
  const bar = document.createElement("div");
  bar.className = "tools";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", say("format"));
  for (const [name, wrap] of TOOLS) bar.append(tool(name, wrap, area));
  editor.prepend(bar);
}

function tool(name, wrap, area) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet square small";
  button.setAttribute("aria-label", say(name));
  button.title = say(name);
  button.append(icon(name));
  button.addEventListener("click", () => {
    const { selectionStart: from, selectionEnd: to } = area;
    const [before, words, after] = wrap(area.value.slice(from, to));
    area.setRangeText(before + words + after, from, to, "end");
    area.setSelectionRange(from + before.length, from + before.length + words.length);
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return button;
}
