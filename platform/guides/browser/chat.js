/*
 * The chat in the launcher, loaded when somebody wants it (guides/script.py puts inbox/static/outbox.js before it and
 * makes both small: the same rules as in engawa.js). `kit` is what the script that loads it lends. Nothing is kept in
 * the browser before the first message; then a random token (of somebody not signed in) and what is not sent yet.
 */
export const begin = (kit) => {
  "use strict";
  const { home, el, opener, settings, ground, document: doc } = kit;
  const name = "engawa-chat:" + kit.who();
  const nothing = () => null;
  let state = null, words = {}, isOpen = false, stopped = false, listening = null, file = null;
  let memory = {};

  /* ---- what is kept ---- */

  const recall = () => {
    if (settings.storage === "none") { return memory; }
    try { return JSON.parse(localStorage.getItem(name)) || memory; } catch { return memory; }
  };
  const keep = (more) => {
    memory = { ...recall(), ...more };
    try { if (settings.storage !== "none") { localStorage.setItem(name, JSON.stringify(memory)); } } catch { /* off */ }
  };
  const forget = () => {
    memory = {};
    try { localStorage.removeItem(name); } catch { /* off */ }
  };
  const visitor = (make) => {
    const kept = recall();
    if (kept.visitor || !make || kit.token()) { return kept.visitor || ""; }
    const random = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)));
    const made = btoa(random).replace(/\+/g, "-").split("/").join("_").replace(/=/g, "");
    keep({ visitor: made });
    return made;
  };

  /* ---- the server ---- */

  const about = (make) => ({ key: settings.key, token: kit.token(), lang: settings.lang || "", visitor: visitor(make),
    page: location.href });
  const post = (path, body, make, signal) => fetch(home + "/w/chat/" + path, {
    method: "POST", credentials: "omit", signal: signal || AbortSignal.timeout(20000),
    body: body instanceof FormData ? body : JSON.stringify({ ...about(make), ...body }),
  });
  const refusal = async (response) => (await response.json().catch(nothing) || {}).title || words.failed;

  const send = async (one) => {
    let response;
    if (one.file) {
      const form = new FormData();
      Object.entries({ ...about(true), id: one.id }).forEach(([field, value]) => form.append(field, value));
      form.append("file", one.file);
      response = await post("pictures", form);
    } else {
      response = await post(one.tap ? "taps" : "messages", { id: one.id, body: one.body, tap: one.tap }, true);
    }
    if (response.status >= 500 || response.status === 408) { return "again"; }
    if (!response.ok) { return refusal(response); }
    await refresh();
    listen();
    return "sent";
  };

  const refresh = async (all) => {
    const response = await post("talk", { known: state && all !== true ? state.id : "", words: !words.title });
    if (response.status === 401 || response.status === 403 || response.status === 404) {
      stopped = true;
      note.textContent = words.expired || (await response.json().catch(nothing) || {}).title || "";
      form.hidden = true;
      return;
    }
    if (!response.ok) { throw new Error("away"); }
    const said = await response.json();
    if (said.words) { words = said.words; }
    if (!said.same) {
      state = said;
      if (said.turns.length && !recall().has) { keep({ has: true }); }
      if (said.joined) { keep({ visitor: "" }); }
    }
    draw();
  };

  /* One held answer tells that there is something new; where a proxy keeps it back we ask every five seconds. */
  const listen = async () => {
    if (listening || stopped || doc.visibilityState !== "visible" || !state || !state.turns.length) { return; }
    const mine = listening = new AbortController();
    let wait = 1000;
    while (listening === mine && !stopped) {
      try {
        const response = await post("live", { known: state.id }, false, mine.signal);
        if (response.ok) {
          const reader = response.body.getReader();
          const late = setTimeout(() => reader.cancel(), 4000);
          for (let part = await reader.read(), first = true; !part.done; part = await reader.read()) {
            clearTimeout(late);
            if (!first) { await refresh(); }
            first = false;
            wait = 1000;
          }
          clearTimeout(late);
        }
      } catch { /* the line is gone for a moment */ }
      if (listening !== mine) { return; }
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(wait * 2, 5000);
      await refresh().catch(nothing);
    }
  };
  const rest = () => { if (listening) { listening.abort(); listening = null; } };

  /* ---- the box ---- */

  const sheet = new CSSStyleSheet();
  sheet.replaceSync("@CHATCSS@");
  const shadow = ground();
  shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
  const button = (text, onclick, className) => el("button", { type: "button", textContent: text, onclick, className: className || "" });

  const title = el("h2", { id: "chat-title" }), hours = el("p", { className: "muted" });
  const talk = el("ol", {}), log = el("div", { role: "log" }, talk), below = el("div", {});
  const past = el("div", {});
  const scroll = el("div", { className: "scroll", tabIndex: 0, role: "group" }, past, log, below);
  const area = el("textarea", { rows: 2, maxLength: 5000, id: "chat-body" }), label = el("label", { className: "said", htmlFor: "chat-body" });
  const picture = el("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp" });
  const pictureWords = el("span", {}), note = el("p", { className: "muted", role: "status" });
  const go = el("button", { className: "main end" });
  const form = el("form", { noValidate: true }, label, area, el("div", { className: "row" },
    el("label", { className: "file" }, pictureWords, picture), go));
  const close = button("\u00d7", () => hide(), "x");
  const box = el("dialog", { className: "box chat", popover: "manual" }, el("header", {}, title, hours), scroll, note, form, close);
  box.setAttribute("aria-labelledby", "chat-title");
  shadow.append(box);

  const theme = () => {
    const said = settings.theme || getComputedStyle(doc.documentElement).colorScheme;
    box.style.colorScheme = /dark/.test(said) ? said : "light";
  };

  /* Words with their addresses as links. */
  const linked = (text) => text.split(/(https?:\/\/[^\s]+)/).map((part, n) => n % 2
    ? el("a", { href: part, textContent: part, target: "_blank", rel: "noopener" }) : doc.createTextNode(part));

  /* A page whose policy allows no picture still has a canvas. */
  const drawn = (key) => {
    const canvas = el("canvas", { role: "img", ariaLabel: words.picture, width: 200, height: 120 });
    post("picture", { media: key }).then((response) => response.ok ? response.blob() : null).then(async (blob) => {
      const image = blob && await createImageBitmap(blob);
      if (!image) { return; }
      const scale = Math.min(1, 560 / image.width);
      Object.assign(canvas, { width: image.width * scale, height: image.height * scale });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    }).catch(nothing);
    return canvas;
  };

  const bubbles = new Map();   // a message's key (or number) and the row that shows it
  const row = (id, looks, make) => {
    const before = bubbles.get(id);
    if (before && before.looks === looks) { return before.row; }
    const made = before ? before.row : el("li", {});
    make(made);
    bubbles.set(id, { looks, row: made });
    return made;
  };

  const shown = (turn, li) => {
    li.className = turn.side;
    li.replaceChildren(el("div", { className: "words", dir: "auto" }, ...linked(turn.text),
      ...turn.sources.flatMap((one) => [el("br", {}), el("a", { href: new URL(one.url, home).href, textContent: one.title,
        target: "_blank", rel: "noopener" })]),
      ...turn.pictures.map(drawn), ...turn.files.map((one) => doc.createTextNode(one))),
    el("span", { className: "muted", textContent: turn.note }));
    return li;
  };
  const said = (turn) => row(turn.key || turn.number, JSON.stringify(turn), (li) => shown(turn, li));

  /* What was said in conversations before this one: above it, one at a time. What was in sight stays there. */
  let since = 0;
  const before = (number) => {
    const more = button(words.earlier, async () => {
      more.disabled = true;
      const answer = await post("earlier", { before: number }).then((one) => one.ok ? one.json() : null).catch(nothing);
      more.disabled = false;
      if (!answer) { note.textContent = words.failed; return; }
      const below = scroll.scrollHeight - scroll.scrollTop;
      more.replaceWith(...(answer.more ? [before(answer.number)] : []), el("p", { className: "muted", textContent: answer.day }),
        el("ol", {}, ...answer.turns.map((turn) => shown(turn, el("li", {})))));
      scroll.scrollTop = scroll.scrollHeight - below;
    }, "quiet");
    return more;
  };

  const coming = (one) => row(one.id, "waiting" + one.refused + queue.isStuck(), (li) => {
    li.className = "customer" + (one.refused ? " fails" : "");
    li.replaceChildren(el("div", { className: "words", dir: "auto", textContent: one.body || one.label || words.picture + " " + (one.file ? one.file.name : "") }),
      el("span", { className: one.refused ? "bad" : "muted", textContent: one.refused || (queue.isStuck() ? words.offline : words.sending) }),
      ...(one.refused ? [button(words.again, () => queue.again(one), "quiet")] : []));
  });

  const tell = () => {
    const count = state && !isOpen ? state.unread : 0;
    const badge = opener.querySelector(".unread");
    if (badge) { badge.remove(); }
    if (count) { opener.append(el("span", { className: "unread", textContent: count, ariaLabel: words.unread.replace("%n", count) })); }
    kit.count(count);
  };

  const draw = () => {
    if (!state || !words.title) { return; }
    title.textContent = words.title;
    hours.textContent = state.hours || "";
    label.textContent = area.placeholder = words.body;
    close.ariaLabel = words.close;
    scroll.ariaLabel = log.ariaLabel = words.talk;
    pictureWords.textContent = file ? file.name.slice(0, 20) : words.picture;
    go.textContent = words.send;
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
    const there = new Set(state.turns.map((turn) => turn.key));
    const rows = [...state.turns.map(said), ...queue.items().filter((one) => !there.has(one.id)).map(coming)];
    [...talk.children].filter((one) => !rows.includes(one)).forEach((one) => one.remove());
    rows.forEach((one, n) => { if (talk.children[n] !== one) { talk.insertBefore(one, talk.children[n] || null); } });
    if (since !== state.number) {
      since = state.number;
      past.replaceChildren(...(state.earlier ? [before(0)] : []));
    }
    under();
    if (atEnd) { scroll.scrollTop = scroll.scrollHeight; }
    if (isOpen && doc.visibilityState === "visible" && state.unread) {
      post("seen", { number: state.last }).catch(nothing);
      state.unread = 0;
    }
    tell();
  };

  /* Beneath the talk: the buttons of the last answer, how it was, where replies go. */
  let lower = "";
  const under = () => {
    const last = state.turns[state.turns.length - 1];
    const taps = last && state.state === "bot" && !queue.items().length ? last.buttons : [];
    const asks = !state.turns.length ? words.hello : "";
    const looks = JSON.stringify([taps, asks, state.rating, state.mail, state.asked, state.isVisitor, stopped]);
    if (looks === lower) { return; }
    lower = looks;
    below.replaceChildren(...[
      asks && el("p", { className: "muted", textContent: asks }),
      taps.length && el("div", { className: "row" }, ...taps.map(([text, tap]) =>
        button(text, () => queue.add({ id: newId(), tap, label: text }), "tap"))),
      state.rating && rating(),
      state.isVisitor && state.turns.length && address(),
    ].filter((one) => one));
  };

  const act = (path, body, after) => post(path, body).then(async (response) => {
    if (!response.ok) { note.textContent = await refusal(response); return; }
    note.textContent = after || "";
    await refresh(true);
  }).catch(() => { note.textContent = words.failed; });

  const rating = () => {
    const comment = el("input", { type: "text", maxLength: 2000, ariaLabel: words.comment, placeholder: words.comment });
    let score = 0;
    const choices = words.scores.map(([value, text]) => el("label", { className: "pick" },
      el("input", { type: "radio", name: "score", value, onchange: () => { score = Number(value); } }), text));
    return el("div", { className: "aside" }, el("fieldset", {}, el("legend", { textContent: words.rate }), ...choices), comment,
      el("div", { className: "row" }, button(words.send, () => score && act("ratings", { score, comment: comment.value }, words.thanks), "end")));
  };

  const address = () => {
    const leave = button(words.forget, () => act("leaving", {}).then(() => {
      forget();
      rest();
      state = { ...state, turns: [], isVisitor: false, unread: 0, number: 0, earlier: false };
      draw();
    }), "quiet");
    if (state.mail) { return el("div", { className: "aside" }, el("p", { textContent: words.mailed.replace("%s", state.mail) }), leave); }
    const code = state.asked;
    const input = el("input", { type: code ? "text" : "email", inputMode: code ? "numeric" : "email", maxLength: code ? 10 : 254,
      autocomplete: code ? "one-time-code" : "email", id: "chat-mail" });
    return el("div", { className: "aside" },
      el("label", { htmlFor: "chat-mail", textContent: code ? words.code.replace("%s", code) : words.mail }), input,
      el("div", { className: "row" }, leave,
        code && button(words.other, () => { state.asked = ""; lower = ""; under(); }, "quiet"),
        button(code ? words.confirm : words.digits, () => act(code ? "codes" : "addresses", { text: input.value }), "end")));
  };

  const queue = outbox({
    kept: { load: () => recall().unsent || [], save: (unsent) => { if (unsent.length || recall().unsent) { keep({ unsent }); } } },
    send, changed: () => draw(),
  });

  /* ---- by hand ---- */

  form.onsubmit = (event) => {
    event.preventDefault();
    const body = area.value.trim();
    if (body) { queue.add({ id: newId(), body }); }
    if (file) { queue.add({ id: newId(), file }); }
    area.value = "";
    file = picture.value = null;
    scroll.scrollTop = scroll.scrollHeight;
    area.focus();
    draw();
  };
  area.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) { form.requestSubmit(); }
  };
  picture.onchange = () => { file = picture.files[0] || null; draw(); };
  box.oncancel = (event) => { event.preventDefault(); hide(); };
  box.onkeydown = (event) => {
    if (event.key === "Escape" && !event.isComposing) { event.preventDefault(); event.stopPropagation(); hide(); }
  };

  const show = () => {
    if (isOpen) { return; }
    isOpen = true;
    theme();
    if (matchMedia("(max-width: 480px)").matches) { box.popover = null; box.showModal(); } else { box.popover = "manual"; box.showPopover(); }
    draw();
    scroll.scrollTop = scroll.scrollHeight;
    area.focus();
  };
  const hide = () => {
    if (!isOpen) { return; }
    isOpen = false;
    if (box.open) { box.close(); }
    if (box.popover) { box.hidePopover(); }
    opener.focus();
    tell();
  };
  const looked = () => { if (doc.visibilityState === "visible") { refresh().then(listen, nothing); } else { rest(); } };
  doc.addEventListener("visibilitychange", looked);

  const ready = refresh().then(listen, nothing);
  return {
    open: () => { show(); return ready; },
    end: () => { stopped = true; rest(); doc.removeEventListener("visibilitychange", looked); tell(); box.remove(); },
  };
};
