"""What a run leaves behind: the result file, and the text that explains a failed scenario."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

import msgspec

from roomproof.client.target import UsageError
from roomproof.history import Event, dump
from roomproof.judge.findings import Finding
from roomproof.printable import printable
from roomproof.spec.rules import Capability, Protocol, load
from roomproof.timeline import names, timeline
from roomproof.verdict import ScenarioResult, Verdict

SHOWN_FIRST = 100
SHOWN_LAST = 300
"""So many lines of a timeline are shown at most."""


def show(text: str) -> None:
    """Print a text, unless nobody reads any more what is printed."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        with Path(os.devnull).open("wb") as nothing:  # else Python tries once more when it ends, and complains
            os.dup2(nothing.fileno(), sys.stdout.fileno())


def tool_version() -> str:
    """The version of this Roomproof."""
    try:
        return version("roomproof")
    except PackageNotFoundError:
        return "0"


def capability_names(capabilities: Mapping[Capability, float | None]) -> list[str]:
    """Capabilities as the user writes them."""
    return [name if number is None else f"{name}={number:g}" for name, number in capabilities.items()]


def run_line(protocol: Protocol, target: str, capabilities: list[str], *, partial: bool) -> dict[str, object]:
    """The first line of a result file."""
    return {
        "kind": "run",
        "tool": "roomproof",
        "version": tool_version(),
        "protocol": protocol.version,
        "target": target,
        "capabilities": capabilities,
        "started": datetime.now(UTC).isoformat(),
        "partial": partial,
    }


def verdict_line(verdict: Verdict, protocol: Protocol) -> dict[str, object]:
    """The last line of a result file."""
    rules = {
        rule_id: {"level": protocol.rules[rule_id].level, "outcome": standing}
        for rule_id, standing in verdict.rules.items()
    }
    return {
        "kind": "verdict",
        "verdict": verdict.conclusion,
        "reason": verdict.reason,
        "partial": verdict.partial,
        "rules": rules,
    }


def open_results(path: Path, mode: str = "wb") -> IO[bytes]:
    """Open a result file for writing. Raises UsageError if that cannot be."""
    try:
        file: IO[bytes] = path.open(mode, buffering=0)
    except OSError as error:
        raise UsageError(f"cannot write the result file {path}: {error.strerror}") from error
    return file


def check_writable(path: Path) -> None:
    """Raises UsageError for a result file that cannot be written."""
    was_there = path.exists()
    open_results(path, "ab").close()
    if not was_there:
        path.unlink()


class JsonLines:
    """A result file: each line is whole as soon as it is written. Raises UsageError if it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._file = open_results(path)
        self._whole = 0
        """The bytes of whole lines."""

    def _write(self, line: dict[str, object]) -> None:
        data = rest = msgspec.json.encode(line) + b"\n"
        while rest:
            rest = rest[self._file.write(rest) :]
        self._whole += len(data)


class ResultFile(JsonLines):
    """JSON lines: one `run`, one `scenario` for each, last one `verdict`. A file without the last is an aborted run."""

    def run(self, protocol: Protocol, target: str, capabilities: list[str], *, partial: bool) -> None:
        """Write the first line."""
        self._write(run_line(protocol, target, capabilities, partial=partial))

    def scenario(self, result: ScenarioResult) -> None:
        """Write the line of a scenario."""
        self._write(
            {
                "kind": "scenario",
                "id": result.id,
                "rules": list(result.rules),
                "outcome": result.outcome,
                "seconds": round(result.seconds, 4),
                "detail": result.detail,
            }
        )

    def verdict(self, verdict: Verdict, protocol: Protocol) -> None:
        """Write the last line, and close."""
        self._write(verdict_line(verdict, protocol))
        self._file.close()


def prepare_folder(folder: Path) -> None:
    """Make a folder for histories. Raises UsageError if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {folder}: {error.strerror}") from error


def keep_history(folder: Path, scenario: str, events: Sequence[Event]) -> None:
    """Write the history of a scenario to a file named after it."""
    name = re.sub(r"[^\w.,\[\]-]+", "_", scenario)[:200]
    (folder / f"{name}.jsonl").write_bytes(dump(events))


def describe(finding: Finding, events: Sequence[Event]) -> str:
    """A finding in one line: its kind, who received it, what it is."""
    receiver = names(events).get(finding.receiver, f"#{finding.receiver}")
    return f"{finding.kind}, at {printable(receiver)}: {printable(finding.full_text)}"


def _shortened(lines: list[str]) -> list[str]:
    """The beginning and the end, where that is long."""
    left_out = len(lines) - SHOWN_FIRST - SHOWN_LAST
    if left_out <= 0:
        return lines
    note = f"   ... {left_out} more, which --histories FOLDER keeps ..."
    return [*lines[:SHOWN_FIRST], note, *lines[-SHOWN_LAST:]]


def explain(broken: dict[str, list[str]], findings: Sequence[Finding], events: Sequence[Event], again: str) -> str:
    """Why a scenario failed: each broken rule with its text and what was seen, the timeline, and how to run it again.

    `broken` maps rule ids to what was seen against them.
    """
    lines: list[str] = []
    for rule_id, sights in broken.items():
        rule = load().rules[rule_id]
        lines += [f"{rule_id} ({rule.level}) is broken. The rule:", f"    {rule.text}", "What was seen:"]
        lines += [f"    {sight}" for sight in sights[:10]]
        if len(sights) > 10:
            lines.append(f"    ... and {len(sights) - 10} more")
    called = names(events)
    zero = next((event.at for event in events if hasattr(event, "at")), 0)
    if findings and findings[0].witness:
        lines += ["", "The witnesses of the first finding:"]
        lines += timeline(findings[0].witness, zero=zero, called=called)
    lines += ["", "What happened, in seconds (> sent, < received):"]
    lines += _shortened(timeline(events, zero=zero, called=called)) or ["    nothing was recorded"]
    lines += ["", "Run just this scenario again:", f"    {again}"]
    return "\n".join(lines)
