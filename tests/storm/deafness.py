"""A namespace in which nobody may listen to the file system (Linux): the system has no more watches to give.

Writers have to be in it, too: the descriptors of a process outside are not shown to one inside.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_KEEP = "echo 0 > /proc/sys/user/max_inotify_instances && echo ready && exec cat"


@contextmanager
def deafness() -> Iterator[tuple[str, ...]]:
    """Make it; give the words before a command that run it in there."""
    namespace = ["unshare", "--user", "--map-root-user", "sh", "-c", _KEEP]
    with subprocess.Popen(namespace, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        try:
            if keeper.stdout.readline() != b"ready\n":
                raise RuntimeError("this machine gives no user namespaces")
            yield ("nsenter", "--user", "--preserve-credentials", f"--target={keeper.pid}")
        finally:
            keeper.stdin.close()
