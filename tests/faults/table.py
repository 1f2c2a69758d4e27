"""Tells which rules each planted fault broke, from verdicts of whole runs.

Command: `python -m tests.faults.table FOLDER TABLE.csv`.
Prints a line for each fault: the rule that it was planted against, and the other rules that it broke. The file has a
row for each fault and each server without a fault, and a column for each rule.
"""

import csv
import json
import sys
from pathlib import Path

from roomproof.spec.rules import read_protocol
from tests.faults.catalogue import FAULTS
from tests.faults.server import CLEAN

Standings = dict[str, str]
"""The standing of each rule, by rule id."""

BROKEN = {"broken", "warned"}


def line(name: str, standings: Standings) -> str:
    """Return the line that tells what a fault broke."""
    fault, broken = FAULTS[name], {rule for rule, standing in standings.items() if standing in BROKEN}
    parts = [f"{'found' if fault.breaks in broken else 'NOT FOUND'} by {fault.breaks}"]
    for what, rules in (
        ("also broke", broken - {fault.breaks} - fault.unexpected(broken)),
        ("broke, NOT LISTED,", fault.unexpected(broken)),
        ("did NOT break, though listed,", fault.unbroken(broken) - {fault.breaks}),
    ):
        if rules:
            parts.append(f"{what} {', '.join(rule for rule in standings if rule in rules)}")
    return f"{name}: {'; '.join(parts)}"


def main() -> int:
    """Print the lines and write the table; return the exit code."""
    folder, table = Path(sys.argv[1]), Path(sys.argv[2])
    matrix = {}
    for name in [*FAULTS, *CLEAN]:
        file = folder / f"{name}.json"
        if not file.is_file():
            print(f"expected a verdict in {file}, found none: run the whole matrix first", file=sys.stderr)
            return 1
        rules = json.loads(file.read_text())["verdict"]["rules"]
        matrix[name] = {rule: entry["outcome"] for rule, entry in rules.items()}
    for name in FAULTS:
        print(line(name, matrix[name]))
    with table.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(["fault", *read_protocol().rules])
        writer.writerows(
            [name, *(standings[rule] for rule in read_protocol().rules)] for name, standings in matrix.items()
        )
    print(f"wrote {table}: {len(matrix)} servers x {len(read_protocol().rules)} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
