"""Reads the tables about frames, from `[[opening]]` to `[bad]`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import UNSET

from roomproof.dialects.codecs.codec import Codec, FrameError
from roomproof.dialects.codecs.json_text import TextCodec
from roomproof.dialects.declared_frames import Answer, Declared, Heartbeat, Say, Step
from roomproof.dialects.format import (
    AnswerTable,
    BadTable,
    DialectTables,
    HearTable,
    HeartbeatTable,
    LeaveTable,
    OpeningTable,
    SayTable,
    convert,
)
from roomproof.dialects.hearing import FIELDS, Hear
from roomproof.dialects.names import USER, Names
from roomproof.dialects.place import Place
from roomproof.dialects.pointer import Pointer
from roomproof.dialects.template import ANY, Template, as_text
from roomproof.dialects.users import RESERVED
from roomproof.spec.rules import Need

REQUIRED = {"message": ("content",), "joined": ("user",), "left": ("user",)}
"""Fields that each kind of frame must have, whatever a service lacks."""

DROPPED: Mapping[Need, tuple[str, ...]] = {Need.NOTICES: ("joined", "left"), Need.ERRORS: ("error",)}
"""Kinds of frames that are ignored where a service lacks a need."""

ADVICE: Mapping[Need, str] = {
    Need.NOTICES: "entries with joined and left",
    Need.ERRORS: "an entry with error",
    Need.SENDER: "sender in each message",
    Need.TIMESTAMPS: "timestamp in each message, joined and left",
}
"""The entries of `[[hear]]` that show a need, for each that a service does not lack."""


@dataclass
class FramesReader:
    """Reads the frames of one file.

    `learned` grows with each step of the opening, and `sent_names` with each template of a frame to send.
    """

    file: str
    codec: Codec
    codec_name: str
    names: Names
    without: Collection[Need]
    learned: set[str] = field(default_factory=set)
    sent_names: set[str] = field(default_factory=set)
    opening_names: set[str] = field(default_factory=set)
    """The placeholders of the frames that an opening sends."""
    has_envelope: bool = False

    def read(self, top: DialectTables) -> Declared:
        """Read all tables about frames. Raises UsageError."""
        own = self.codec.tables
        opening = self._opening([*_list(own, "opening"), *top.opening], len(_list(own, "opening")))
        say = self._say(top.say if top.say is not None else own.get("say"))
        hears = [self._hear(value, self._entry("hear", at), say) for at, value in enumerate(top.hear, 1)]
        has_message = any(hear.kind == "message" for hear in hears)
        of_codec = [
            one for one in _list(own, "hear") if not (has_message and isinstance(one, dict) and "message" in one)
        ]
        hears += [self._hear(value, self._place("codec"), say) for value in of_codec]
        self._check_hears(hears)
        answers = [self._answer(value, self._entry("answer", at)) for at, value in enumerate(top.answer, 1)]
        answers += [self._answer(value, self._place("codec")) for value in _list(own, "answer")]
        heartbeat = self._heartbeat(top.heartbeat if top.heartbeat is not None else own.get("heartbeat"))
        leave = self._leave(top.leave if top.leave is not None else own.get("leave"))
        bad = self._bad(top.bad)
        return Declared(say, tuple(hears), tuple(opening), tuple(answers), heartbeat, leave, bad, top.strict)

    def _place(self, table: str) -> Place:
        return Place(self.file, f"[{table}]")

    def _entry(self, table: str, number: int) -> Place:
        return Place(self.file, f"[[{table}]] {number}")

    def _opening(self, values: Sequence[object], of_codec: int) -> list[Step]:
        steps = []
        for number, value in enumerate(values, 1 - of_codec):
            place = self._entry("opening", number) if number > 0 else self._place("codec")
            steps.append(self._step(value, place))
        return steps

    def _step(self, value: object, place: Place) -> Step:
        table = convert(value, OpeningTable, place)
        if (table.send is UNSET) == (table.expect is UNSET):
            got = "none" if table.send is UNSET else "both"
            raise place.wrong("either send or expect", got, "write one entry for each step")
        if table.expect is UNSET:
            if table.refused is not UNSET or table.learn:
                raise place.wrong("refused and learn beside expect", "them beside send", "move them to the next step")
            send = self._sent(table.send, place.key("send"), {"room"})
            self.opening_names |= send.names
            return Step(send=send)
        expect = self._received(table.expect, place.key("expect"))
        refused = None if table.refused is UNSET else self._received(table.refused, place.key("refused"))
        for name in table.learn:
            if not name.isidentifier() or name in RESERVED | USER:
                advice = "choose another name"
                raise place.key("learn").wrong("a name for a placeholder of its own", repr(name), advice)
        self.learned |= {*table.learn, *(expect.names - RESERVED - USER)}
        pointers = {name: Pointer(text, place.key(f"learn {name}")) for name, text in table.learn.items()}
        return Step(expect=expect, refused=refused, learn=pointers)

    def _say(self, value: object) -> Say:
        place = self._place("say")
        if value is None:
            raise place.wrong("the frame that sends a message", "no such table", 'write frame = {text = "{content}"}')
        table = convert(value, SayTable, place)
        frame = self._sent(table.frame, place.key("frame"), {"room", "content", "number"})
        if "content" not in frame.names:
            raise frame.place.wrong("{content} in it", "none", "write it where the content stands")
        if table.envelope and Need.SENDER not in self.without:
            advice = 'add "sender" to without, or remove envelope'
            raise place.key("envelope").wrong("an envelope only where messages name no sender", "true", advice)
        self.has_envelope = table.envelope
        ping = None if table.ping is UNSET else self._sent(table.ping, place.key("ping"), {"room"})
        return Say(frame, table.envelope, ping)

    def _hear(self, value: object, place: Place, say: Say) -> Hear:
        table = convert(value, HearTable, place)
        kinds = [kind for kind in FIELDS if getattr(table, kind) is not UNSET]
        if len(kinds) != 1 or table.ignore is False:
            got = " and ".join(kinds) if table.ignore is not False else "ignore = false"
            raise place.wrong(f"exactly one of {', '.join(FIELDS)}", got or "none", "write one entry for each kind")
        kind = kinds[0]
        when = None if table.when is UNSET else self._received(table.when, place.key("when"))
        given = getattr(table, kind)
        pointers = self._pointers(kind, given if isinstance(given, dict) else {}, when, place)
        lacking = [need for need, dropped in DROPPED.items() if need in self.without and kind in dropped]
        hear = Hear("ignore" if lacking else kind, when, pointers, has_envelope=say.has_envelope)
        if not lacking:
            self._check_fields(hear, place)
        return hear

    def _pointers(
        self, kind: str, given: Mapping[str, str], when: Template | None, place: Place
    ) -> Mapping[str, Pointer]:
        captured = when.names - {ANY} if when is not None else frozenset()
        for name in [*given, *captured]:
            if name not in FIELDS[kind]:
                where = place.key(kind if name in given else "when")
                fields = (
                    f"the fields {', '.join(FIELDS[kind])} of {kind}" if FIELDS[kind] else "no placeholder but {any}"
                )
                raise where.wrong(fields, repr(name), f"correct it, or write {{{ANY}}}")
            if name in given and name in captured:
                advice = "keep either the placeholder in when or the path"
                raise place.key(kind).wrong(f"one place for {name}", "two", advice)
        pointers = {name: Pointer(text, place.key(f"{kind} {name}")) for name, text in given.items()}
        if Need.TIMESTAMPS in self.without:
            pointers.pop("timestamp", None)
        if Need.SENDER in self.without:
            pointers.pop("sender", None)
        return pointers

    def _check_fields(self, hear: Hear, place: Place) -> None:
        for name in REQUIRED.get(hear.kind, ()):
            if name not in hear.fields:
                advice = f'write, for example, {hear.kind} = {{{name} = "{name}"}}'
                raise place.key(hear.kind).wrong(f"the field {name}", "none", advice)

    def _check_hears(self, hears: Sequence[Hear]) -> None:
        """Raise UsageError for a need that is neither declared nor lacking."""
        kinds = {hear.kind for hear in hears}
        place = Place(self.file, "[[hear]]")
        if "message" not in kinds:
            raise place.wrong("an entry with message", "none", 'write, for example, message = {content = "text"}')
        timed = [hear for hear in hears if hear.kind in ("message", "joined", "left")]
        has = {
            Need.NOTICES: {"joined", "left"} <= kinds,
            Need.ERRORS: "error" in kinds,
            Need.SENDER: all("sender" in hear.fields for hear in hears if hear.kind == "message"),
            Need.TIMESTAMPS: all("timestamp" in hear.fields for hear in timed),
        }
        for need, is_there in has.items():
            if need not in self.without and not is_there:
                advice = f'add it, or add "{need}" to without'
                raise place.wrong(ADVICE[need], "none", advice)

    def _answer(self, value: object, place: Place) -> Answer:
        table = convert(value, AnswerTable, place)
        frame = self._received(table.frame, place.key("frame"))
        reply = self._sent(table.reply, place.key("with"), {"room", *(frame.names - {ANY})})
        return Answer(frame, reply)

    def _heartbeat(self, value: object) -> Heartbeat | None:
        if value is None:
            return None
        place = self._place("heartbeat")
        table = convert(value, HeartbeatTable, place)
        if not 0.1 <= table.every <= 86_400:
            raise place.key("every").wrong("a number of seconds from 0.1 on", f"{table.every:g}", "correct it")
        return Heartbeat(table.every, self._sent(table.frame, place.key("frame"), {"room", "number"}))

    def _leave(self, value: object) -> Template | None:
        if value is None:
            return None
        place = self._place("leave")
        return self._sent(convert(value, LeaveTable, place).frame, place.key("frame"), {"room"})

    def _bad(self, value: object) -> tuple[Template, ...]:
        if value is None:
            return ()
        place = self._place("bad")
        table = convert(value, BadTable, place)
        if not table.frames:
            raise place.key("frames").wrong("at least one frame", "none", "add one, or remove the table")
        return tuple(
            self._sent(frame, place.key(f"frames {number}"), {"room", "mark"}, is_bad=True)
            for number, frame in enumerate(table.frames, 1)
        )

    def _sent(self, value: object, place: Place, others: set[str], *, is_bad: bool = False) -> Template:
        """Read the template of a frame to send. Raises UsageError if it makes no frame."""
        template = self.names.template(value, place, {*others, *self.learned})
        self.sent_names |= template.names
        if template.is_text:
            if template.names and not is_bad and not isinstance(self.codec, TextCodec):
                advice = "write it as a TOML table or array, so that nothing has to be escaped"
                raise place.wrong("no placeholder in a bare string", repr(value), advice)
            return template
        self._check_frame(template, place, self.codec.encode)
        return template

    def _received(self, value: object, place: Place) -> Template:
        """Read the template of a received frame. Raises UsageError if none can match."""
        template = Template(value, place)
        if not template.is_text:
            self._check_frame(template, place, self.codec.check)
        return template

    def _check_frame(self, template: Template, place: Place, check: Callable[[object], object]) -> None:
        sample = template.filled_with_samples()
        try:
            check(sample)
        except FrameError as error:
            expected = f"{str(error).removeprefix('expected ')} for the codec {self.codec_name}"
            raise place.wrong(expected, as_text(template.value)[:200], "correct the frame") from error


def _list(tables: Mapping[str, object], name: str) -> list[object]:
    value = tables.get(name, [])
    return value if isinstance(value, list) else []
