"""The result file of the suite, and its lines in common with load runs."""

from datetime import UTC, datetime

from roomproof.report.json_lines import JsonLines
from roomproof.report.version import tool_version
from roomproof.spec.rules import Protocol
from roomproof.verdict import ScenarioResult, Verdict

FORMAT = 1
"""Version of the format of result files. Further keys and kinds of lines leave it as it is."""


def run_line(protocol: Protocol, target: str, capabilities: list[str], *, partial: bool) -> dict[str, object]:
    """Return the first line of a result file."""
    return {
        "kind": "run",
        "tool": "roomproof",
        "format": FORMAT,
        "version": tool_version(),
        "protocol": protocol.version,
        "target": target,
        "capabilities": capabilities,
        "started": datetime.now(UTC).isoformat(),
        "partial": partial,
    }


def verdict_line(verdict: Verdict, protocol: Protocol) -> dict[str, object]:
    """Return the last line of a result file.

    Only for a service that speaks another dialect, or lacks something, it says how many MUSTs that can express.
    """
    rules = {
        rule_id: {"level": protocol.rules[rule_id].level, "outcome": standing}
        for rule_id, standing in verdict.rules.items()
    }
    line: dict[str, object] = {
        "kind": "verdict",
        "verdict": verdict.conclusion,
        "reason": verdict.reason,
        "partial": verdict.partial,
        "rules": rules,
    }
    if share := verdict.expressible:
        line["expressible"] = {
            "dialect": share.dialect,
            "without": list(share.without),
            "musts": share.musts,
            "of": share.of,
        }
    return line


class ResultFile(JsonLines):
    """JSON lines: one `run`, a `scenario` for each scenario, and last one `verdict`.

    A file without the last line belongs to a run that was aborted.
    """

    def run(self, protocol: Protocol, target: str, capabilities: list[str], *, partial: bool) -> None:
        """Write the first line."""
        self._write(run_line(protocol, target, capabilities, partial=partial))

    def scenario(self, result: ScenarioResult) -> None:
        """Write the line of a scenario.

        Only that of a scenario which broke something has `broken` and `follows_from`.
        """
        line: dict[str, object] = {
            "kind": "scenario",
            "id": result.id,
            "rules": list(result.rules),
            "outcome": result.outcome,
            "seconds": round(result.seconds, 4),
            "detail": result.detail,
        }
        if result.broken or result.consequences:
            line |= {"broken": list(result.broken), "follows_from": dict(result.consequences)}
        self._write(line)

    def verdict(self, verdict: Verdict, protocol: Protocol) -> None:
        """Write the last line, and close the file."""
        self._write(verdict_line(verdict, protocol))
        self._file.close()
