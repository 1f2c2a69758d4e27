"""The demo page: ``test_websocket.html``, three clients side by side, at ``/``."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from quart import Quart, Response

NAME = "test_websocket.html"


class PageMissing(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """The page is missing from this installation.

    The message says where it was looked for.
    """


def add_page(app: Quart) -> None:
    """Serve the page at ``/``. Raises PageMissing."""
    page = find_page().read_bytes()
    headers = {
        "Content-Security-Policy": content_security_policy(page.decode()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }

    @app.get("/")
    async def show() -> Response:
        return Response(page, content_type="text/html; charset=utf-8", headers=headers)


def find_page() -> Path:
    """Return the path of the page.

    It is inside the package when installed, and beside the package in a checkout. Raises PageMissing.
    """
    package = Path(__file__).parent
    for path in (package / NAME, package.parent / NAME):
        if path.is_file():
            return path
    raise PageMissing(f"{NAME} is neither in {package} nor in {package.parent}: this installation is incomplete")


def content_security_policy(page: str) -> str:
    """Return the policy for the page.

    It may run only its own script and style, load nothing, and connect to any server.

    Any server, because the page has a field for its address.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hashes('script', page)}",
            f"style-src {_hashes('style', page)}",
            "img-src data:",
            "connect-src http: https: ws: wss:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hashes(tag: str, page: str) -> str:
    contents = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return " ".join(f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'" for content in contents)
