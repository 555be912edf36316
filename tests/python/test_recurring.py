"""A problem comes back after its ticket was closed: the real client, at a site with all fields."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Callable

import pytest

from tk_incident._core import Delivery
from tk_incident.errors import DeliveryError
from tk_incident.settings import Settings
from tk_incident.sinks import Outcome
from tk_incident.sinks.shotgrid import ShotGridSink
from tk_incident.sinks.tickets import Tickets
from tk_incident.ticket import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import SandboxSite

MakeDelivery = Callable[..., Delivery]
SIGNATURE = "v1-0123456789abcdef01234567"
OTHER = "v1-ffffffffffffffffffffffff"


class Journal:
    """Keeps nothing but the archive."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def evidence(self, _delivery_id: int) -> bytes:
        return b"PK\x05\x06" + bytes(18)

    def ticket_asked(self, _delivery_id: int) -> None:
        self.steps.append("asked")

    def ticket_created(self, _delivery_id: int, *, ticket_id: int, is_new: bool) -> None:
        self.steps.append(f"{'made' if is_new else 'found'} {ticket_id}")

    def evidence_attached(self, _delivery_id: int) -> None:
        self.steps.append("attached")

    def settled(self, _delivery_id: int) -> None:
        self.steps.append("settled")


class Desk:
    """A site, and whoever works at it."""

    def __init__(self, site: SandboxSite, make: MakeDelivery) -> None:
        self._site = site
        self._make = make
        self.people = site.connect()
        self.journal = Journal()
        self.sinks: list[ShotGridSink] = []
        self.now_s = 1000.0

    def sink(self, before_ticket: Any = None, **settings: Any) -> ShotGridSink:
        known = Settings.from_mapping(settings)
        sink = ShotGridSink(self._site.connect, known, before_ticket, clock=lambda: self.now_s)
        self.sinks.append(sink)
        return sink

    def delivery(self, count: int, *, hours: int = 0, version: str = "v1.0", **changes: Any) -> Delivery:
        """Make one that was seen so many hours from now."""
        seen = (datetime.now() + timedelta(hours=hours)).isoformat()
        environment = f'{{"host": "ws042", "version": "{version}"}}'
        values = {"signature": SIGNATURE, "count": count, "last_seen": seen, "environment": environment}
        return self._make(**{**values, **changes})

    def see(self, sink: ShotGridSink, *args: Any, **changes: Any) -> Outcome:
        return sink.deliver(self.delivery(*args, **changes), self.journal)

    def ticket(self, ticket_id: int | None) -> dict[str, Any]:
        fields = [
            "sg_status_list",
            "sg_incident_count",
            "sg_incident_counts",
            "sg_incident_version",
            "sg_incident_users",
            "sg_incident_engines",
            "sg_priority",
            "tags",
            "attachments",
            "description",
        ]
        row = self.people.find_one("Ticket", [["id", "is", ticket_id]], fields)
        assert isinstance(row, dict)
        return row

    def close(self, ticket_id: int | None, **values: Any) -> None:
        self.people.update("Ticket", ticket_id, {"sg_status_list": "res", **values})

    def said(self, ticket_id: int | None) -> list[str]:
        link = {"type": "Ticket", "id": ticket_id}
        return [
            reply["content"] for reply in self.people.find("Reply", [["entity", "is", link]], ["content"])
        ]


@pytest.fixture
def desk(sandbox: SandboxSite, make_delivery: MakeDelivery) -> Iterator[Desk]:
    desk = Desk(sandbox, make_delivery)
    yield desk
    for sink in desk.sinks:
        sink.close()


def test_who_met_it_and_where_is_told_of_all_of_them(desk: Desk) -> None:
    sink = desk.sink(ticket_scope="site")
    made = desk.see(sink, 1, users=["anna"], engines=["tk-maya"]).ticket_id
    known = {"ticket_id": made, "attached": True}
    desk.see(sink, 2, users=["anna", "bert"], engines=["tk-maya", "tk-nuke"], **known)
    desk.see(sink, 4, users=["cleo"], engines=["tk-nuke"], reporter_id="bbbbbbbbbb", **known)
    ticket = desk.ticket(made)
    assert ticket["sg_incident_users"] == "anna, bert, cleo"
    assert ticket["sg_incident_engines"] == "tk-maya, tk-nuke"


def test_names_that_a_field_has_no_room_for_are_left_out() -> None:
    assert names([]) is None
    many = [f"user{number:03}" for number in range(500)]
    told = names(many)
    assert told is not None and len(told) <= 1_000
    assert told.split(", ") == many[: len(told.split(", "))]
    assert names(["new"], told) == told


def test_a_ticket_has_the_tags_of_the_settings(desk: Desk) -> None:
    night = desk.people.create("Tag", {"name": "Night shift"})["id"]
    sink = desk.sink(tags=["night shift", "incident"])
    made = desk.see(sink, 1).ticket_id
    tags = desk.ticket(made)["tags"]
    assert [each["name"] for each in tags] == ["Night shift", "incident"]
    assert tags[0]["id"] == night
    desk.see(sink, 1, signature="v1-" + "e" * 24)
    assert len(desk.people.find("Tag", [])) == 2


def test_a_tag_is_made_for_a_ticket_that_there_will_be(desk: Desk) -> None:
    def unwanted(values: dict[str, Any], _delivery: Delivery) -> None:
        assert values["tags"] == [{"type": "Tag", "name": "incident"}]

    assert desk.see(desk.sink(unwanted, tags=["incident"]), 1).ticket_id is None
    assert desk.people.find("Tag", []) == []


def test_a_hook_may_add_tags_by_name_or_by_id(desk: Desk) -> None:
    farm = desk.people.create("Tag", {"name": "farm"})["id"]

    def tagged(values: dict[str, Any], _delivery: Delivery) -> dict[str, Any]:
        return {**values, "tags": [{"type": "Tag", "id": farm}, {"type": "Tag", "name": "render"}]}

    made = desk.see(desk.sink(tagged, tags=["incident"]), 1).ticket_id
    assert [each["name"] for each in desk.ticket(made)["tags"]] == ["farm", "render"]
    assert len(desk.people.find("Tag", [])) == 2


def test_a_closed_ticket_is_opened_again_and_told_why(desk: Desk) -> None:
    sink = desk.sink()
    made = desk.see(sink, 1).ticket_id
    desk.close(made)
    again = desk.see(sink, 2, hours=1, version="v1.1", ticket_id=made, attached=True)
    assert again.ticket_id == made
    ticket = desk.ticket(made)
    assert (ticket["sg_status_list"], ticket["sg_incident_count"]) == ("opn", 2)
    assert ticket["sg_incident_version"] == "v1.1"
    (note,) = desk.said(made)
    assert note.startswith("It is back: this ticket was closed on ")
    assert " under v1.0, and its problem was seen at " in note
    assert note.endswith(" under v1.1.")
    desk.see(sink, 3, hours=1, ticket_id=made, attached=True)
    assert len(desk.said(made)) == 1


def test_what_was_seen_before_the_closing_opens_nothing(desk: Desk) -> None:
    sink = desk.sink()
    made = desk.see(sink, 1, hours=-2).ticket_id
    desk.close(made)
    desk.see(sink, 5, hours=-1, ticket_id=made, attached=True)
    ticket = desk.ticket(made)
    assert (ticket["sg_status_list"], ticket["sg_incident_count"]) == ("res", 5)
    assert desk.said(made) == []


def test_a_comment_after_the_closing_hides_nothing() -> None:
    """The closing counts, as the site's log has it, and not the last change."""

    def changed(at: str, to: str) -> dict[str, Any]:
        meta = {"attribute_name": "sg_status_list", "new_value": to}
        return {"id": 1, "created_at": datetime.fromisoformat(f"2026-11-22T{at}+00:00"), "meta": meta}

    log = [changed("14:00:00", "opn"), changed("12:00:00", "res"), changed("10:00:00", "res")]
    schema: dict[str, Any] = {"sg_status_list": {}, "updated_at": {}}
    connection: Any = SimpleNamespace(site="", fields=lambda _type: schema, find=lambda *_args, **_named: log)
    row = {
        "id": 1,
        "sg_status_list": "res",
        "updated_at": datetime.fromisoformat("2026-11-22T18:00:00+00:00"),
    }
    assert Tickets(connection, Settings()).closed_at(row) == log[1]["created_at"]
    # Where nobody may read the log, the last change has to do.
    log.clear()
    assert Tickets(connection, Settings()).closed_at(row) == row["updated_at"]


def test_a_site_without_an_open_status_is_not_told_again_and_again(desk: Desk) -> None:
    sink = desk.sink(closed_statuses=["res", "wtg"], reopened_status="no_such_status")
    made = desk.see(sink, 1).ticket_id
    desk.close(made)
    desk.see(sink, 2, hours=1, ticket_id=made, attached=True)
    assert desk.said(made) == []
    assert desk.ticket(made)["sg_incident_count"] == 2


def test_there_is_a_new_one_where_that_is_wanted(desk: Desk) -> None:
    sink = desk.sink(on_closed="new")
    first = desk.see(sink, 1).ticket_id
    desk.close(first)
    second = desk.see(sink, 2, hours=1, ticket_id=first, attached=True).ticket_id
    assert second != first
    assert f"Ticket {first} of the same problem was closed on " in desk.ticket(second)["description"]
    assert desk.journal.steps[-3:] == ["asked", f"made {second}", "attached"]
    assert desk.ticket(first)["sg_status_list"] == "res"
    # Whoever still knows the first one finds the second.
    assert desk.see(sink, 3, hours=2, ticket_id=first, attached=True).ticket_id == second


def test_it_stays_closed_where_that_is_wanted(desk: Desk) -> None:
    sink = desk.sink(on_closed="ignore")
    made = desk.see(sink, 1).ticket_id
    desk.close(made)
    desk.see(sink, 2, hours=1, ticket_id=made, attached=True)
    ticket = desk.ticket(made)
    assert (ticket["sg_status_list"], ticket["sg_incident_count"]) == ("res", 2)


def test_a_duplicate_passes_its_problem_on(desk: Desk) -> None:
    sink = desk.sink()
    target = desk.see(sink, 4, signature=OTHER).ticket_id
    made = desk.see(sink, 1).ticket_id
    desk.close(made, sg_duplicate_of={"type": "Ticket", "id": target})
    assert desk.see(sink, 2, hours=1, ticket_id=made, attached=True).ticket_id == target
    assert desk.ticket(made)["sg_status_list"] == "res"
    assert desk.ticket(target)["sg_incident_count"] == 6, "both problems, each with a line of its own"
    desk.people.update("Ticket", made, {"sg_status_list": "opn"})
    assert desk.see(sink, 3, hours=2, ticket_id=made, attached=True).ticket_id == made


def test_a_reply_says_it_as_well(desk: Desk) -> None:
    sink = desk.sink()
    target = desk.see(sink, 4, signature=OTHER).ticket_id
    made = desk.see(sink, 1).ticket_id
    link = {"type": "Ticket", "id": made}
    desk.people.create("Reply", {"content": f"Duplicate of #{target}, see there", "entity": link})
    desk.close(made)
    assert desk.see(sink, 2, hours=1, ticket_id=made, attached=True).ticket_id == target
    third = desk.see(sink, 1, signature="v1-" + "e" * 24).ticket_id
    desk.people.create(
        "Reply", {"content": "ignore until count 3", "entity": {"type": "Ticket", "id": third}}
    )
    desk.close(third)
    again = {"signature": "v1-" + "e" * 24, "hours": 1, "ticket_id": third, "attached": True}
    desk.see(sink, 2, **again)
    assert desk.ticket(third)["sg_status_list"] == "res"
    desk.see(sink, 3, **again)
    assert desk.ticket(third)["sg_status_list"] == "opn"


def test_duplicates_that_go_round_end(desk: Desk) -> None:
    sink = desk.sink()
    one = desk.see(sink, 1).ticket_id
    other = desk.see(sink, 1, signature=OTHER).ticket_id
    desk.close(one, sg_duplicate_of={"type": "Ticket", "id": other})
    desk.close(other, sg_duplicate_of={"type": "Ticket", "id": one})
    desk.see(sink, 2, hours=1, ticket_id=one, attached=True)
    assert [desk.ticket(each)["sg_status_list"] for each in (one, other)] == ["res", "opn"]


def test_ignore_until(desk: Desk) -> None:
    sink = desk.sink()
    made = desk.see(sink, 1).ticket_id
    desk.close(made, sg_incident_ignore_until="users 2")
    desk.see(sink, 50, hours=1, ticket_id=made, attached=True)
    assert desk.ticket(made)["sg_status_list"] == "res"
    desk.see(sink, 51, hours=1, users=["artist", "another"], ticket_id=made, attached=True)
    assert desk.ticket(made)["sg_status_list"] == "opn"


def test_several_reporters_add_up(desk: Desk) -> None:
    sink = desk.sink(ticket_scope="site")
    made = desk.see(sink, 3, reporter_id="aaaaaaaaaa").ticket_id
    outcome = desk.see(sink, 5, reporter_id="bbbbbbbbbb", users=["bob"])
    assert (outcome.ticket_id, outcome.is_settled) == (made, False)
    assert desk.ticket(made)["sg_incident_count"] == 8
    # Somebody writes over it.
    desk.people.update("Ticket", made, {"sg_incident_counts": "aaaaaaaaaa-01234567 3 artist@ws042"})
    known: dict[str, Any] = {
        "reporter_id": "bbbbbbbbbb",
        "users": ["bob"],
        "ticket_id": made,
        "attached": True,
    }
    told = desk.delivery(9, told_count=5, **known)
    desk.journal.steps.clear()
    sink.settle([told], desk.journal)
    assert desk.ticket(made)["sg_incident_count"] == 8
    assert desk.journal.steps == [], "what was written is looked at once more"
    desk.now_s += 30
    sink.settle([told], desk.journal)
    assert desk.journal.steps == ["settled"]


def test_a_problem_that_spreads_is_raised_once_and_by_nobody_who_was_overruled(desk: Desk) -> None:
    sink = desk.sink(ticket_scope="site")
    made = desk.see(sink, 1, reporter_id="aaaaaaaaa0", users=["user0"]).ticket_id
    raised = []
    for number in range(1, 7):
        desk.see(sink, 1, reporter_id=f"aaaaaaaaa{number}", users=[f"user{number}"])
        raised.append(desk.ticket(made)["sg_priority"])
        if number == 5:
            desk.people.update("Ticket", made, {"sg_priority": "3"})
    assert raised == ["3", "3", "3", "2", "2", "3"]


def test_what_another_process_told_is_looked_at_for_as_long(desk: Desk) -> None:
    """A stand-by that takes over an hour after it began knows nothing of what was told a second before."""
    made = desk.see(desk.sink(ticket_scope="site"), 3).ticket_id
    stand_by = desk.sink(ticket_scope="site", site_lag_s=5)
    told = desk.delivery(3, told_count=3, ticket_id=made, attached=True)
    desk.journal.steps.clear()
    desk.now_s += 3600
    stand_by.settle([told], desk.journal)
    assert desk.journal.steps == []
    desk.now_s += 15
    stand_by.settle([told], desk.journal)
    assert desk.journal.steps == ["settled"]


def test_a_count_whose_answer_was_lost_is_looked_at_as_well(desk: Desk) -> None:
    sink = desk.sink(ticket_scope="site")
    made = desk.see(sink, 3).ticket_id
    known: dict[str, Any] = {"ticket_id": made, "attached": True}
    assert not desk.see(sink, 5, **known).is_settled
    # As it is tried again: the line is there already.
    assert not desk.see(sink, 5, **known).is_settled


def test_one_that_is_refused_holds_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = desk.sink(ticket_scope="site")
    made = [desk.see(sink, 3, id=number, signature=f"v0-{number:024}").ticket_id for number in (1, 2)]
    for each in made:
        desk.people.update("Ticket", each, {"sg_incident_counts": ""})
    updated = Tickets.update_all

    def update_all(tickets: Tickets, changes: Any) -> None:
        if made[0] in changes:
            raise DeliveryError("the site refuses it")
        updated(tickets, changes)

    monkeypatch.setattr(Tickets, "update_all", update_all)
    unsettled = [
        desk.delivery(3, id=number, signature=f"v0-{number:024}", told_count=3, ticket_id=each, attached=True)
        for number, each in enumerate(made, 1)
    ]
    with pytest.raises(DeliveryError):
        sink.settle(unsettled, desk.journal)
    assert [bool(desk.ticket(each)["sg_incident_counts"]) for each in made] == [False, True]


def test_a_count_at_a_ticket_of_earlier_rules_is_looked_at_as_well(desk: Desk) -> None:
    sink = desk.sink(ticket_scope="site")
    made = desk.see(sink, 3, signature="v0-" + "7" * 24).ticket_id
    known: dict[str, Any] = {"former_signatures": ["v0-" + "7" * 24], "ticket_id": made, "attached": True}
    desk.see(sink, 5, **known)
    desk.people.update("Ticket", made, {"sg_incident_counts": ""})
    sink.settle([desk.delivery(5, told_count=5, **known)], desk.journal)
    assert " 5 artist@" in desk.ticket(made)["sg_incident_counts"]


def test_a_count_that_is_there_can_still_be_written_over(desk: Desk) -> None:
    """64 reporters at a site that shows a write 2 s later: tickets lacked a fifth of what they were told."""
    sink = desk.sink(ticket_scope="site", site_lag_s=5)
    made = desk.see(sink, 3, reporter_id="aaaaaaaaaa").ticket_id
    before = desk.ticket(made)["sg_incident_counts"]
    known: dict[str, Any] = {"reporter_id": "bbbbbbbbbb", "users": ["bob"]}
    desk.see(sink, 5, **known)
    told = desk.delivery(5, told_count=5, ticket_id=made, attached=True, **known)
    desk.journal.steps.clear()
    desk.now_s += 14
    sink.settle([told], desk.journal)
    assert desk.journal.steps == []
    # Who read the ticket before bob's line was shown has written it late.
    desk.people.update("Ticket", made, {"sg_incident_counts": before})
    desk.now_s += 1
    sink.settle([told], desk.journal)
    assert "bob" in desk.ticket(made)["sg_incident_counts"]
    for wait_s, steps in ((14, []), (1, ["settled"])):
        desk.now_s += wait_s
        sink.settle([told], desk.journal)
        assert desk.journal.steps == steps


def test_what_is_written_anew_is_added_to_what_is_there_by_then(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search serves many tickets, and those are told by others while it is gone through."""
    sink = desk.sink(ticket_scope="site")
    made = desk.see(sink, 3, reporter_id="aaaaaaaaaa").ticket_id
    lines = desk.ticket(made)["sg_incident_counts"]
    searched = Tickets.with_lines

    def with_lines(*args: Any, **kwargs: Any) -> Iterator[Any]:
        yield from list(searched(*args, **kwargs))
        desk.people.update("Ticket", made, {"sg_incident_counts": f"{lines}\ncccccccccc-01234567 4 eve@ws"})

    monkeypatch.setattr(Tickets, "with_lines", with_lines)
    known: dict[str, Any] = {"reporter_id": "bbbbbbbbbb", "ticket_id": made, "attached": True}
    sink.settle([desk.delivery(5, told_count=5, **known)], desk.journal)
    assert desk.ticket(made)["sg_incident_count"] == 3 + 4 + 5


def test_a_lost_count_waits_where_the_site_was_told_enough(desk: Desk) -> None:
    sink = desk.sink(ticket_scope="site")
    made = desk.see(sink, 3).ticket_id
    twin = desk.people.create("Ticket", {"title": "twin", "description": desk.ticket(made)["description"]})
    desk.people.update("Ticket", made, {"sg_incident_counts": ""})
    told = desk.delivery(3, told_count=3, ticket_id=made, attached=True)
    slow = desk.sink(ticket_scope="site", max_writes_per_min=1)
    desk.journal.steps.clear()
    slow.settle([told], desk.journal)
    assert desk.ticket(twin["id"])["sg_status_list"] == "res"
    assert not desk.ticket(made)["sg_incident_counts"]
    desk.now_s += 60
    slow.settle([told], desk.journal)
    assert desk.ticket(made)["sg_incident_counts"].endswith(" 3 artist@ws042")
    assert desk.journal.steps == []
    desk.now_s += 60
    slow.settle([told], desk.journal)
    assert desk.journal.steps == ["settled"]


def test_the_evidence_of_a_young_ticket_is_left_to_its_maker(desk: Desk) -> None:
    """Many that meet a problem in one moment would else attach the same archive as many times."""
    sink = desk.sink(ticket_scope="site")
    made = desk.see(sink, 3, reporter_id="aaaaaaaaaa").ticket_id
    # It has not come so far yet.
    desk.people.update("Ticket", made, {"attachments": []})
    desk.journal.steps.clear()
    for known in ({}, {"ticket_id": made}):
        outcome = desk.see(sink, 5, reporter_id="bbbbbbbbbb", **known)
        assert (desk.journal.steps, desk.ticket(made)["attachments"]) == ([f"found {made}"], [])
        assert desk.ticket(made)["sg_incident_count"] == 8
        # It is looked at again, as if nothing had been told.
        assert outcome.count == 0
        assert 5_000 <= outcome.recurrence_ms <= 15_000
    # The maker never came back.
    an_hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    desk.people.update("Ticket", made, {"created_at": an_hour_ago})
    again = desk.see(sink, 5, reporter_id="bbbbbbbbbb", ticket_id=made)
    assert again.count == 5
    assert len(desk.ticket(made)["attachments"]) == 1
    assert desk.journal.steps[-1] == "attached"


def test_the_evidence_of_an_old_ticket_is_attached_by_whoever_finds_that_it_lacks(desk: Desk) -> None:
    sink = desk.sink(ticket_scope="site")
    made = desk.see(sink, 3, reporter_id="aaaaaaaaaa").ticket_id
    an_hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    desk.people.update("Ticket", made, {"attachments": [], "created_at": an_hour_ago})
    assert desk.see(sink, 5, reporter_id="bbbbbbbbbb").count == 5
    assert len(desk.ticket(made)["attachments"]) == 1


def test_each_reporter_closes_the_twins_that_it_made(desk: Desk) -> None:
    sink = desk.sink(ticket_scope="site")
    first = desk.see(sink, 1, reporter_id="aaaaaaaaaa").ticket_id
    description = desk.ticket(first)["description"]
    twins = []
    for reporter in ("bbbbbbbbbb", "cccccccccc"):
        mine = description.replace("told by aaaaaaaaaa", f"told by {reporter}")
        twins.append(desk.people.create("Ticket", {"title": "twin", "description": mine})["id"])
    known = {"reporter_id": "bbbbbbbbbb", "ticket_id": twins[0], "attached": True, "told_count": 1}
    desk.journal.steps.clear()
    sink.settle([desk.delivery(1, **known)], desk.journal)
    assert [desk.ticket(each)["sg_status_list"] for each in twins] == ["res", "wtg"]
    assert desk.journal.steps[-1] != "settled", "the other one may never come back"
    assert len(desk.said(twins[0])) == 1
    sink.settle(
        [desk.delivery(1, **{**known, "reporter_id": "cccccccccc", "ticket_id": twins[1]})], desk.journal
    )
    assert desk.ticket(twins[1])["sg_status_list"] == "res"
    desk.now_s += 30
    sink.settle([desk.delivery(1, **{**known, "ticket_id": first})], desk.journal)
    assert desk.journal.steps[-1] == "settled"


def test_a_digest_lists_its_problems(desk: Desk, make_delivery: MakeDelivery) -> None:
    members = [
        make_delivery(signature=f"v1-{n:024}", title=f"Error{n}", message=f"broke {n}", count=n + 1).incident
        for n in range(500)
    ]
    digest = desk.delivery(
        125_250,
        id=-1,
        signature="digest-0123456789abcdef01234567",
        title="500 new problems at once",
        members=members,
    )
    sink = desk.sink()
    made = sink.deliver(digest, desk.journal).ticket_id
    description = desk.ticket(made)["description"]
    assert description.startswith("500 problems that were not known before")
    assert "v1-000000000000000000000000  ERROR: Error0: broke 0" in description
    assert description.split("\n")[-1] == "incident-key: digest-0123456789abcdef01234567/artist"
    assert " more\n" in description or "Error499" in description
    assert len(description.encode()) <= 32 * 1024
    assert sink.deliver(digest, desk.journal).ticket_id == made
