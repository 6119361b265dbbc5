"""Somebody's product: one page under a policy that forbids everything but the script, on a port of its own."""

from __future__ import annotations

from typing import Any

from guides import script

NONCE = "c2VjcmV0LW9mLXRoZS1ob3N0"
PAGE = """<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>つきみ勤怠</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<script nonce="{nonce}">
window.seen = {{shift: 0, longest: 0, ours: 0, broken: []}};
const shifted = (e) => {{ seen.shift += e.hadRecentInput ? 0 : e.value; }};  // as CLS is defined
new PerformanceObserver((list) => list.getEntries().forEach(shifted)).observe({{type: "layout-shift", buffered: true}});
const longer = (e) => {{ seen.longest = Math.max(seen.longest, e.duration); }};
new PerformanceObserver((list) => list.getEntries().forEach(longer))
  .observe({{type: "longtask", buffered: true}});
const isOurs = (one) => /engawa\.js|chat\.js/.test(one.sourceURL);
const ran = (e) => e.scripts.filter(isOurs).forEach((one) => {{ seen.ours = Math.max(seen.ours, one.duration); }});
if (PerformanceObserver.supportedEntryTypes.includes("long-animation-frame")) {{
  new PerformanceObserver((list) => list.getEntries().forEach(ran))
    .observe({{type: "long-animation-frame", buffered: true}});
}}
addEventListener("error", (e) => seen.broken.push(e.message));
addEventListener("unhandledrejection", (e) => seen.broken.push(String(e.reason)));
addEventListener("securitypolicyviolation", (e) => seen.broken.push(e.violatedDirective));
</script>
{snippet}
</head><body><main><h1>勤務表</h1><p>10月分の勤務表です。</p>
<button id="go">勤務表へ</button> <button id="late">一覧を開く</button> <button id="did">締める</button>
<div id="list"></div></main>
<script nonce="{nonce}">
const on = (id, act) => document.getElementById(id).addEventListener("click", act);
on("go", () => history.pushState({{}}, "", "/timesheets"));
on("late", () => setTimeout(() => {{
  for (const name of ["pending", "close"]) {{
    const made = document.createElement("button");
    made.dataset.tour = name; made.textContent = name; document.getElementById("list").append(made);
  }}
}}, 150));
on("did", () => window.engawa && window.engawa.track("closed_month"));
</script></body></html>"""


def snippet(base: str, key: str, token: str, **more: str) -> str:
    """What the settings page tells the company to paste, with the host's own nonce."""
    embedded = script.current()
    data = "".join(f' data-{name}="{value}"' for name, value in {"key": key, "token": token, **more}.items())
    return (f'<script src="{base}/w/{embedded.hash}/engawa.js" integrity="{embedded.integrity}" crossorigin defer'
            f' nonce="{NONCE}"{data}></script>')  # fmt: skip


class HostPage:
    """An ASGI app; `tag` is what the company pasted."""

    def __init__(self, base: str) -> None:
        self.base, self.tag = base, ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        policy = (f"default-src 'none'; script-src 'nonce-{NONCE}'; connect-src {self.base}; img-src data:;"
                  " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                  " require-trusted-types-for 'script'; trusted-types 'none'")  # fmt: skip
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", policy.encode())]
        body = PAGE.format(nonce=NONCE, snippet=self.tag).encode()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
