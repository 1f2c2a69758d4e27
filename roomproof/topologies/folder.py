"""A temporary folder that disappears with this process, however the process ends."""

import shutil
import subprocess
import tempfile
from pathlib import Path


class Folder:
    """A temporary folder until it is closed.

    If this process is killed, a watchman removes it.
    """

    def __init__(self, path: Path, watchman: "subprocess.Popen[bytes]") -> None:
        self.path = path
        self._watchman = watchman

    @classmethod
    def create(cls) -> "Folder":
        """Make a folder that every user can read, and start its watchman."""
        path = Path(tempfile.mkdtemp(prefix="roomproof-"))
        path.chmod(0o755)
        # The watchman reads until this process, and with it its end of the pipe, is gone. It then waits a moment for
        # the other processes, which end by the same event.
        watchman = subprocess.Popen(
            ["sh", "-c", 'read -r _ || sleep 2; rm -rf "$0"', str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return cls(path, watchman)

    def close(self) -> None:
        """Remove the folder."""
        self._watchman.communicate(b"\n")
        shutil.rmtree(self.path, ignore_errors=True)
