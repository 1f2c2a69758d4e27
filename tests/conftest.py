"""What the project's own tests share."""

import os
import shutil
import signal

import pytest
from hypothesis import settings

# What a property says holds on a machine that stands still for a while, too: no example is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell lets what it runs in the background ignore Ctrl-C, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Under nohup all that the tests start would be deaf to a hangup, by which nginx is told to reload.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)


def require(program: str, hint: str) -> str:
    """The path of a program that a test needs.

    Where it is missing the test is skipped with the reason, but under CI, where everything must run, it fails.
    """
    path = shutil.which(program)
    if path is not None:
        return path
    reason = f"this test needs {program}: {hint}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
