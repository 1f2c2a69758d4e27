"""Messages about requests show no secret of a user."""

import pytest

from roomproof.client.http import Http, UnreachableError
from roomproof.client.target import Target
from roomproof.dialects.rooms import Request

SECRET = "opensesame"
REQUEST = Request("POST", f"/rooms/{SECRET}", shown="POST /rooms/...")


def test_a_request_without_an_answer_is_told_without_its_path() -> None:
    with pytest.raises(UnreachableError, match=r"POST /rooms/\.\.\.") as unanswered:
        Http(Target("http://127.0.0.1:1")).send(REQUEST)

    assert SECRET not in str(unanswered.value)
