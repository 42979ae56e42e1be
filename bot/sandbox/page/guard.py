"""Who may talk to the page: browsers that came to this very address, not pages of other sites."""

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

NAMES = {"127.0.0.1", "localhost"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 to foreign names (DNS rebinding) and to what other sites' pages send (forgery)."""
    if objection := refusal(request):
        raise web.HTTPForbidden(text=objection)
    return await handler(request)


async def harden(_: web.Request, response: web.StreamResponse) -> None:
    """Let browsers load and run nothing but the page's own files."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def refusal(asked: web.Request) -> str | None:
    """Why the request is not answered; None when it is. Programs send neither Origin nor Sec-Fetch-Site."""
    host = asked.headers.get(hdrs.HOST, "")
    if host.rpartition(":")[0] not in NAMES and host not in NAMES:
        return "The sandbox answers at 127.0.0.1 and localhost only."
    if asked.headers.get(hdrs.ORIGIN, f"http://{host}") != f"http://{host}":
        return "The sandbox takes nothing from pages of another origin."
    is_visit = asked.method == hdrs.METH_GET and asked.path == "/"  # a link may lead here
    if asked.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"} and not is_visit:
        return "The sandbox takes nothing from pages of another site."
    return None
