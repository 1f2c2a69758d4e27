"""The command `roomproof judge`: judges recorded histories again."""

import sys
from collections.abc import Iterable
from pathlib import Path

from roomproof.cli.exit_codes import USAGE_ERROR
from roomproof.history import Event, HistoryError, Opened, read_history
from roomproof.judge.findings import Finding
from roomproof.printable import counted
from roomproof.report.failure_text import finding_line
from roomproof.report.rejudged import findings_of, is_complete
from roomproof.report.smallest import smallest
from roomproof.timeline import connection_names, reader_of, timeline
from roomproof.verdict import EXIT_CODES, Conclusion

CODES_BY_PRECEDENCE = (
    USAGE_ERROR,
    *(EXIT_CODES[verdict] for verdict in (Conclusion.INVALID, Conclusion.VALID, Conclusion.INCONCLUSIVE)),
)
"""Exit codes of single histories: the first that occurs is that of all histories together.

Valid precedes inconclusive, because some scenarios let no client connect, which takes nothing from the others.
"""


def judge_files(paths: Iterable[Path], *, is_smallest: bool = False) -> int:
    """Print the findings of histories, and return one exit code for all.

    With `is_smallest`, print for each broken rule the smallest part of the history that shows it.
    """
    codes = {judge_file(path, is_smallest=is_smallest) for path in paths}
    return next(code for code in CODES_BY_PRECEDENCE if code in codes)


def judge_file(path: Path, *, is_smallest: bool = False) -> int:
    """Print the findings of one history.

    Returns 0 without findings, 1 with findings, 3 if the history cannot tell, and 4 if the file is not a history.
    """
    try:
        with path.open("rb") as lines:
            events = list(read_history(lines))
        findings = findings_of(events)
    except OSError as error:
        print(f"roomproof: cannot read {path}: {error.strerror}", file=sys.stderr)
        return USAGE_ERROR
    except HistoryError as error:
        print(f"roomproof: {path}: {error}", file=sys.stderr)
        return USAGE_ERROR
    if is_smallest:
        _print_smallest(path, findings, events)
    else:
        _print_findings(path, findings, events)
    if not any(isinstance(event, Opened) for event in events):
        print(f"{path}: inconclusive: no client was ever connected")
        return EXIT_CODES[Conclusion.INCONCLUSIVE]
    if not is_complete(events) and not findings:
        print(f"{path}: inconclusive: it ends before the deadline, so it cannot tell whether anything is missing")
        return EXIT_CODES[Conclusion.INCONCLUSIVE]
    size = f"{counted(len(events), 'event')} of {counted(len(connection_names(events)), 'connection')}"
    print(f"{path}: {counted(len(findings), 'finding')} in {size}")
    return EXIT_CODES[Conclusion.INVALID if findings else Conclusion.VALID]


def _print_findings(path: Path, findings: list[Finding], events: list[Event]) -> None:
    names, read = connection_names(events), reader_of(events)
    for finding in findings:
        print(f"{path}: {finding.rule}: {finding_line(finding, events)}")
        for line in timeline(finding.witness, names=names, read=read):
            print(f"    {line}")


def _print_smallest(path: Path, findings: list[Finding], events: list[Event]) -> None:
    for rule in dict.fromkeys(finding.rule for finding in findings):
        first = next(finding for finding in findings if finding.rule == rule)
        part = smallest(events, first)
        others = sum(finding.rule == rule for finding in findings) - 1
        print(f"{path}: {rule}: {finding_line(first, events)}" + (f"; and {others} more" if others else ""))
        size = f"{len(part.events)} of {counted(len(events), 'event')}"
        print(f"  {'the smallest part' if part.is_minimal else 'a part'} of the history that shows it, {size}:")
        for line in timeline(part.events, names=connection_names(events), read=reader_of(events)):
            print(f"    {line}")
