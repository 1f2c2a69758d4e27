"""A temporary folder that disappears with this process, however that ends."""

import shutil
import subprocess
import tempfile
from pathlib import Path


class Folder:
    """Exists until it is closed. If this process is killed first, a watchman removes it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="roomproof-"))
        self.path.chmod(0o755)
        # It reads until our end of the pipe closes, which is what happens when we end. It then gives the others, which
        # end by the same event, a moment.
        self._watchman = subprocess.Popen(
            ["sh", "-c", 'read -r _ || sleep 2; rm -rf "$0"', str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        """Remove it."""
        self._watchman.communicate(b"\n")
        shutil.rmtree(self.path, ignore_errors=True)
