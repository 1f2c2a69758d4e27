"""Timelines are readable."""

from roomproof.history import Answered, Closed, Event, Opened, Opening, Received, Requested, Sent, Started
from roomproof.timeline import SHOWN_EVENTS, reader_of, timeline

EVENTS: list[Event] = [
    Started(),
    Opening(1, 1_000_000_000, "chat-1", "alice"),
    Opening(2, 1_100_000_000, "chat-1", "bob"),
    Sent(1, 1_300_000_000, text="hi"),
    Opened(1, 1_200_000_000),
    Received(2, 1_400_000_000, text="hi"),
    Closed(2, 1_500_000_000, 1000),
]


def test_events_stand_in_the_order_of_time() -> None:
    assert timeline(EVENTS) == [
        "   0.0000  alice  connects to chat-1",
        "   0.1000  bob    connects to chat-1",
        "   0.2000  alice  is connected",
        "   0.3000  alice  > hi",
        "   0.4000  bob    < hi",
        "   0.5000  bob    is closed with 1000",
    ]


def test_connections_of_one_user_are_told_apart() -> None:
    lines = timeline([Opening(1, 0, "chat-1", "bob"), Opening(2, 1, "chat-1", "bob")])

    assert ["bob#1" in lines[0], "bob#2" in lines[1]] == [True, True]


def test_a_long_timeline_loses_its_middle() -> None:
    lines = timeline([Opening(1, 0, "chat-1", "bob"), *(Sent(1, at, text=str(at)) for at in range(1_000))])

    assert len(lines) == SHOWN_EVENTS + 1
    assert "events left out" in lines[SHOWN_EVENTS // 2]
    assert lines[-1].endswith("> 999")


CHAT: dict[str, object] = {
    "say": {"frame": {"text": "{content}"}},
    "hear": [{"when": {"event": "chat"}, "message": {"content": "text", "sender": "from"}}],
}

IN_A_DIALECT: list[Event] = [
    Started(dialect=CHAT, without=["notices", "errors", "timestamps"]),
    Opening(1, 0, "chat-1", "alice"),
    Sent(1, 1, text='{"text":"soup"}'),
    Sent(1, 2, text='{"text":1}'),
    Received(1, 3, text='{"event":"chat","text":"soup","from":"bob"}'),
    Received(1, 4, text='{"event":"dance"}'),
    Received(1, 5, text='{"event":"chat","text":"' + "s" * 500 + '","from":"bob"}'),
]

FRAMES = [
    """> {"text":"soup"}  [message: 'soup']""",
    """> {"text":1}  [bad frame: no frame of [say]]""",
    """< {"event":"chat","text":"soup","from":"bob"}  [message of bob: 'soup']""",
    """< {"event":"dance"}  [unmatched: expected a frame that an entry of [[hear]],""",
]


def test_frames_of_a_dialect_are_shown_with_their_reading() -> None:
    lines = timeline(IN_A_DIALECT)

    assert all(frame in line for frame, line in zip(FRAMES, lines[1:], strict=False))
    assert lines[-1].endswith(f"[message of bob: '{'s' * 83}...]")


def test_a_part_of_a_history_is_read_like_the_whole() -> None:
    part = IN_A_DIALECT[2:3]

    assert timeline(part, read=reader_of(IN_A_DIALECT))[0].endswith(FRAMES[0])
    assert timeline(part)[0].endswith('> {"text":"soup"}')


def test_native_frames_need_no_reading() -> None:
    assert reader_of(EVENTS) is None
    assert reader_of([Started(without=["sender"]), *EVENTS]) is None


def test_http_exchanges_stand_among_the_frames() -> None:
    events: list[Event] = [
        Requested(1, 1_000_000_000, "POST", "/api/chats", '{"name":"x"}'),
        Answered(1, 1_100_000_000, 201, '{"id":"chat-1"}'),
        Opening(1, 1_200_000_000, "chat-1", "al"),
        Requested(2, 1_300_000_000, "GET", "/health"),
        Answered(2, 1_400_000_000, None, "no connection"),
    ]

    assert timeline(events) == [
        '   0.0000  http  > POST /api/chats {"name":"x"}',
        '   0.1000  http  < 201 {"id":"chat-1"}',
        "   0.2000  al    connects to chat-1",
        "   0.3000  http  > GET /health",
        "   0.4000  http  < no answer: no connection",
    ]


def test_an_exchange_that_is_repeated_stands_once() -> None:
    polls = [
        event
        for number in range(9)
        for event in (Requested(number, 2 * number, "GET", "/s"), Answered(number, 2 * number + 1, 200, "{}"))
    ]
    others = [event for at in (90, 92) for event in (Requested(at, at, "GET", "/s"), Answered(at, at + 1, 200, "[]"))]

    lines = [line.strip() for line in timeline([*polls, *others])]

    assert lines[2] == "... the same answer 8 more times ..."
    assert lines[-1] == "... the same answer 1 more time ..."
    assert len(lines) == 6
