"""Settings and helpers of the project's own tests."""

import os
import shutil
import signal

import pytest
from hypothesis import settings

# A busy machine can pause for a while: hypothesis must not time its examples.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell makes background programs ignore Ctrl-C. The servers that the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Under nohup the programs that the tests start would ignore SIGHUP, which tells nginx to reload.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)


def require(program: str, hint: str) -> str:
    """Return the path of a program that a test needs.

    Where the program is missing, skip the test; under CI, where every test must run, fail it.
    """
    path = shutil.which(program)
    if path is not None:
        return path
    reason = f"this test needs {program}: {hint}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
