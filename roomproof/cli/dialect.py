"""The command `roomproof dialect`: one exchange in the dialect of a target file."""

import sys
from collections.abc import Iterator, Sequence

from roomproof.cli.exit_codes import USAGE_ERROR
from roomproof.client.http import Http, UnreachableError
from roomproof.client.target_file import read_target
from roomproof.client.tcp import LocalTroubleError
from roomproof.dialects.shown import shown_received, shown_sent
from roomproof.errors import UsageError
from roomproof.history import Received, Sent
from roomproof.printable import counted, printable
from roomproof.spec.messages import Message, Unmatched
from roomproof.stage.endings import Refusal
from roomproof.stage.person import Person
from roomproof.stage.scene import LacksError, RuleBrokenError
from roomproof.stage.stage import Stage
from roomproof.verdict import EXIT_CODES, Conclusion

SAID = {"alice": "good day", "bob": "hello"}
"""The people, and what each of them says."""

NAMES = tuple(SAID)

UNREAD = "nothing in the file matches"


def play(name: str) -> int:
    """Let two people talk, and print every frame beside what it was read as.

    Returns 0 if each hears the other by name and every frame was read, and 3 otherwise, or 4 for a wrong target file.
    """
    try:
        target = read_target(name)
        stage = Stage.open(target, Http(target), server_ahead=0, known_ids=set())
        try:
            return _exchange(stage)
        finally:
            stage.close()
    except UsageError as error:
        print(f"roomproof dialect: {error}", file=sys.stderr)
        return USAGE_ERROR
    except (LocalTroubleError, UnreachableError, RuleBrokenError, LacksError) as error:
        print(f"roomproof dialect: {error}", file=sys.stderr)
        return EXIT_CODES[Conclusion.INCONCLUSIVE]


def _exchange(stage: Stage) -> int:
    dialect = stage.scene.target.dialect
    lacking = f"without {', '.join(sorted(dialect.without))}" if dialect.without else "which lacks nothing"
    print(f"{stage.scene.target.url} speaks the dialect {dialect.name}, {lacking}")
    room = stage.room("A look at the dialect")
    print(f"room {printable(room.id)}")
    room.invite(*SAID)
    people: list[Person] = []
    for name in SAID:
        answer = room.attempt(name)
        if isinstance(answer, Refusal):
            print(f"{name}: refused: {answer}")
            return EXIT_CODES[Conclusion.INCONCLUSIVE]
        people.append(answer)
    is_heard = _talk(stage, people)
    unread = 0
    for person in people:
        print(f"{printable(person.user)}:")
        for direction, frame, reading in _frames(stage, person):
            print(f"  {direction} {printable(frame)}\n      {reading}")
            unread += reading.startswith(UNREAD)
    wrong_names = list(_wrong_names(people))
    for line in wrong_names:
        print(line)
    if unread:
        print(f"expected an entry of the file for every frame, got {counted(unread, 'frame')} that nothing matches")
    print("each hears the other" if is_heard else "expected each to hear the other, got what stands above")
    is_right = is_heard and not unread and not wrong_names
    return EXIT_CODES[Conclusion.VALID if is_right else Conclusion.INCONCLUSIVE]


def _wrong_names(people: Sequence[Person]) -> Iterator[str]:
    """The fault of messages that name another sender than the file says."""
    names = {text: person.user for text, person in zip(SAID.values(), people, strict=True)}
    for person in people:
        for message in _messages(person):
            name = names.get(message.content)
            if name is not None and message.sender_id not in ("", name):
                about = f"{message.content!r} at {printable(person.user)}"
                got = f"got {printable(message.sender_id)}; correct known_as in [users], or sender in [[hear]]"
                yield f"expected {printable(name)} as the sender of {about}, {got}"


def _talk(stage: Stage, people: Sequence[Person]) -> bool:
    """Let each say something, and return whether all hear each other in time."""
    for person, text in zip(people, SAID.values(), strict=True):
        person.connection.say(text)

    def all_hear() -> bool | None:
        wanted = [(one, text) for one in people for text in SAID.values() if text != SAID[NAMES[people.index(one)]]]
        return all(text in _contents(one) for one, text in wanted) or None

    return bool(stage.scene.recorder.wait_for(all_hear, stage.scene.deadline))


def _contents(person: Person) -> set[str]:
    """The contents of the messages that a person received."""
    return {message.content for message in _messages(person)}


def _messages(person: Person) -> Iterator[Message]:
    """The messages that a person received."""
    for one in list(person.connection.received):
        read = person.dialect.frames.read(one.frame, person.connection.room)
        if isinstance(read, Message):
            yield read


def _frames(stage: Stage, person: Person) -> Iterator[tuple[str, str, str]]:
    """The frames of a person, each with its direction and its reading."""
    frames, number = person.dialect.frames, person.connection.number
    for direction, frame in person.connection.opening_frames:
        yield direction, frame, "opening"
    for event in stage.events():
        match event:
            case Sent(connection=one) if one == number:
                yield ">", str(event.frame), shown_sent(frames.read_sent(event.frame))
            case Received(connection=one) if one == number:
                read = frames.read(event.frame, person.connection.room)
                reading = f"{UNREAD}: {read.reason}" if isinstance(read, Unmatched) else shown_received(read)
                yield "<", str(event.frame), reading
            case _:
                pass
