"""From when to when a file could be read."""

from typing import NamedTuple

FOREVER = 1 << 62


class Life(NamedTuple):
    """A file from its creation or truncation on. An inode's number comes again: it takes both to tell."""

    inode: int
    birth: int


class End(NamedTuple):
    """When something stopped: it still was at ``not_before``, and no more at ``not_after``."""

    not_before: int
    not_after: int
