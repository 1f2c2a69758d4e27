"""Events become arrows between people and the server."""

from collections.abc import Sequence

from roomproof.dialects.native import native
from roomproof.history import Answered, Deadline, Deleting, Dying, Event, Opening, Received, Requested, Sent
from roomproof.report.page.sequence_chart import SHOWN_PEOPLE, SHOWN_ROWS, SequenceChart, sequence_chart
from roomproof.timeline import connection_names
from tests.unit.report.saved import HOSTILE, doubled_history


def chart(events: Sequence[Event]) -> SequenceChart:
    rooms = {event.connection: event.room for event in events if isinstance(event, Opening)}
    return sequence_chart("a finding", events, connection_names(events), native().frames, rooms)


def test_the_server_stands_between_the_people() -> None:
    assert [lane.name for lane in chart(doubled_history()).lanes] == ["alice", "server", "bob"]


def test_arrows_go_from_the_sender_to_the_server_and_back() -> None:
    made = chart([Sent(1, 1_000_000, text="x"), Received(2, 3_000_000, text="y"), Dying(2, 4_000_000, "rst")])
    places = {lane.name: lane.x for lane in made.lanes}

    assert [(row.start, row.end) for row in made.rows] == [
        (places["#1"], places["server"]),
        (places["server"], places["#2"]),
        (places["#2"], places["#2"]),
    ]
    assert [row.time for row in made.rows] == ["0.0000", "0.0020", "0.0030"]
    assert [row.is_arrow for row in made.rows] == [True, True, False]


def test_frames_are_shown_as_they_were_read() -> None:
    labels = [row.label for row in chart(doubled_history()).rows]

    assert "message: 'soup'" in labels
    assert labels.count("message of alice: 'soup'") == 3


def test_the_words_have_the_whole_frame() -> None:
    assert any('"sender_id": "alice"' in row.text for row in chart(doubled_history()).rows)


def test_without_a_dialect_frames_are_shown_as_they_were() -> None:
    made = sequence_chart("a finding", [Sent(1, 1, text="soup"), Received(1, 2, text="tea")], {})

    assert [row.label for row in made.rows] == ["> soup", "< tea"]


def test_only_the_witness_is_marked() -> None:
    events = doubled_history()

    made = sequence_chart("a finding", events, connection_names(events), witness=[events[9]])

    assert [row.is_witness for row in made.rows] == [event is events[9] for event in events[1:]]


def test_http_exchanges_have_a_lane_of_their_own() -> None:
    made = chart([Requested(1, 1, "POST", "/api/chats"), Answered(1, 2, 201), Opening(1, 3, "kitchen", "alice")])
    places = {lane.name: lane.x for lane in made.lanes}

    assert [(row.start, row.end) for row in made.rows[:2]] == [
        (places["http"], places["server"]),
        (places["server"], places["http"]),
    ]
    assert list(places) == ["http", "server", "alice"]


def test_an_event_of_no_connection_stands_at_the_server() -> None:
    made = chart([Sent(1, 1, text="x"), Deleting(2, "kitchen")])

    assert [(row.who, row.is_arrow) for row in made.rows] == [("#1", True), ("server", False)]


def test_what_a_chart_leaves_out_it_says() -> None:
    crowd: list[Event] = [Opening(number, number, "chat-1", f"u{number}") for number in range(60)]
    talk: list[Event] = [Received(1, at, text="x") for at in range(100, 200)]

    made = chart([*crowd, *talk, Deadline(300)])

    assert (len(made.lanes), len(made.rows)) == (SHOWN_PEOPLE + 1, SHOWN_ROWS)
    assert made.left_out == "121 more events are not shown, nor are 50 more people"


def test_times_of_any_size_are_shown() -> None:
    assert [row.time for row in chart([Deadline(-(10**400)), Deadline(10**400)]).rows] == ["0.0000", "1000000.0000"]


def test_hostile_names_and_texts_are_printable() -> None:
    made = chart([Opening(1, 1, HOSTILE, HOSTILE), Received(1, 2, text=HOSTILE)])

    texts = [lane.name for lane in made.lanes] + [text for row in made.rows for text in (row.who, row.text, row.label)]
    assert all(text.isprintable() for text in texts)
