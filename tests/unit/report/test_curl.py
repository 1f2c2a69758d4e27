"""A failed HTTP request can be sent again, and its command has no secrets."""

import shlex

import pytest

from roomproof.history import Answered, Event, Requested
from roomproof.report.curl import curl_command, failed_request, header_placeholder

MADE = Requested(1, 0, "POST", "/api/chats", '{"name":"it\'s"}', headers=["Authorization"])
ASKED = Requested(2, 2, "GET", "/api/chats/ws/stats")
EVENTS: list[Event] = [MADE, Answered(1, 1, 500, "oops"), ASKED, Answered(2, 3, 200, "{}")]


def test_the_command_has_a_variable_for_each_header() -> None:
    command = curl_command("http://h:1", MADE)

    assert command is not None
    assert '-H "Authorization: $AUTHORIZATION"' in command
    assert shlex.split(command)[:5] == ["curl", "-i", "-X", "POST", "http://h:1/api/chats"]
    assert shlex.split(command)[-2:] == ["--data-raw", '{"name":"it\'s"}']


def test_what_a_shell_would_run_is_quoted() -> None:
    request = Requested(1, 0, "GET", "/$(touch x)")

    assert curl_command("http://h", request) == "curl -i -X GET 'http://h/$(touch x)'"
    assert header_placeholder("X`id`") == "'X`id`: '\"$X_ID_\""


def test_a_request_that_is_not_whole_has_no_command() -> None:
    assert curl_command("http://h", Requested(1, 0, "POST", "/", "{...}", is_whole=False)) is None


@pytest.mark.parametrize(
    ("rules", "observed", "found"),
    [
        pytest.param(["CREATE-1"], "expected 201, got 500 'oops'", MADE, id="its answer is quoted"),
        pytest.param(["STATS-2"], "expected 3 members", ASKED, id="the rule is about HTTP"),
        pytest.param(["ORDER-1"], "reordered", None, id="the rule is about frames"),
    ],
)
def test_the_request_behind_a_failure_is_found(rules: list[str], observed: str, found: Requested | None) -> None:
    assert failed_request(EVENTS, rules, observed) == found


def test_a_request_without_an_answer_is_found() -> None:
    why = "GET /health got no HTTP answer: no connection"

    assert failed_request([MADE, Answered(1, 1, None, why), ASKED], [], f"{why}; try again") == MADE
    assert failed_request([], ["CREATE-1"], "no history") is None
