"""The short forms of the rows: one ticket per problem with one archive, and counts that are exact."""

from collections.abc import Sequence
from typing import Callable

import pytest

from result import Result

Short = Callable[[str], Sequence[Result]]

TIMEOUT_S = 180


@pytest.mark.timeout(TIMEOUT_S)
def test_whatever_the_site_does_each_problem_has_one_ticket(short: Short) -> None:
    results = short("faults")
    assert sum(each.counts["faults or kills"] for each in results) > len(results) / 2, (
        "this site was no trouble"
    )
    assert all(each.is_right for each in results)


@pytest.mark.timeout(TIMEOUT_S)
def test_a_reporter_that_is_killed_at_any_step_goes_on_there(short: Short) -> None:
    assert all(each.is_right for each in short("kills"))


@pytest.mark.timeout(TIMEOUT_S)
def test_reporters_that_share_nothing_share_the_tickets(short: Short) -> None:
    (result,) = short("reporters")
    assert result.is_right


@pytest.mark.timeout(TIMEOUT_S)
def test_a_storm_of_one_error_is_one_ticket_and_one_update_a_minute(short: Short) -> None:
    (result,) = short("storm")
    assert result.is_right


@pytest.mark.timeout(TIMEOUT_S)
def test_what_was_found_without_a_site_is_told_in_order_and_in_peace(short: Short) -> None:
    (result,) = short("offline")
    assert result.is_right


@pytest.mark.timeout(TIMEOUT_S)
def test_whatever_people_do_with_the_tickets_the_model_knows_it(short: Short) -> None:
    assert all(each.is_right for each in short("walk"))
