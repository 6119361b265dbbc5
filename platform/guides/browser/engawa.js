/*
 * Engawa inside somebody's product. No dependency, no cookie, nothing in the host page but one empty element, and no
 * word in its console. Whatever fails here stays here.
 *
 * It is made small at start by guides/script.py, which takes away comments and white space and nothing else: end every
 * statement with a semicolon, and write no regular expression that holds a quote or two slashes.
 */
(() => {
  "use strict";
  const doc = document, root = doc.documentElement, script = doc.currentScript;
  if (!script || window.engawa || !("popover" in root) || !AbortSignal.timeout) { return; }  // browsers before 2024
  const settings = script.dataset, home = new URL(script.src).origin;
  const nothing = () => null;
  const safely = (work) => Promise.resolve().then(work).catch(nothing);

  let token = settings.token || "";   // who looks, signed by the host product
  let guides = [];                    // [name, content's hash, addresses, trigger, frequency], most important first
  let active = null;                  // what is shown, or about to be
  let turn = 0;                       // raised by a change of person: what was under way for another is dropped
  let shadow = null, status = null, launched = null, talk = null;
  const tried = new Set(), tracked = new Set();

  /* ---- the server ---- */

  const post = (path, body) => fetch(home + "/w/" + path, {
    method: "POST", credentials: "omit", keepalive: true, signal: AbortSignal.timeout(8000),
    body: JSON.stringify({ key: settings.key, token, lang: settings.lang || "", ...body }),
  }).catch(nothing);

  const get = (path) => fetch(home + "/w/" + path, { credentials: "omit", signal: AbortSignal.timeout(8000) })
    .then((response) => response.ok ? response.json() : null).catch(nothing);

  const subject = () => {
    try { return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub; } catch { return ""; }
  };

  /* Kept between page loads only where the host says that it may: data-storage="session". */
  const recall = () => {
    try {
      const kept = settings.storage === "session" && JSON.parse(sessionStorage.getItem("engawa"));
      return kept && kept.who === settings.key + subject() ? kept : null;
    } catch { return null; }
  };

  const remember = (kept) => {
    try {
      if (settings.storage === "session") { sessionStorage.setItem("engawa", JSON.stringify(kept)); }
    } catch { /* storage is off */ }
  };

  const decide = async () => {
    const mine = ++turn, kept = recall();
    let answer = kept && kept.at > Date.now() - 60000 ? kept.answer : null;
    if (!answer) {
      const response = await post("session", { etag: kept ? kept.etag : "" });
      if (!response || mine !== turn) { return; }
      if (response.status === 304 && kept) {
        answer = kept.answer;
        remember({ ...kept, at: Date.now() });
      } else if (response.ok) {
        answer = await response.json();
        const etag = (response.headers.get("etag") || "").split('"')[1] || "";
        remember({ who: settings.key + subject(), at: Date.now(), etag, answer });
      }
    }
    if (!answer || mine !== turn) { return; }
    guides = answer.guides;
    if (answer.launcher && settings.launcher !== "off") { launch(answer.launcher); }
    consider();
  };

  /* ---- which, where, when ---- */

  const fits = (pattern, text) => {
    const parts = pattern.split("*"), last = parts.length - 1;
    if (!last) { return text === pattern; }
    if (!text.startsWith(parts[0])) { return false; }
    let at = parts[0].length;
    for (const part of parts.slice(1, last)) {
      const found = text.indexOf(part, at);
      if (found < 0) { return false; }
      at = found + part.length;
    }
    return text.length - parts[last].length >= at && text.endsWith(parts[last]);
  };

  const isHere = (urls) => {
    const { pathname, search, href } = location;
    const on = (url) => fits(url, url[0] !== "/" ? href : url.includes("?") ? pathname + search : pathname);
    const without = urls.filter((url) => url[0] === "!"), within = urls.filter((url) => url[0] !== "!");
    return !without.some((url) => on(url.slice(1))) && (!within.length || within.some(on));
  };

  const isDue = ([id, , urls, trigger]) =>
    !tried.has(id) && isHere(urls) && (trigger.on !== "event" || tracked.has(trigger.name));

  const consider = () => {
    if (active) { return; }
    const next = guides.find(isDue);
    if (next) { safely(() => begin(next)); }
  };

  const isVisible = (one) => one.getClientRects().length > 0 &&
    (!one.checkVisibility || one.checkVisibility({ opacityProperty: true, visibilityProperty: true }));

  const withText = (words) => [...doc.querySelectorAll("a,button,summary,label,h1,h2,h3,[role]")]
    .filter((one) => one.textContent.trim() === words);

  /* The first selector that means exactly one visible element. */
  const target = (selectors) => {
    for (const one of selectors || []) {
      let found = [];
      try { found = one.startsWith("text=") ? withText(one.slice(5)) : [...doc.querySelectorAll(one)]; } catch { /* no selector */ }
      found = found.filter(isVisible);
      if (found.length === 1) { return found[0]; }
    }
    return null;
  };

  /* The target, as soon as it is there; null after data-wait seconds, or when `still` is not true any more. */
  const arrival = (selectors, still) => new Promise((done) => {
    const first = target(selectors);
    if (first) { done(first); return; }
    let timer = 0;
    const finish = (found) => { observer.disconnect(); clearTimeout(timer); clearTimeout(end); done(found); };
    const look = () => {
      timer = 0;
      const found = target(selectors);
      if (found || !still()) { finish(found); }
    };
    const observer = new MutationObserver(() => { timer = timer || setTimeout(look, 80); });
    const end = setTimeout(() => finish(null), 1000 * (settings.wait || 8));
    observer.observe(root, { childList: true, subtree: true, attributeFilter: ["class", "style", "hidden"] });
  });

  const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

  const begin = async (guide) => {
    const [id, hash, urls, trigger] = guide, mine = turn;
    const still = () => mine === turn && isHere(urls);
    const run = active = { id, urls };
    tried.add(id);
    try {
      if (trigger.after) { await pause(trigger.after); }
      const content = still() && await get("content/" + hash);
      const at = content && await firstStep(id, content, still);
      if (!at || !still()) { return; }
      const response = await post("views", { guide: id, hash, step: at.step + 1, page: location.pathname });
      const claim = response && response.ok && await response.json();
      if (claim && still()) { open(run, content, claim, at); }
    } finally {
      if (!run.box && active === run) {
        active = null;
        if (!isHere(urls)) { tried.delete(id); }
        if (mine === turn) { setTimeout(consider); }
      }
    }
  };

  /* A tip needs its target before anything is claimed; steps whose target is missing are told and skipped. */
  const firstStep = async (id, content, still, from = 0) => {
    if (content.kind !== "tooltip") { return { step: 0 }; }
    for (let step = from; step < content.steps.length && still(); step++) {
      const anchor = await arrival(content.steps[step].selectors, still);
      if (anchor) { return { step, anchor }; }
      if (still() && id) { post("misses", { guide: id, step: step + 1, page: location.pathname }); }
    }
    return null;
  };

  /* ---- making things, without a single string of markup ---- */

  const el = (tag, properties, ...inside) => {
    const made = Object.assign(doc.createElement(tag), properties);
    made.append(...inside.filter((one) => one));
    return made;
  };

  const ground = () => {
    if (!shadow) {
      const host = doc.createElement("engawa-guides"), sheet = new CSSStyleSheet();
      shadow = host.attachShadow({ mode: "open" });
      sheet.replaceSync("@CSS@");
      shadow.adoptedStyleSheets = [sheet];
      status = el("div", { className: "said", role: "status" });
      shadow.append(status);
      root.append(host);
    }
    return shadow;
  };

  /* Drawn, not loaded as a picture: the host page may allow pictures from nowhere, but it lets us ask our server. */
  const drawn = ({ src, width, height }, alt) => {
    const made = el("canvas", { width: width * 2, height: height * 2, role: alt ? "img" : "presentation", ariaLabel: alt });
    made.style.width = width + "px";
    fetch(home + src, { credentials: "same-origin", signal: AbortSignal.timeout(8000) })
      .then((response) => response.blob()).then(createImageBitmap)
      .then((bits) => made.getContext("2d").drawImage(bits, 0, 0, made.width, made.height))
      .catch(() => made.replaceWith(el("p", { textContent: alt })));
    return made;
  };

  const button = (words, onclick, className = "") => el("button", { type: "button", textContent: words, onclick, className });
  const fill = (words, n, m) => words.replace("%n", n).replace("%m", m);

  const link = (run, step) => step.link && el("a", {
    className: "go main", href: step.link, textContent: step.button || step.link, rel: "noopener",
    onclick: () => { tell(run, "clicked"); finish(run, "completed"); },
  });

  const tell = (run, what, more) => { if (run.view) { post("happenings", { view: run.view, what, ...more }); } };

  /* A titled box that Escape closes, that is read out, and that gives the focus back where it came from. */
  const frame = (run, tag, kind, step, ...inside) => {
    const title = el(kind === "checklist" ? "span" : "h2", { id: "title", textContent: step.title || "" });
    const box = el(tag, { className: "box " + kind, lang: run.content.lang },
      kind !== "checklist" && title, kind !== "checklist" && step.text && el("p", { textContent: step.text }),
      step.picture && drawn(step.picture, step.alt || ""), ...inside,
      el("button", { type: "button", className: "x", textContent: "\u00d7", ariaLabel: run.content.words.close,
        onclick: () => finish(run, "dismissed") }));
    if (tag !== "dialog") { box.role = kind === "banner" ? "region" : "dialog"; box.popover = "manual"; }
    box.setAttribute(kind === "checklist" ? "aria-label" : "aria-labelledby", kind === "checklist" ? step.title : "title");
    if (launched && (kind === "survey" || kind === "checklist")) { box.classList.add("raised"); }
    box.addEventListener("focusin", (event) => {
      if (event.relatedTarget && !box.contains(event.relatedTarget)) { run.back = event.relatedTarget; }
    });
    return box;
  };

  const stand = (run, box) => {
    drop(run);
    run.box = box;
    ground().append(box);
    if (box.showModal) { box.showModal(); } else { box.showPopover(); }
    status.textContent = [...box.querySelectorAll("h2, p")].map((one) => one.textContent).join(" ");
  };

  const drop = (run) => {
    const { box, back, anchor, unfollow } = run;
    if (unfollow) { unfollow(); }
    if (!box) { return; }
    const had = box.contains(shadow.activeElement);
    if (box.open) { box.close(); }
    box.remove();
    status.textContent = "";
    const to = [back, anchor].find((one) => one && one.isConnected && one.focus);
    if (had && to && doc.activeElement !== to) { to.focus({ preventScroll: true }); }
    run.box = run.unfollow = null;
  };

  const leave = () => { const run = active; active = null; if (run) { drop(run); } };

  const finish = (run, what) => {
    if (!run.ended) {
      run.ended = true;
      if (run.answer) { run.answer(); } else { tell(run, what); }
    }
    drop(run);
    if (active === run) { active = null; consider(); }
  };

  /* ---- the kinds ---- */

  const open = (run, content, claim, at) => {
    Object.assign(run, { content, view: claim.view, done: new Set(claim.items) });
    kinds[content.kind](run, content.steps[at.step], at);
  };

  const kinds = {
    banner(run, step) {
      stand(run, frame(run, "div", "banner", step, step.link && el("div", { className: "row" }, link(run, step))));
    },

    modal(run, step) {
      const action = step.link ? link(run, step)
        : button(step.button || run.content.words.close, () => finish(run, "completed"), "main");
      const box = frame(run, "dialog", "modal", step, el("div", { className: "row" }, action));
      action.classList.add("end");
      box.oncancel = (event) => { event.preventDefault(); finish(run, "dismissed"); };
      stand(run, box);
    },

    tooltip(run, step, { step: at, anchor }) {
      const { steps, words } = run.content, isLast = at === steps.length - 1;
      const next = async () => {
        if (isLast) { finish(run, "completed"); return; }
        const mine = turn, still = () => mine === turn && active === run && !run.ended;
        const found = await firstStep(run.view && run.id, run.content, still, at + 1);
        if (!still()) { return; }
        if (!found) { finish(run, "completed"); return; }
        tell(run, "step", { step: found.step + 1, page: location.pathname });
        const had = run.box && run.box.contains(shadow.activeElement);
        kinds.tooltip(run, steps[found.step], found);
        if (had) { run.box.querySelector(".main").focus(); }
      };
      const box = frame(run, "div", "tooltip", step, el("div", { className: "row" },
        steps.length > 1 && el("span", { className: "muted", textContent: fill(words.of, at + 1, steps.length) }),
        step.link && link(run, step),
        button(step.link ? words.next : step.button || (isLast ? words.done : words.next), () => safely(next), "main end")));
      if (step.link && isLast) { box.querySelector("button.main").remove(); }
      stand(run, box);
      run.anchor = anchor;
      run.unfollow = follow(run, box, anchor, step.placement);
    },

    checklist(run, step) {
      const { steps, words } = run.content, list = el("ul", {}), count = el("span", { className: "muted" });
      const draw = () => {
        const left = steps.slice(1).filter((one) => !run.done.has(one.id)).length, all = steps.length - 1;
        count.textContent = " " + fill(words.of, all - left, all);
        if (!left && !run.ended) { run.ended = true; tell(run, "completed"); }
      };
      const tick = (one, row) => {
        if (run.done.has(one.id)) { return; }
        run.done.add(one.id);
        row.className = "did";
        row.firstChild.checked = row.firstChild.disabled = true;
        tell(run, "item", { item: one.id });
        draw();
      };
      run.ticks = [];
      steps.slice(1).forEach((one) => {
        const isDone = run.done.has(one.id);
        const box = el("input", { type: "checkbox", id: "i" + one.id, checked: isDone, disabled: isDone || !!one.event });
        const row = el("li", { className: isDone ? "did" : "" }, box, one.link
          ? el("a", { href: one.link, textContent: one.title, onclick: () => tell(run, "clicked") })
          : el("label", { htmlFor: "i" + one.id, textContent: one.title }));
        if (one.link) { box.ariaLabel = one.title; }
        box.onchange = () => tick(one, row);
        if (one.event) { run.ticks.push([one.event, () => tick(one, row)]); }
        list.append(row);
      });
      const body = el("details", { open: !settings.folded }, el("summary", {}, step.title, count),
        step.text && el("p", { textContent: step.text }), list);
      draw();
      stand(run, frame(run, "div", "checklist", step, body));
      run.ticks.forEach(([name, now]) => { if (tracked.has(name)) { now(); } });
    },

    survey(run, step) {
      const { words } = run.content, comment = el("textarea", { rows: 3, maxLength: 2000, id: "why" });
      let score = -1;
      const more = el("div", { hidden: true },
        el("label", { className: "row", htmlFor: "why", textContent: step.follow_up || words.follow_up }), comment,
        el("div", { className: "row" }, button(words.send, () => { run.answer(); thank(); }, "main end")));
      const choose = (event) => {
        score = Number(event.target.value);
        more.hidden = false;
        run.answer = () => { run.answer = nothing; run.ended = true; tell(run, "answered", { score, comment: comment.value }); };
      };
      const scale = el("div", { className: "scale", role: "radiogroup" }, ...[...Array(11).keys()].map((n) => el("label", {},
        el("input", { type: "radio", name: "score", value: n, ariaLabel: String(n), onchange: choose }), el("span", { textContent: n }))));
      scale.setAttribute("aria-labelledby", "title");
      const box = frame(run, "div", "survey", step, scale, el("div", { className: "ends muted" },
        el("span", { textContent: step.low || words.low }), el("span", { textContent: step.high || words.high })), more);
      const thank = () => {
        const said = el("p", { textContent: step.thanks || words.thanks, tabIndex: -1 });
        scale.nextSibling.remove();
        scale.remove();
        more.replaceWith(said);
        status.textContent = said.textContent;
        said.focus();
      };
      stand(run, box);
    },
  };

  /* Beside its anchor, on the side that has room; gone when the anchor goes. */
  const follow = (run, box, anchor, wanted) => {
    const move = () => {
      if (!isVisible(anchor)) { if (active === run) { tried.delete(run.id); leave(); } return; }
      const at = anchor.getBoundingClientRect(), wide = box.offsetWidth, high = box.offsetHeight, gap = 10;
      const width = root.clientWidth, height = window.innerHeight;
      const room = { bottom: height - at.bottom - high, top: at.top - high, right: width - at.right - wide, left: at.left - wide };
      const side = [wanted, "bottom", "top", "right", "left"].find((one) => room[one] >= gap) || "bottom";
      const isBeside = side === "left" || side === "right";
      const x = side === "left" ? at.left - wide - gap : side === "right" ? at.right + gap : at.left + (at.width - wide) / 2;
      const y = isBeside ? at.top + (at.height - high) / 2 : side === "top" ? at.top - high - gap : at.bottom + gap;
      box.style.left = Math.max(8, Math.min(x, width - wide - 8)) + "px";
      box.style.top = Math.max(8, Math.min(y, height - high - 8)) + "px";
    };
    let frameId = 0;
    const soon = () => { cancelAnimationFrame(frameId); frameId = requestAnimationFrame(move); };
    const sizes = new ResizeObserver(soon);
    anchor.scrollIntoView({ block: "nearest" });
    sizes.observe(anchor);
    window.addEventListener("scroll", soon, { capture: true, passive: true });
    window.addEventListener("resize", soon);
    move();
    return () => {
      cancelAnimationFrame(frameId);
      sizes.disconnect();
      window.removeEventListener("scroll", soon, { capture: true });
      window.removeEventListener("resize", soon);
    };
  };

  /* ---- the launcher: help search and the chat, at hand ---- */

  const launch = (words) => {
    if (launched) { launched.forEach((one) => one.remove()); }
    const list = el("ul", {}), said = el("p", { className: "muted", role: "status" });
    const input = el("input", { type: "search", ariaLabel: words.search, placeholder: words.search, autocomplete: "off", maxLength: 200 });
    const ask = button(words.ask, () => { panel.hidePopover(); safely(() => chat().then((one) => one.open())); });
    const out = (path, text) => el("a", { href: home + path, target: "_blank", rel: "noopener", textContent: text });
    const panel = el("div", { className: "box help", popover: "auto", role: "dialog", ariaLabel: words.label }, input, said, list,
      el("div", { className: "row" }, out("/help", words.all), ask));
    let timer = 0, asked = 0;
    const search = async () => {
      const mine = ++asked, text = input.value.trim();
      const found = text ? await get("search?" + new URLSearchParams({ key: settings.key, lang: settings.lang || "", q: text })) : [];
      if (mine !== asked || !found) { return; }
      list.replaceChildren(...found.map(([title, url]) => el("li", {}, out(url, title))));
      said.textContent = text && (found.length ? fill(words.some, found.length) : words.none);
    };
    input.oninput = (event) => { if (!event.isComposing) { clearTimeout(timer); timer = setTimeout(search, 200); } };
    input.onkeydown = (event) => { if (event.key === "Escape" && !event.isComposing) { event.preventDefault(); panel.hidePopover(); opener.focus(); } };
    input.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(search, 200); });
    panel.addEventListener("toggle", (event) => { if (event.newState === "open") { input.focus(); } });
    const opener = el("button", { type: "button", className: "launch", textContent: words.label, popoverTargetElement: panel });
    panel.classList.add("raised");
    launched = [opener, panel];
    ground().append(opener, panel);
    talk = null;
    const who = () => settings.key + ":" + subject();
    // The preload judges the integrity and leaves the module where import() finds it: it is not fetched twice.
    const fetched = (href) => new Promise((done, fail) => ground().append(el("link", { rel: "modulepreload", href,
      integrity: "@CHATSRI@", crossOrigin: "anonymous", nonce: script.nonce, onload: () => done(href), onerror: fail })));
    const chat = () => talk = talk || fetched(home + "/w/@CHAT@/chat.js").then((url) => import(url)).then((loaded) => loaded.begin({ home, el, ground,
      settings, opener, who, document: doc, token: () => token,
      count: (n) => { ask.textContent = words.ask + (n ? " (" + n + ")" : ""); } }));
    try { if (localStorage.getItem("engawa-chat:" + who())) { safely(chat); } } catch { /* storage is off */ }
  };

  /* ---- the host page ---- */

  const track = (name) => {
    tracked.add(String(name));
    if (active && active.ticks) { active.ticks.forEach(([wanted, now]) => { if (wanted === name) { now(); } }); }
    consider();
  };

  const moved = () => {
    if (active && !isHere(active.urls)) { tried.delete(active.id); leave(); }
    consider();
  };

  doc.addEventListener("keydown", (event) => {
    const run = active;
    if (event.key !== "Escape" || event.defaultPrevented || !run || !run.box || run.box.open || doc.querySelector(":modal")) { return; }
    const kind = run.content.kind;
    if (kind === "tooltip" || run.box.contains(shadow.activeElement)) { finish(run, "dismissed"); }
  });
  doc.addEventListener("engawa:track", (event) => track(event.detail));
  window.addEventListener("pagehide", () => { if (active && active.answer) { active.answer(); } });

  if (window.navigation) {
    window.navigation.addEventListener("currententrychange", () => safely(moved));
  } else {
    let last = location.href;
    setInterval(() => { if (last !== location.href) { last = location.href; safely(moved); } }, 1000);
  }

  window.engawa = Object.freeze({
    identify(signed) { if (talk) { talk.then((one) => one.end(), nothing); } token = String(signed || ""); leave(); tried.clear(); tracked.clear(); guides = []; safely(decide); },
    track(name) { safely(() => track(name)); },
  });

  /* A look for staff: the content comes from our own page, nothing is claimed and nothing is told. */
  const preview = async () => {
    const content = await (await fetch(settings.preview)).json();
    const run = active = { id: "", urls: [] };
    const at = await firstStep("", content, () => true);
    if (at) { open(run, content, { view: "", items: [] }, at); }
  };

  const start = () => (window.requestIdleCallback || setTimeout)(() => safely(settings.preview ? preview : decide));
  if (doc.readyState === "complete") { start(); } else { window.addEventListener("load", start, { once: true }); }
})();
