"""What the tests of delivery share."""

import gc
import sys
from collections.abc import Sequence
from typing import Callable

import pytest

import fake_site
from matrix import ROWS
from result import Result

# The client leaves the file that it uploads to the garbage collector.
CLIENT_WARNING = "ignore:unclosed file:ResourceWarning"

Short = Callable[[str], Sequence[Result]]


@pytest.fixture
def short() -> Short:
    """Run the short form of a row; what is wrong, with its seed, goes where pytest shows it."""
    if not fake_site.is_here():
        pytest.skip(fake_site.NO_HARNESS)

    def run(name: str) -> Sequence[Result]:
        results = ROWS[name].short()
        for result in results:
            sys.stdout.writelines(f"{text}\n" for text in result.words())
        gc.collect()
        return results

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "short" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(CLIENT_WARNING))
