"""Cross-origin access: pages of every origin are allowed, without credentials.

The demo page has to work when it is opened as a file. Its origin is ``null`` then, which any page can take on in a
sandboxed frame. So allowing ``null`` allows every page, and ``*`` says so plainly.

This exposes nothing new: browsers apply no such rule to WebSockets, and the service has neither cookies nor passwords.
A proxy that adds authentication should name the permitted origins; ``*`` and credentials exclude each other.
"""

from quart import Quart, Response, request

PREFLIGHT_SECONDS = 600
"""Seconds for which a browser may cache the answer to a preflight request.

Browsers have limits of their own."""


def allow_every_origin(app: Quart) -> None:
    """Add the CORS headers to every answer, and more to those of preflights."""

    @app.after_request
    async def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "X-Upstream"  # the front adds it, see nginx/
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type"
            response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        return response
