"""The numbers and close codes of the code are those of PROTOCOL.md."""

import re

from roomproof.spec import limits
from roomproof.spec.limits import REFUSAL_CODES, SERVER_CLOSE_CODES, CloseCode
from roomproof.spec.rules import read_protocol
from tests.unit.spec.document import table

NUMBERS = {
    "statistics settle": ("STATS_SETTLE_S", "{} s"),
    "leave announced": ("LEAVE_NOTICED_S", "{} s"),
    "any other response": ("ANSWER_S", "{} s"),
    "clock skew": ("CLOCK_SKEW_S", "{} s"),
    "distance from which timestamps differ": ("TIMESTAMP_TICK_S", "{} s"),
    "content that every server carries": ("CONTENT_CODE_POINTS", "{} code points"),
    "frame that every server accepts": ("FRAME_BYTES", "{} bytes"),
    "frame that every client accepts": ("CLIENT_FRAME_BYTES", "{} bytes"),
    "user id that every server accepts": ("USER_ID_CODE_POINTS", "{} code points"),
    "user id beyond which any refusal will do, percent-encoded": ("USER_ID_BYTES", "{} bytes"),
    "room name that every server accepts": ("ROOM_NAME_CODE_POINTS", "{} code points"),
    "metadata that every server accepts": ("METADATA_BYTES", "{} bytes"),
    "significant digits of a number that every server accepts": ("NUMBER_DIGITS", "{} digits"),
    "nesting of JSON that every server accepts": ("NESTING_LEVELS", "{} levels"),
    "longest chat id": ("CHAT_ID_CHARACTERS", "{} characters"),
    "participants that every server takes in one request": ("PARTICIPANTS_PER_REQUEST", "{}"),
    "undelivered messages from which a member may be too far behind": ("UNDELIVERED_MESSAGES", "{}"),
    "bad frames from which a connection may be closed": ("BAD_FRAMES", "{}"),
    "heartbeat where none is declared": ("UNDECLARED_HEARTBEAT_S", "{} s"),
    "front leaves out an instance that died": ("INSTANCE_LEFT_OUT_S", "{} s"),
    "front uses an instance again that is back": ("INSTANCE_USED_AGAIN_S", "{} s"),
    "pause of an instance that members survive": ("SURVIVED_PAUSE_S", "{} s"),
    "response while the store is away": ("STORE_AWAY_ANSWER_S", "{} s"),
    "everything works again after the store is back": ("STORE_HEALED_S", "{} s"),
    "instances reach each other after the bus is back": ("BUS_HEALED_S", "{} s"),
}
"""The rows of the table Numbers: for each the constant that the code has for it, and the unit."""


def test_every_number_of_the_document_is_that_of_the_code() -> None:
    values = {name: unit.format(getattr(limits, constant)) for name, (constant, unit) in NUMBERS.items()}

    assert {name: value for name, value, _ in table("Numbers")} == values


def test_every_number_of_the_code_is_in_the_document() -> None:
    constants = {name for name, value in vars(limits).items() if isinstance(value, int) and name.isupper()}

    assert {constant for constant, _ in NUMBERS.values()} == constants


def test_every_number_names_the_rules_that_use_it() -> None:
    cited = [rule for _, _, where in table("Numbers") for rule in re.findall(r"[A-Z]+-\d+", where)]

    assert set(cited) <= set(read_protocol().rules)


def test_every_close_code_is_in_both() -> None:
    codes = [int(code) for row in table("Close codes") for code in row[0].split(", ")]

    assert set(codes) == set(CloseCode)


def test_the_codes_of_servers_are_marked_as_theirs() -> None:
    codes = {int(code) for row in table("Close codes") if row[1] == "server" for code in row[0].split(", ")}

    assert codes == SERVER_CLOSE_CODES


def test_the_refusal_rules_name_the_refusal_codes() -> None:
    """The rules that refuse name no other close code."""
    rules = [read_protocol().rules[rule_id].requirement for rule_id in ("REFUSE-1", "REFUSE-3")]

    assert {int(code) for text in rules for code in re.findall(r"\b[14]0\d\d\b", text)} == REFUSAL_CODES
