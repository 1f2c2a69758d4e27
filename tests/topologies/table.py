"""A table of the rules that hold on each topology, by the matrix.

`python -m tests.topologies.table FOLDER` prints it.
"""

import json
import sys
from pathlib import Path

from roomproof.spec.rules import read_protocol
from roomproof.topologies.local import PLANS

SIGNS = {"held": "held", "not_applicable": "-", "untested": "untested", "broken": "BROKEN", "warned": "WARNED"}


def table(verdicts: dict[str, dict[str, str]]) -> str:
    """A line for each rule with its outcomes; `verdicts` gives them by topology."""
    lines = [("rule", *verdicts)]
    lines += [(rule, *(SIGNS.get(one[rule], one[rule]) for one in verdicts.values())) for rule in read_protocol().rules]
    return "\n".join("".join(f"{cell:<16}" for cell in line).rstrip() for line in lines)


def main() -> int:
    """Print the table for the folder in the first argument; return the exit code."""
    files = {name: Path(sys.argv[1]) / f"{name}.json" for name in PLANS}
    missing = [str(file) for file in files.values() if not file.is_file()]
    if missing:
        print(f"expected a verdict in {', '.join(missing)}, got none: run the whole matrix first", file=sys.stderr)
        return 1
    verdicts = {name: json.loads(file.read_text())["rules"] for name, file in files.items()}
    print(table({name: {rule: entry["outcome"] for rule, entry in rules.items()} for name, rules in verdicts.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
