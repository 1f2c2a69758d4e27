"""A badge: the verdict of one run or several as a small SVG image. Pure."""

from collections.abc import Sequence

from roomproof.printable import counted
from roomproof.report.page.environment import environment
from roomproof.report.page.outcome import worst_of
from roomproof.report.saved_run import SavedRun
from roomproof.spec.rules import Level, Protocol
from roomproof.verdict import Conclusion, Standing

COLOURS = {Conclusion.VALID: "#1a6b2f", Conclusion.INVALID: "#b3161b", Conclusion.INCONCLUSIVE: "#7a5200"}

CHARACTER = 6.6
"""Width of a character, in pixels. The image stretches its text to the width that this gives."""


def badge(runs: Sequence[SavedRun], protocol: Protocol) -> str:
    """Return the image."""
    text = badge_text(runs, protocol)
    left = _width("roomproof")
    values = {"text": text, "left": left, "width": left + _width(text), "colour": COLOURS[worst_of(runs)]}
    return environment().get_template("badge.svg").render(values)


def badge_text(runs: Sequence[SavedRun], protocol: Protocol) -> str:
    """Return the verdict of the worst run, with the number of its MUSTs.

    Those are the broken ones of an invalid run, and the held ones of a valid run.
    """
    standings = [
        (rule, state.outcome)
        for run in runs
        for rule, state in run.rules(protocol).items()
        if state.level is Level.MUST
    ]
    broken = {rule for rule, standing in standings if standing is Standing.BROKEN}
    held = {rule for rule, standing in standings if standing is Standing.HELD} - broken
    match worst_of(runs):
        case Conclusion.INVALID:
            return f"invalid, {counted(len(broken), 'MUST')} broken" if broken else "invalid"
        case Conclusion.VALID:
            part = " of a part" if all(run.is_partial for run in runs) else ""
            return f"valid, {counted(len(held), 'MUST')}{part}"
        case _:
            return "inconclusive"


def _width(text: str) -> int:
    return round(len(text) * CHARACTER) + 12
