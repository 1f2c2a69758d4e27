"""HTTP exchanges are recorded without the secrets of the user."""

from roomproof.client.exchange_log import BODY_CHARACTERS, ExchangeLog
from roomproof.client.redaction import without_header_values
from roomproof.history import Answered, Requested
from roomproof.recorder import Recorder

SECRET = {"Authorization": "Bearer s3cr3ttoken", "Content-Type": "application/json"}


def test_only_the_names_of_headers_are_recorded() -> None:
    recorder = Recorder()
    log = ExchangeLog(recorder)
    number = log.request("POST /api/chats", b'{"name":"x"}', SECRET, is_secret=False)
    log.answer(number, 201, b'{"you sent":"Bearer s3cr3ttoken"}', SECRET)

    request, answer = recorder.events()
    assert isinstance(request, Requested)
    assert isinstance(answer, Answered)
    assert (request.method, request.path, request.body) == ("POST", "/api/chats", '{"name":"x"}')
    assert (request.headers, request.is_whole) == (["Authorization"], True)
    assert (answer.number, answer.status, answer.body) == (number, 201, '{"you sent":"... ..."}')


def test_a_request_with_secrets_is_not_whole() -> None:
    recorder = Recorder()
    ExchangeLog(recorder).request("POST /rooms/...", b'{"token":"..."}', {}, is_secret=True)

    (request,) = recorder.events()
    assert isinstance(request, Requested)
    assert not request.is_whole


def test_long_and_binary_bodies_are_cut() -> None:
    recorder = Recorder()
    log = ExchangeLog(recorder)
    log.request("POST /", b"x" * 100_000, {}, is_secret=False)
    log.request("POST /", b"\xff", {}, is_secret=False)

    long, binary = recorder.events()
    assert isinstance(long, Requested)
    assert isinstance(binary, Requested)
    assert len(long.body or "") < BODY_CHARACTERS + 50
    assert (long.is_whole, binary.is_whole) == (False, False)


def test_short_words_of_headers_are_no_secrets() -> None:
    assert without_header_values('{"name":"a"}', ["a", "yes"]) == '{"name":"a"}'
