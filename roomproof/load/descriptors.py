"""File descriptors: each socket takes one."""

import resource

SPARE = 100
"""For everything that is no member's socket."""


def raise_limit() -> None:
    """Allow this process as many as the system lets it have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def too_few(users: int, processes: int) -> str:
    """What to do if so many users cannot all have a socket; empty if they can."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = -(-users // max(1, processes)) + SPARE
    if limit == resource.RLIM_INFINITY or needed <= limit:
        return ""
    return (
        f"expected at least {needed} file descriptors for {users} users in {processes} process(es), the limit is "
        f"{limit}: "
        f"raise it with `ulimit -n {needed}`, or use more processes (--processes)"
    )
