"""What a person needs to see of a grouping's mistakes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import tk_incident
from rewrites import blame
from scores import Sighting, blamed, merged, scores, split

# More than this nobody reads.
_MOST_PAIRS = 5


def diagnosis(seen: Sequence[Sighting], pairs: Iterable[tuple[Sighting, Sighting]]) -> str:
    """The scores, the rewrites to blame, and the first of some pairs: ``merged`` or ``split`` ones."""
    result = scores(seen)
    lines = [
        f"recall {result.recall:.4f}, precision {result.precision:.6f}",
        f"{_count(merged(seen))} pairs of problems share a key; {_count(split(seen))} problems have several",
        f"rewrites that alone change the key: {dict(blamed(seen, tk_incident.signature_key).most_common())}",
    ]
    for first, second in itertools.islice(pairs, _MOST_PAIRS):
        if first.problem is second.problem:
            names = blame(first.problem, first.number, second.number, tk_incident.signature_key)
            reason = ", ".join(names) or "several rewrites in common"
            lines += ["", f"=== APART: {first.problem.name}, by {reason}"]
        else:
            lines += ["", f"=== TOGETHER: {first.problem.name} / {second.problem.name}"]
        lines += [*_shown(first), *_shown(second)]
    return "\n".join(lines)


def _count(pairs: Iterable[tuple[Sighting, Sighting]]) -> int:
    return sum(1 for _ in pairs)


def _shown(one: Sighting) -> Iterator[str]:
    signature = tk_incident.signature(one.text)
    yield f"--- {one.problem.name}, rewrite {one.number}: {signature.key}"
    yield one.text.replace("\r\n", "\n")
    yield "--- normal form"
    yield signature.normal_form
