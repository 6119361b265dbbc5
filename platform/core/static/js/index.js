// Small helpers, one thing each; every page works without them.
import "./submit.js";
import "./menus.js";
import "./dialogs.js";
import "./flash.js";
import "./suggest.js";
import "./keys.js";
import "./bulk.js";
import "./copy.js";
import "./editor.js";
import "./drafts.js";
import "./pictures.js";
import "./autosize.js";

document.documentElement.dataset.js = "on";
