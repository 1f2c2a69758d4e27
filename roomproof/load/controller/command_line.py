"""The options of one Locust process, and those that the web UI must not change."""

import argparse
import secrets
import sys
from pathlib import Path

from locust.env import Environment

from roomproof.client.target import UsageError
from roomproof.load import options
from roomproof.load.controller.fd_limit import missing_descriptors
from roomproof.load.controller.run import results_of
from roomproof.load.options import LoadOptions, TargetFileError
from roomproof.report.json_lines import check_writable
from roomproof.verdict import EXIT_CODES, Conclusion

USAGE_ERROR, FILE_ERROR = 2, 4
"""The exit codes where an option, and where a target file cannot be used."""


class CommandLine:
    """The options of one process.

    The form of the web UI sets them anew at each start, except those that name files or secrets.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._host = environment.host
        self._fixed: dict[str, object] = {}
        self.results_path: Path | None = None

    @property
    def parsed(self) -> argparse.Namespace:
        """The options as Locust has parsed them."""
        parsed: argparse.Namespace | None = self._environment.parsed_options
        assert parsed is not None, "Locust has parsed its command line"
        return parsed

    @property
    def run_name(self) -> str:
        """The name of the current run, which workers get with the options."""
        name: str = self.parsed.roomproof_run
        return name

    @property
    def processes(self) -> int:
        """The number of processes that share the users of the current run."""
        processes: int = self.parsed.roomproof_processes
        return processes

    def hide_options(self) -> None:
        """Take the options that name files and secrets out of reach of the form."""
        parsed = vars(self.parsed)
        path = parsed.pop("results", "")
        self.results_path = Path(path) if path else None
        self._fixed = {name: parsed[name] for name in ("ca", "header")}

    def check(self, processes: int) -> None:
        """Exit with one sentence if that many processes cannot do the run as asked for."""
        try:
            target = self.read().target
            _ = target.address
            options.check_users(target, self.parsed.num_users, processes)
            if path := results_of(self.results_path, 1):
                check_writable(path)
        except UsageError as error:
            sys.stderr.write(f"roomproof: {error}\n")
            sys.exit(FILE_ERROR if isinstance(error, TargetFileError) else USAGE_ERROR)
        if trouble := missing_descriptors(self.parsed.num_users, processes):
            sys.stderr.write(f"roomproof: {trouble}\n")
            sys.exit(EXIT_CODES[Conclusion.INCONCLUSIVE])

    def begin_run(self, users: int, processes: int) -> None:
        """Give a run its name and its seed.

        Raises UsageError if it cannot be done with this many users.
        """
        parsed = self.parsed
        vars(parsed).update(self._fixed)
        host = str(self._environment.host)
        if host.endswith(".toml") and host != self._host:
            raise UsageError("expected a URL as host: a target file can be named on the command line only")
        parsed.seed = parsed.seed or secrets.token_hex(4)
        parsed.roomproof_run = secrets.token_hex(3)
        parsed.roomproof_processes = processes
        options.check_users(self.read().target, users, processes)
        if trouble := missing_descriptors(users, processes):
            raise UsageError(trouble)

    def read(self) -> LoadOptions:
        """Return the options of a run. Raises UsageError."""
        return options.read(self.parsed, self._environment.host)
