"""Messages about requests show no secret of a user."""

import pytest

from roomproof.client.http import Http, UnreachableError
from roomproof.client.redaction import without_secrets
from roomproof.client.target import Target
from roomproof.dialects.rooms import Request
from roomproof.dialects.session import Session, UserRow

SECRET = "opensesame"
REQUEST = Request("POST", f"/rooms/{SECRET}", shown="POST /rooms/...")


def test_a_request_without_an_answer_is_told_without_its_path() -> None:
    with pytest.raises(UnreachableError, match=r"POST /rooms/\.\.\.") as unanswered:
        Http(Target("http://127.0.0.1:1")).send(REQUEST)

    assert SECRET not in str(unanswered.value)


def test_a_secret_is_hidden_as_it_is_and_as_an_address_has_it() -> None:
    session = Session("kitchen", UserRow("alice", {"token": "open/se=same", "nick": "al"}))

    assert without_secrets("al: open/se=same, open%2Fse%3Dsame", session) == "al: {token}, {token}"
