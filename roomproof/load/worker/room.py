"""A room under load: its judge, its seats and its members."""

from roomproof.judge.streaming.room import StreamingRoom
from roomproof.load.worker.member import LoadMember


class LoadRoom:
    """A room, its judge, and the members whose connections are open."""

    def __init__(self, chat_id: str, user_prefix: str, judge: StreamingRoom) -> None:
        self.id = chat_id
        self.judge = judge
        self._user_prefix = user_prefix
        self.members: set[LoadMember] = set()
        self.has_party = False
        """Whether one party of users has the room to itself."""
        self.is_idle = False
        """Whether its members say nothing and count in no figure of the load."""
        self.seats_taken = 0
        """Seats that are taken now."""
        self.seats_given = 0
        """Seats that were ever taken. Each has a user of its own."""
        self.participants_added = 0
        """Number of users that are participants, counted from the first."""
        self.sources: set[str] = set()
        """Clients, as a front tells them apart, as which members have connected."""
        self.instances: set[str] = set()
        """Instances of the server that members have reached."""
        self.refusals: list[str] = []
        """Reasons of connections that the server closed to refuse them, since the last report."""
        self.participants: set[str] = set()
        """Users of a file that are participants."""
        self.has_departures = False
        """Whether members have left, so that the judge can settle their streams."""

    def user(self, number: int) -> str:
        """The id of the user with a number."""
        return f"{self._user_prefix}-{number}"

    def add(self, member: LoadMember, source: str | None) -> None:
        """Add a member whose handshake has succeeded, of this client."""
        self.members.add(member)
        self.instances.add(member.instance)
        if source:
            self.sources.add(source)

    def remove(self, member: LoadMember) -> None:
        """Remove a member whose connection has ended."""
        self.members.discard(member)

    def note_refusal(self, reason: str) -> None:
        """Keep the reason why the server closed a connection to refuse it."""
        self.refusals.append(reason)

    @property
    def spans_instances(self) -> bool:
        """Whether members were several clients and reached several instances."""
        return len(self.sources) > 1 and len(self.instances) > 1
