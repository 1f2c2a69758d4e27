"""File descriptors: each socket takes one."""

import resource

SPARE = 100
"""For everything that is no member's socket."""


def raise_limit() -> None:
    """Allow this process as many as the system lets it have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def missing_descriptors(users: int, processes: int) -> str:
    """What to do if so many users cannot all have a socket, or the process itself has too few; empty if they can."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = -(-users // max(1, processes)) + SPARE
    if limit == resource.RLIM_INFINITY or needed <= limit:
        return ""
    advice = f"the limit is {limit}: raise it with `ulimit -n {needed}`"
    if not users:
        return f"expected at least {needed} file descriptors, {advice}"
    for_whom = f"for {users} users in {processes} process(es)"
    return f"expected at least {needed} file descriptors {for_whom}, {advice}, or use more processes (--processes)"
