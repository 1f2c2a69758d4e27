"""The streaming judge has a finding for any frame, and never raises."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.judge.talk import Talk

FIELDS = st.sampled_from(["type", "content", "sender_id", "chat_id", "timestamp", "user_id", "more"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text()
    | st.sampled_from(["message", "system", "\ud83d"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=3),
    max_leaves=5,
)
DEEP = b'{"type":"message","more":' + b"[" * 5_000 + b"]" * 5_000 + b"}"


@given(changes=st.dictionaries(FIELDS, VALUES, max_size=4), cut=st.integers(0, 200), junk=st.binary(max_size=4))
def test_no_frame_is_too_much_for_the_judge(changes: dict[str, Any], cut: int, junk: bytes) -> None:
    talk = Talk()
    alice, bob = talk.meet("alice", "bob")
    soup = talk.says(alice)
    changed = json.dumps(json.loads(soup) | changes).encode()
    for frame in (changed, changed[:cut] + junk + changed[cut:], changed[:cut], junk, DEEP):
        talk.hears(bob, frame)

    assert talk.findings(), "the frame in pieces, if nothing else"
