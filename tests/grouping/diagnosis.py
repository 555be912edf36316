"""What a person needs to see of a grouping's mistakes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import tk_incident
from rewrites import blame
from scores import Sighting, blamed, merged, scores, split

# More than this nobody reads.
_MOST_PAIRS = 5


def diagnosis(seen: Sequence[Sighting]) -> str:
    """The scores, the first pairs that are wrong, and the rewrites to blame."""
    result = scores(seen)
    together, apart = list(merged(seen)), list(split(seen))
    lines = [
        f"recall {result.recall:.4f}, precision {result.precision:.6f}",
        f"{len(together)} pairs of different problems share a key; {len(apart)} problems have several keys",
        f"rewrites that alone change the key: {dict(blamed(seen, tk_incident.signature_key).most_common())}",
    ]
    # Two tickets in one hide a fault; one problem in two is only a nuisance.
    chosen = [*((pair, "TOGETHER") for pair in together), *((pair, "APART") for pair in apart)]
    for (first, second), what in itertools.islice(chosen, _MOST_PAIRS):
        lines += ["", f"=== {what}: {first.problem.name} / {second.problem.name}"]
        if what == "APART":
            names = blame(first.problem, first.number, second.number, tk_incident.signature_key)
            lines.append(f"by {', '.join(names) or 'several rewrites in common'}")
        lines += [*_shown(first), *_shown(second)]
    return "\n".join(lines)


def _shown(one: Sighting) -> Iterator[str]:
    signature = tk_incident.signature(one.text)
    yield f"--- {one.problem.name}, rewrite {one.number}: {signature.key}"
    yield one.text.replace("\r\n", "\n")
    yield "--- normal form"
    yield signature.normal_form
