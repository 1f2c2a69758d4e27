"""The placeholders that a target file may use, and where."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from roomproof.dialects.place import Place
from roomproof.dialects.template import Template
from roomproof.dialects.users import RESERVED, JwtUsers, Users

USER = frozenset({"user"})


@dataclass(frozen=True, slots=True)
class Names:
    """The placeholders that the users fill.

    Columns of a CSV table are known only when it is read: `needed` collects them, with their places.
    """

    users: Users | None
    needed: dict[str, Place] = field(default_factory=dict)

    def check(self, names: Collection[str], place: Place, others: Collection[str] = ()) -> None:
        """Raise UsageError for a placeholder that neither a user nor `others` fill."""
        has_table = self.users is not None and not isinstance(self.users, JwtUsers)
        filled = {*others, *USER, *(("token",) if isinstance(self.users, JwtUsers) else ())}
        for name in sorted(set(names) - filled):
            if not has_table or name in RESERVED:
                expected = ", ".join(f"{{{one}}}" for one in sorted(filled))
                raise place.wrong(
                    f"placeholders that something fills here, such as {expected}",
                    f"{{{name}}}",
                    "correct it, or add a column of this name to [users]",
                )
            self.needed.setdefault(name, place)

    def template(self, value: object, place: Place, others: Collection[str] = ()) -> Template:
        """Return a template whose placeholders are checked. Raises UsageError."""
        template = Template(value, place)
        self.check(template.names, place, others)
        return template

    def templates(self, values: Mapping[str, str], place: Place, others: Collection[str] = ()) -> dict[str, Template]:
        """Return a template for each value of a table. Raises UsageError."""
        return {name: self.template(value, place.key(name), others) for name, value in values.items()}
