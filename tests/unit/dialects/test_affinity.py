"""Cookies of a front are read as a browser reads them, and sent beside others."""

import pytest

from roomproof.dialects.affinity import Affinity, AffinityKind, cookie_in, cookie_names, read_affinity, with_cookie
from roomproof.dialects.place import Place
from roomproof.errors import UsageError


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        pytest.param([], None, id="no cookie"),
        pytest.param(["route=a1; Path=/; HttpOnly"], "a1", id="one"),
        pytest.param(["session=x; Path=/", "route=a1"], "a1", id="beside another"),
        pytest.param(["session=x; Path=/; route=a1; Path=/"], "a1", id="in a line of two cookies"),
        pytest.param(["route=a1", "route=b2"], "b2", id="the last of two"),
        pytest.param(["ROUTE=a1"], None, id="not in another case"),
        pytest.param(["route2=a1"], None, id="not one with a longer name"),
        pytest.param(["session=route=a1"], None, id="not in a value"),
        pytest.param(["route=a=b="], "a=b=", id="with equals signs"),
        pytest.param(['route="a1"'], '"a1"', id="in quotes, as it came"),
        pytest.param(["route=; Expires=Thu, 01-Jan-1970 00:00:01 GMT"], "", id="emptied"),
        pytest.param(["route=a1; Max-Age=0"], "", id="removed"),
        pytest.param(["route=a1; max-age=-1"], "", id="removed by a negative age"),
        pytest.param(["route=a1; Max-Age=60"], "a1", id="of some age"),
        pytest.param(["route=a1; Path=/; session=x; Max-Age=0"], "a1", id="while another is removed"),
        pytest.param(["route=a\x01b"], None, id="not one that cannot be sent"),
    ],
)
def test_the_cookie_of_a_front_is_read(lines: list[str], value: str | None) -> None:
    assert cookie_in(lines, "route") == value


def test_a_cookie_goes_out_beside_others() -> None:
    assert with_cookie({}, "route", "a1") == {"Cookie": "route=a1"}
    assert with_cookie({"cookie": "session=x"}, "route", "a1") == {"cookie": "session=x; route=a1"}


def test_the_cookies_of_a_request_are_named() -> None:
    assert cookie_names({"cookie": "session=x; token=y=z"}) == ["session", "token"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("stars", '"address", "cookie:NAME", "header:NAME" or "none"'),
        ("cookie", '"cookie:NAME"'),
        ("address:x", '"cookie:NAME"'),
        ("cookie:", "expected the name of a cookie"),
        ("cookie:a b", "expected the name of a cookie"),
        ("cookie:a;b", "expected the name of a cookie"),
        ("cookie:a=b", "expected the name of a cookie"),
        ("cookie:Path", "expected a cookie that can have another value"),
        ("header:", "expected the name of a header"),
        ("header:X-\u00dcber", "expected the name of a header"),
        ("header:Host", "expected a header that can have another value"),
        ("header:Upgrade", "expected a header that can have another value"),
        ("header:X-Forwarded-For", "expected a header that can have another value"),
    ],
)
def test_an_affinity_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as refused:
        read_affinity(text, Place("chat.toml", "affinity"))

    assert str(refused.value).startswith("chat.toml, affinity: expected")


@pytest.mark.parametrize("text", ["address", "cookie:route", "header:X-Client", "none"])
def test_an_affinity_is_shown_as_it_is_written(text: str) -> None:
    assert str(read_affinity(text, Place("chat.toml", "affinity"))) == text


def test_a_name_that_something_else_sends_is_refused() -> None:
    place = Place("chat.toml", "affinity")

    with pytest.raises(UsageError, match="expected a header that nothing else sends, got 'X-User'"):
        Affinity(AffinityKind.HEADER, "X-User").check_unclaimed(["x-user"], [], place)
    with pytest.raises(UsageError, match="expected a cookie that nothing else sends, got 'route'"):
        Affinity(AffinityKind.COOKIE, "route").check_unclaimed([], ["route"], place)
    Affinity(AffinityKind.COOKIE, "route").check_unclaimed(["route"], ["Route"], place)
    Affinity().check_unclaimed([""], [""], place)
