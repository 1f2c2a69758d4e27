"""Files that editors of other systems write are read like any other."""

from pathlib import Path

from tests.listening import REFERENCE, listening
from tests.suite.verify import verify

ONE = ("test_create.py", "-k", "used_at_once")
"""Arguments that choose one quick scenario."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def test_a_target_file_may_have_a_byte_order_mark_and_capitals(tmp_path: Path) -> None:
    with listening(*REFERENCE) as url:
        text = f'url = "{url}"\r\ncapabilities = ["fetch"]\r\n'
        (tmp_path / "STAGING.TOML").write_bytes(BYTE_ORDER_MARK + text.encode())
        run = verify(tmp_path, *ONE, "--target", "STAGING.TOML")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert (run.results[0]["target"], run.results[0]["capabilities"]) == (url, ["fetch"])


def test_a_deviations_file_may_have_a_byte_order_mark(tmp_path: Path) -> None:
    text = '[[deviation]]\r\nrule = "ORDER-1"\r\nreason = "slow"\r\n'
    (tmp_path / "KNOWN.TOML").write_bytes(BYTE_ORDER_MARK + text.encode())

    run = verify(tmp_path, *ONE, "--deviations", "KNOWN.TOML")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
