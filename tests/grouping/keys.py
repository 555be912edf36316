"""One digest over the keys of 10,000 records: equal on every Python, in every process.

Runs by its path on any interpreter that has tk_incident and nothing else, and prints the digest.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator

import tk_incident
from problems import ALL
from rewrites import rewrite

RECORDS = 10_000
# Other rewrites than those that are scored.
_FIRST_NUMBER = 1_000_000


def records(count: int) -> Iterator[str]:
    """Texts of all problems in turn, each time after another rewrite."""
    for number in range(count):
        yield rewrite(ALL[number % len(ALL)], _FIRST_NUMBER + number // len(ALL))


def digest(count: int) -> str:
    """The digest over that many texts and their keys."""
    total = hashlib.sha256()
    for text in records(count):
        total.update(f"{text}\0{tk_incident.signature_key(text)}\0".encode())
    return total.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS) + "\n")
