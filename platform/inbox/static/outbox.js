// What was written, sent in order and once: one at a time, each under its own id, again until the server has it.
// `kept` loads and saves what is unsent; `send` says "sent", "again" or a sentence of refusal; `changed` is told.
// Another tab may send the same ids: the server takes each once, and never the second before the first.
export const outbox = ({ kept, send, changed }) => {
  const waiting = kept.load(), refused = [];
  let busy = false, tries = 0, timer = 0;

  const save = () => {
    kept.save(waiting.filter((one) => !one.file).map(({ id, body, tap }) => ({ id, body, tap })));
    changed();
  };

  const pump = async () => {
    clearTimeout(timer);
    if (busy) { return; }
    busy = true;
    while (waiting.length) {
      const one = waiting[0], said = await send(one).catch(() => "again");
      if (said === "again") {
        timer = setTimeout(pump, Math.min(30000, 1000 * 2 ** tries++));
        break;
      }
      tries = 0;
      waiting.shift();
      if (said !== "sent") { refused.push(Object.assign(one, { refused: said })); }
      save();
    }
    busy = false;
    changed();
  };

  const add = (one) => {
    waiting.push(one);
    save();
    pump();
  };

  addEventListener("online", () => { tries = 0; pump(); });
  if (waiting.length) { pump(); }
  return {
    add,
    items: () => [...refused, ...waiting],
    isStuck: () => tries > 0,
    again: (one) => {
      refused.splice(refused.indexOf(one), 1);
      add(Object.assign(one, { refused: "" }));
    },
  };
};

export const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
