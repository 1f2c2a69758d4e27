"""A temporary folder that disappears with this process, however that ends."""

import shutil
import subprocess
import tempfile
from pathlib import Path


class Folder:
    """Exists until it is closed. If this process is killed first, a watchman removes it."""

    def __init__(self, path: Path, watchman: "subprocess.Popen[bytes]") -> None:
        self.path = path
        self._watchman = watchman

    @classmethod
    def create(cls) -> "Folder":
        """Make a folder that everybody may read, and start its watchman."""
        path = Path(tempfile.mkdtemp(prefix="roomproof-"))
        path.chmod(0o755)
        # It reads until our end of the pipe closes, which is what happens when we end. It then gives the others, which
        # end by the same event, a moment.
        watchman = subprocess.Popen(
            ["sh", "-c", 'read -r _ || sleep 2; rm -rf "$0"', str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return cls(path, watchman)

    def close(self) -> None:
        """Remove it."""
        self._watchman.communicate(b"\n")
        shutil.rmtree(self.path, ignore_errors=True)
