"""Which rules each planted fault broke, of the verdicts of the matrix: `python -m tests.faults.table FOLDER TABLE.csv`.

Prints a line for each fault: the rule that it was planted against, and the others that it breaks besides. The file has
a row for each fault and each server without any, and a column for each rule.
"""

import csv
import json
import sys
from pathlib import Path

from roomproof.spec.rules import load
from tests.faults.catalogue import FAULTS
from tests.faults.server import CLEAN

Standings = dict[str, str]
"""How each rule stands."""

BROKEN = {"broken", "warned"}


def line(name: str, standings: Standings) -> str:
    """What a fault broke."""
    others = [rule for rule, standing in standings.items() if standing in BROKEN and rule != FAULTS[name].breaks]
    found = "found by" if standings[FAULTS[name].breaks] in BROKEN else "NOT FOUND by"
    besides = f"; besides {', '.join(others)}" if others else ""
    return f"{name}: {found} {FAULTS[name].breaks}{besides}"


def main() -> int:
    """Print the lines, and write the table."""
    folder, table = Path(sys.argv[1]), Path(sys.argv[2])
    matrix = {}
    for name in [*FAULTS, *CLEAN]:
        file = folder / f"{name}.json"
        if not file.is_file():
            print(f"no verdict in {file}: the matrix has not run whole", file=sys.stderr)
            return 1
        rules = json.loads(file.read_text())["verdict"]["rules"]
        matrix[name] = {rule: entry["outcome"] for rule, entry in rules.items()}
    for name in FAULTS:
        print(line(name, matrix[name]))
    with table.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(["fault", *load().rules])
        writer.writerows([name, *(standings[rule] for rule in load().rules)] for name, standings in matrix.items())
    print(f"wrote {table}: {len(matrix)} servers x {len(load().rules)} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
