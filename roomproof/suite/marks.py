"""The marks that name a scenario's rules, and the targets to which it applies."""

import pytest

from roomproof.spec.rules import Capability, Need, ProtocolError, read_protocol


def rule(*ids: str) -> pytest.MarkDecorator:
    """Mark a scenario with the rules that it tests.

    Raises ProtocolError for no id, and for an unknown id.
    """
    unknown = [rule_id for rule_id in ids if rule_id not in read_protocol().rules]
    if unknown or not ids:
        raise ProtocolError(f"PROTOCOL.md has no rule {', '.join(unknown) or '(none named)'}")
    return pytest.mark.rule(*ids)


several_clients = pytest.mark.several_clients
"""Mark a scenario as not applicable where the front cannot tell clients apart."""

breaks_parts = pytest.mark.breaks_parts
"""Mark a scenario as not applicable to targets that Roomproof did not start itself."""


def needs(what: Capability | Need) -> pytest.MarkDecorator:
    """Mark a scenario as not applicable to servers without something.

    Those do not declare the capability, or lack the need.
    """
    return pytest.mark.needs(what)


def unless(capability: Capability) -> pytest.MarkDecorator:
    """Mark a scenario as not applicable to servers that declare a capability."""
    return pytest.mark.unless(capability)
