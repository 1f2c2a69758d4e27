"""File descriptors: the limit of this process, of which each socket takes one."""

import resource

from roomproof.printable import counted

SPARE = 100
"""File descriptors for everything but the sockets of members."""


def raise_limit() -> None:
    """Raise the limit of this process as far as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def missing_descriptors(users: int, processes: int) -> str:
    """Return what to do about a limit too low for this many users; empty if it is not.

    Without users it says whether this process itself has enough.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = -(-users // max(1, processes)) + SPARE
    if limit == resource.RLIM_INFINITY or needed <= limit:
        return ""
    advice = f"the limit is {limit}: raise it with `ulimit -n {needed}`"
    if not users:
        return f"expected at least {needed} file descriptors, {advice}"
    for_whom = f"for {counted(users, 'user')} in {processes} {'process' if processes == 1 else 'processes'}"
    return f"expected at least {needed} file descriptors {for_whom}, {advice}, or use more processes (--processes)"
