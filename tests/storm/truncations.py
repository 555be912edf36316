"""Files that are emptied under their writers: each truncation ends one life of a file and begins another.

A record that was written while the file was emptied lies on the one side or the other. What the log held just
before each truncation tells which: whoever truncates keeps a copy.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from journal import Event, Truncated, Wrote
from life import End, Life
from record import Mark


class Truncations:
    """All truncations of a storm.

    ``copies`` are the records that the log held just before each truncation in turn, and at the very end.
    """

    def __init__(
        self,
        events: Iterable[Event],
        file_of: Callable[[int, int], Life],
        copies: Sequence[Collection[Mark]],
    ) -> None:
        """``file_of`` gives the file that an inode stood for at a time."""
        self._of_file: dict[Life, list[tuple[Truncated, Collection[Mark]]]] = defaultdict(list)
        self.count = 0
        for number, each in enumerate(sorted(event for event in events if isinstance(event, Truncated))):
            behind = copies[number + 1] if number + 1 < len(copies) else ()
            self._of_file[file_of(each.inode, each.before)].append((each, behind))
            self.count += 1

    def life(self, file: Life, writer: int, record: Wrote) -> Life:
        """The life of the file that a record went into."""
        cuts = self._of_file.get(file, [])
        number = sum(cut.before < record.after for cut, _ in cuts)
        while number:
            cut, behind = cuts[number - 1]
            if cut.after <= record.before or Mark(writer, record.sequence) in behind:
                return Life(file.inode, cut.before)
            number -= 1
        return file

    def ends(self, files: Mapping[Life, End]) -> dict[Life, End]:
        """When each life ended, given when each file could no longer be read at all."""
        ends = dict(files)
        for file, cuts in self._of_file.items():
            last, life = ends[file], file
            for cut, _ in cuts:
                ends[life] = End(min(last.not_before, cut.before), min(last.not_after, cut.after))
                life = Life(file.inode, cut.before)
            ends[life] = last
        return ends
