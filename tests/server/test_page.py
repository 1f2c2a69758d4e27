import contextlib
import hashlib
import re
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
import urllib3

from reference_server import page
from tests.listening import REFERENCE
from tests.server.process import PATIENCE, ROOT, Server

FILE = ROOT / "test_websocket.html"


def test_the_demo_page_is_served_at_the_root(server: Server) -> None:
    answer = server.ask("GET", "/")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.body == FILE.read_bytes()


def test_only_the_script_and_style_of_the_page_can_run(server: Server) -> None:
    policy = server.ask("GET", "/").headers["Content-Security-Policy"]

    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        contents = re.findall(f"<{tag}.*?>(.*?)</{tag}>", FILE.read_text(), re.DOTALL)
        hashes = [b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in contents]
        assert f"{directive} " + " ".join(f"'sha256-{one}'" for one in hashes) + ";" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_page_loads_nothing() -> None:
    assert re.findall(r"""(?:src|href|action)\s*=\s*["'](?!data:)[^"']*|@import|url\(""", FILE.read_text()) == []


def test_an_installation_ships_the_page(tmp_path: Path) -> None:
    """A server started in another folder is the installed one, under tox the wheel."""
    with subprocess.Popen(REFERENCE, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            with contextlib.closing(urllib3.request("GET", url + "/", timeout=PATIENCE)) as answer:
                assert answer.data == FILE.read_bytes()
        finally:
            process.kill()


def test_an_incomplete_installation_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "NAME", "nowhere.html")

    with pytest.raises(page.PageMissing, match=r"nowhere\.html is neither in .*reference_server nor in"):
        page.find_page()
