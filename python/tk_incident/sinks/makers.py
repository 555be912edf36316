"""Whose ticket is it: what a young one still lacks is left to the reporter that made it.

Sixty reporters that met a problem in one moment would else attach the same evidence, and close each other's
twins, all at once.
"""

from datetime import datetime, timedelta, timezone
from zlib import crc32

from tk_incident.description import told_by
from tk_incident.sinks.connection import Row
from tk_incident.sinks.tickets import moment

# A reporter that has not come back by then may never come.
_YOUNG = timedelta(minutes=10)
# Those that wait for it do not all give it up at once: each has one of so many turns, this much apart.
_TURNS = 60
_TURN = timedelta(seconds=10)


def is_left_to_maker(row: Row, who: str) -> bool:
    """Tell whether a ticket is young, and made by another reporter than ``who``.

    Ten minutes, and up to ten more: by then one of those that wait has done what its maker has not.
    """
    if told_by(row.get("description")) in ("", who):
        return False
    young = _YOUNG + crc32(who.encode()) % _TURNS * _TURN
    made = moment(row.get("created_at"))
    # By two clocks: where one of them is far off, nothing is left undone.
    return made is not None and abs(datetime.now(timezone.utc) - made) <= young
