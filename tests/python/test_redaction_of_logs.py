"""Redaction over real logs: it touches next to nothing, and no signature changes with it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tk_incident import redact, signature_key

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MOST_TOUCHED = 0.005


def texts() -> Iterator[str]:
    """The messages of eight systems, and whole logs of Toolkit."""
    for path in sorted((DATA / "loghub-2k").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as rows:
            yield from (row["Content"] for row in csv.DictReader(rows))
    for path in sorted((DATA / "toolkit-logs").glob("*.log*")):
        yield from path.read_text(encoding="utf-8", errors="replace").splitlines()


@pytest.mark.skipif(not DATA.is_dir(), reason="the logs are not in this repository: ../shared/data")
def test_next_to_nothing_of_a_log_is_taken_for_a_secret_and_no_signature_changes() -> None:
    tokens = touched = 0
    for text in texts():
        redacted = redact(text)
        tokens += len(text.split())
        if redacted != text:
            before = text.split()
            touched += sum(1 for token in before if token not in redacted.split())
            assert signature_key(redacted) == signature_key(text), text
    assert tokens > 100_000
    assert touched <= MOST_TOUCHED * tokens, f"{touched} of {tokens} tokens"
