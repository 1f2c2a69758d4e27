"""A dialect: everything in which services of this kind differ on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from roomproof.dialects.affinity import ADDRESS, Affinity
from roomproof.dialects.frames import Frames
from roomproof.dialects.handshakes import Handshakes
from roomproof.dialects.place import Place
from roomproof.dialects.rooms import RoomRequests
from roomproof.dialects.session import Session
from roomproof.dialects.template import Template, as_text
from roomproof.dialects.users import TokenPlace, Users
from roomproof.spec.rules import Need, Rule

NATIVE = "native"
"""The name of the dialect of PROTOCOL.md."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one service makes rooms, takes connections, and frames what is said.

    `without` is what the service lacks, or what its file cannot express. `columns` are the placeholders that the rows
    of the users must fill, and where they stand.
    """

    name: str
    rooms: RoomRequests
    handshakes: Handshakes
    frames: Frames
    without: frozenset[Need] = frozenset()
    users: Users | None = None
    columns: Mapping[str, Place] = field(default_factory=dict)
    known_as_template: Template | None = None
    affinity: Affinity = ADDRESS
    instance_header: str = "X-Upstream"
    token_places: frozenset[TokenPlace] = frozenset()
    """Where a connection shows the column `token` of its user."""
    frame_tables: Mapping[str, object] = field(default_factory=dict)
    """The tables about frames, from which `frames_of` makes the same `frames`. They hold no secrets of users."""

    @property
    def is_native(self) -> bool:
        """Whether it speaks as PROTOCOL.md says, even if it lacks something."""
        return self.name == NATIVE

    @property
    def has_native_frames(self) -> bool:
        """Whether its frames are those of PROTOCOL.md, whatever else differs."""
        return not self.frame_tables

    def expressible(self, rule: Rule) -> bool:
        """Whether this dialect can show that a service keeps a rule."""
        return rule.needs.isdisjoint(self.without)

    def known_beforehand(self, session: Session) -> str | None:
        """Return the name by which others will know a connection.

        None if only its opening teaches it.
        """
        template = self.known_as_template
        return self.known_as(session) if template is None or template.names <= session.values.keys() else None

    def known_as(self, session: Session) -> str:
        """Return the name by which others know a connection: in messages and in notices."""
        if self.known_as_template is None:
            return session.user.user or ""
        return as_text(self.known_as_template.fill({"user": "", **session.values}))
