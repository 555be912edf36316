"""The reporter's own fields of a ticket: ``setup-site`` adds them, and the sink fills those that a site has.

None of them is needed: a site that lacks one has a ticket that says less.
"""

from dataclasses import dataclass

KEY = "sg_incident_key"
COUNT = "sg_incident_count"
COUNTS = "sg_incident_counts"
FIRST_SEEN = "sg_incident_first_seen"
LAST_SEEN = "sg_incident_last_seen"
VERSION = "sg_incident_version"
USERS = "sg_incident_users"
ENGINES = "sg_incident_engines"
IGNORE_UNTIL = "sg_incident_ignore_until"
DUPLICATE_OF = "sg_duplicate_of"


@dataclass(frozen=True)
class SiteField:
    """One field of the ticket's entity type."""

    name: str
    """What a site makes of the label: ``sg_``, and the label in lower case with underscores."""
    label: str
    data_type: str
    """The site's word for it: ``text``, ``number``, ``date_time``, or ``entity`` for a link to a ticket."""
    purpose: str
    """What it is for, in one sentence; it becomes the field's description on the site."""

    def valid_types(self, entity_type: str) -> tuple[str, ...]:
        """Return what it links to, where tickets are of ``entity_type``; nothing if it is no link."""
        return (entity_type,) if self.data_type == "entity" else ()


SITE_FIELDS = (
    SiteField(KEY, "Incident Key", "text", "Tells which problem a ticket is about, and finds it again."),
    SiteField(COUNT, "Incident Count", "number", "How often the problem was seen, by all reporters."),
    SiteField(COUNTS, "Incident Counts", "text", "How often each reporter saw the problem, one a line."),
    SiteField(FIRST_SEEN, "Incident First Seen", "date_time", "When the problem was seen first."),
    SiteField(LAST_SEEN, "Incident Last Seen", "date_time", "When the problem was seen last."),
    SiteField(VERSION, "Incident Version", "text", "The version under which the problem was seen last."),
    SiteField(USERS, "Incident Users", "text", "Who met the problem."),
    SiteField(ENGINES, "Incident Engines", "text", "The engines in which the problem was met."),
    SiteField(
        IGNORE_UNTIL,
        "Incident Ignore Until",
        "text",
        "Filled in by people: how long a closed ticket stays closed whatever is seen, such as "
        "'count 100', 'users 5', '2026-12-24' or 'version v1.3.0'.",
    ),
    SiteField(
        DUPLICATE_OF,
        "Duplicate Of",
        "entity",
        "Filled in by people or the reporter: the ticket that is kept up to date instead of this one.",
    ),
)
"""All of them, in the order in which ``setup-site`` adds them."""

NAMES = tuple(field.name for field in SITE_FIELDS)
