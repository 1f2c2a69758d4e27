"""The command `roomproof compare`: what changed between two runs."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from roomproof.cli.exit_codes import USAGE_ERROR
from roomproof.cli.reporting import read_runs
from roomproof.errors import UsageError
from roomproof.printable import counted, escaped
from roomproof.report.comparison import Comparison, compare, shown_time
from roomproof.report.page.outcome import conclusion_of, reason_of
from roomproof.report.saved_run import ResultError, SavedRun
from roomproof.spec.rules import read_protocol

REGRESSION = 1
"""The exit code if something is worse."""

DESCRIPTION = """\
Compares two result files of the suite, or of load: which rules changed, and the percentiles side by side. A regression
is a MUST that is broken and was not, or a verdict that was valid and is not. With --slower it is also a percentile that
grew by more than a factor.
"""

EPILOG = """\
examples:
  roomproof compare main.jsonl branch.jsonl
  roomproof compare last-week.jsonl today.jsonl --slower 1.5     fail if a percentile grew by more than half

exit codes: 0 no regression, 1 a regression, 4 usage error, such as a file that is no result file
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to its parser."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("before", type=Path, metavar="BEFORE", help="the result file to compare with")
    parser.add_argument("after", type=Path, metavar="AFTER", help="the result file that might be worse")
    parser.add_argument("--slower", type=_factor, metavar="FACTOR", help="by how much percentiles of load may grow")


def _factor(text: str) -> float:
    factor = float(text)
    if not 1 <= factor <= 1000:
        raise argparse.ArgumentTypeError(f"expected a factor from 1 to 1000, got {text!r}")
    return factor


def compare_files(given: argparse.Namespace) -> int:
    """Print what changed, and return the exit code."""
    try:
        before, after = read_runs([given.before, given.after])
        comparison = compare(before, after, read_protocol(), given.slower)
    except (ResultError, UsageError) as error:
        print(f"roomproof compare: {escaped(str(error))}", file=sys.stderr)
        return USAGE_ERROR
    for line in _lines(before, after, comparison):
        print(escaped(line))
    return REGRESSION if comparison.regressions else 0


def _lines(before: SavedRun, after: SavedRun, comparison: Comparison) -> Iterator[str]:
    for run in (before, after):
        yield f"{run.name}: {run.run.target}: {conclusion_of(run).upper()}: {reason_of(run)}"
    yield "rules that changed:" if comparison.changes else "no rule changed"
    for change in comparison.changes:
        scenarios = len(after.broken_in(change.rule))
        yield f"  {change.text}" + (f", in {counted(scenarios, 'scenario')}" if scenarios else "")
    yield from _table(before, after, comparison)
    yield from (f"regression: {one}" for one in comparison.regressions)
    if not comparison.regressions:
        yield "no regression"


def _table(before: SavedRun, after: SavedRun, comparison: Comparison) -> Iterator[str]:
    """Yield the lines of the table of times; none for runs of the suite."""
    if not comparison.times:
        return
    rows = [("", before.name, after.name, "")]
    rows += [(one.name, shown_time(one.before), shown_time(one.after), one.change) for one in comparison.times]
    rows.append(("deliveries a second", _rate(before), _rate(after), ""))
    widths = [max(len(escaped(row[column])) for row in rows) for column in range(4)]
    for name, old, new, change in rows:
        yield f"  {name:<{widths[0]}}  {old:>{widths[1]}}  {new:>{widths[2]}}  {change:>{widths[3]}}".rstrip()


def _rate(run: SavedRun) -> str:
    return "-" if run.verdict is None or run.verdict.rate is None else f"{run.verdict.rate:.0f}"
