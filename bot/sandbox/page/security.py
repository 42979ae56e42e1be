"""Protection of the page: only requests to its own address and from its own origin are answered."""

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

HOST_NAMES = {"127.0.0.1", "localhost"}
SECURITY_HEADERS = {
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
async def reject_foreign_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 to other host names (DNS rebinding) and to requests from other sites (CSRF)."""
    if reason := refusal_reason(request):
        raise web.HTTPForbidden(text=reason)
    return await handler(request)


async def add_security_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Add headers that let browsers load and run only the page's own files."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def refusal_reason(request: web.Request) -> str | None:
    """Return why the request is refused; None if it is not. Programs send neither Origin nor Sec-Fetch-Site."""
    host = request.headers.get(hdrs.HOST, "")
    if host.rpartition(":")[0] not in HOST_NAMES and host not in HOST_NAMES:
        return "The sandbox answers at 127.0.0.1 and localhost only."
    if request.headers.get(hdrs.ORIGIN, f"http://{host}") != f"http://{host}":
        return "The sandbox takes nothing from pages of another origin."
    is_visit = request.method == hdrs.METH_GET and request.path == "/"  # other sites may link to the page
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"} and not is_visit:
        return "The sandbox takes nothing from pages of another site."
    return None
