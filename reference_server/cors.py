"""Which pages may talk to the service: every one, without credentials.

The demo page works when it is opened as a file, too. Its origin is ``null`` then, and any page can give itself that
origin (in a sandboxed frame), so to allow ``null`` is to allow everybody, and ``*`` says so plainly. It opens nothing
that was closed: browsers apply no such rule to WebSockets, and the service knows no cookies and no passwords. Whoever
puts authentication in front of it should name origins there, too; ``*`` never goes together with credentials.
"""

from quart import Quart, Response, request

PREFLIGHT_SECONDS = 600
"""How long a browser may remember what it was allowed. Browsers cap it themselves."""


def allow_every_origin(app: Quart) -> None:
    """Adds the headers to every answer, and what a preflight asks for to those to OPTIONS."""

    @app.after_request
    async def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "X-Upstream"  # the front adds it, see nginx/
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type"
            response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        return response
