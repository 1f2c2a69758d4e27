"""The demo page: ``test_websocket.html``, three clients side by side, at ``/``."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from quart import Quart, Response

NAME = "test_websocket.html"


class PageMissing(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """This installation is incomplete. The message says where the page was looked for."""


def add_page(app: Quart) -> None:
    """Serves the page at ``/``. Raises PageMissing."""
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
    """The page that this installation ships (in the package), or that of the checkout (beside the package)."""
    package = Path(__file__).parent
    for path in (package / NAME, package.parent / NAME):
        if path.is_file():
            return path
    raise PageMissing(f"{NAME} is neither in {package} nor in {package.parent}: this installation is incomplete")


def content_security_policy(page: str) -> str:
    """Lets the page run its own script and style and nothing else, load nothing, and talk to any server, because it has
    a field for one."""
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
