"""The Rust core: finds and keeps. Python speaks to the outside.

Every call that may wait or touch a disk releases the GIL. No call raises anything but
:class:`tk_incident.errors.TkIncidentError` (and ``OSError`` where a file system said no);
a panic in Rust arrives as ``InternalError``, never as ``PanicException``.
"""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Optional, Union, final

_Path = Union[str, PathLike[str]]

__version__: str

@final
class Signature:
    """The grouping key of a problem: the same on every machine, OS, Python and day."""

    @property
    def key(self) -> str:
        """``v0-`` and 24 hexadecimal digits; the version names the rules that made it."""
    @property
    def kind(self) -> str:
        """``exception`` or ``message``: what the key was made from."""
    @property
    def title(self) -> str:
        """Exception name, else the message with white space folded; at most 80 characters."""
    @property
    def normal_form(self) -> str:
        """The text that was hashed."""
    @property
    def why(self) -> str:
        """One sentence: why this text has this key."""

@final
class Occurrence:
    """One sighting of a problem: one record, at one address in one file."""

    @property
    def id(self) -> int:
        """Row in the spool, rising; 0 in a scan."""
    @property
    def signature(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def engine(self) -> str: ...
    @property
    def logger(self) -> str: ...
    @property
    def pid(self) -> Optional[int]: ...
    @property
    def time(self) -> str:
        """Local time of the writer, ISO 8601 without an offset; empty where the record does not say it."""
    @property
    def path(self) -> Path: ...
    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def message(self) -> str: ...
    @property
    def exception(self) -> Optional[str]: ...
    @property
    def context_id(self) -> Optional[str]: ...
    @property
    def request_id(self) -> Optional[str]: ...
    @property
    def record(self) -> str:
        """The whole record with its traceback, redacted."""
    def as_dict(self) -> dict[str, Any]:
        """The occurrence as the command line prints it."""
    def as_json(self) -> str:
        """The same as one line of ASCII, for those who write thousands."""

@final
class Incident:
    """A problem: all occurrences with one signature (and, by default, of one user)."""

    @property
    def signature(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def level(self) -> str:
        """The highest level seen."""
    @property
    def engines(self) -> list[str]: ...
    @property
    def count(self) -> int: ...
    @property
    def first_seen(self) -> str: ...
    @property
    def last_seen(self) -> str: ...
    @property
    def exception(self) -> Optional[str]: ...
    @property
    def message(self) -> str: ...
    @property
    def users(self) -> list[str]: ...
    @property
    def state(self) -> str:
        """``waiting`` (not all of it has reached the site), ``delivered``, ``discarded`` or ``found``.

        A hook wants no ticket for what is discarded; a scan finds, and tells nobody.
        """
    @property
    def ticket(self) -> Optional[int]: ...
    def as_dict(self) -> dict[str, Any]:
        """The incident as the command line prints it."""
    def as_json(self) -> str:
        """The same as one line of ASCII."""

@final
class Note:
    """Something the core wants said: the core itself does not log."""

    @property
    def code(self) -> str:
        """What kind of thing happened, such as ``unreadable`` or ``spool_damaged``."""
    @property
    def text(self) -> str:
        """What happened, to which file or field, and what to do."""

@final
class Delivery:
    """One thing to say to the site. The step follows from ``ticket_id`` and ``attached``."""

    @property
    def id(self) -> int: ...
    @property
    def incident(self) -> Incident: ...
    @property
    def occurrence(self) -> Occurrence:
        """The first sighting, the one whose evidence is attached."""
    @property
    def user_login(self) -> str:
        """Whose problem it was, at the time it was found."""
    @property
    def reporter_id(self) -> str:
        """Which reporter tells of it: the same as long as its state folder is."""
    @property
    def project_id(self) -> Optional[int]: ...
    @property
    def told_count(self) -> int:
        """Of how many occurrences the site knows."""
    @property
    def attempts(self) -> int:
        """How often it failed so far."""
    @property
    def ticket_id(self) -> Optional[int]:
        """None until the ticket is known to exist."""
    @property
    def attached(self) -> bool:
        """True once the evidence is known to be on the site."""
    @property
    def is_settled(self) -> bool:
        """False until the site was looked at after it was told last: it may not show the ticket yet."""
    @property
    def former_signatures(self) -> list[str]:
        """Keys under which earlier rules may have told the site of it, the newest first; at most eight."""
    @property
    def members(self) -> list[Incident]:
        """Of a digest: what it lists, the most severe first, each as often as it had been seen by then."""
    @property
    def evidence_name(self) -> str:
        """File name of the archive; the same at every attempt."""
    @property
    def environment(self) -> str:
        """``environment.json`` as it was when the problem was found."""

@final
class Agent:
    """The reporter's threads, and the spool behind them."""

    def __new__(cls, settings: str) -> Agent:
        """Take the settings as JSON. Raises ``ConfigError``; starts nothing."""
    def start(self) -> None:
        """Start the thread. It leads, or stands by while another reporter leads this log folder.

        Raises ``SpoolError`` or ``OSError`` where the state or log folder cannot be used.
        """
    def drain(self) -> None:
        """Take the evidence that is not yet due; ``next_delivery`` then returns once nothing is due."""
    def stop(self, timeout_ms: int) -> bool:
        """Stop; True if the thread ended in time. What is committed stays; the rest is read again."""
    def set_facts(self, *, user_login: str, project_id: Optional[int], environment: str) -> None:
        """Say who and where, for what is found from now on. ``environment`` is a JSON object."""
    def redact(self, text: str) -> str:
        """Take out secrets by the shipped rules and by ``redact_patterns``."""
    def next_delivery(self, timeout_ms: int) -> Optional[Delivery]:
        """Wait, without the GIL, until something is due; None at the timeout or after ``stop``."""
    def evidence(self, delivery_id: int) -> bytes:
        """The evidence archive of a delivery, a finished zip."""
    def ticket_asked(self, delivery_id: int) -> None:
        """Commit that the site is asked for a ticket from now on, so that one may be there."""
    def ticket_created(self, delivery_id: int, *, ticket_id: int, is_new: bool) -> None:
        """Commit that the ticket exists, so that a later attempt goes on; ``is_new``: it was made."""
    def evidence_attached(self, delivery_id: int) -> None:
        """Commit that the evidence is on the site."""
    def ack(self, delivery_id: int, *, count: int, recurrence_ms: int, is_settled: bool) -> None:
        """Commit that the site knows of ``count`` occurrences; further ones wait ``recurrence_ms``.

        It is taken as unsettled later, unless ``is_settled``: others may write over what the site was told.
        """
    def discard(self, delivery_id: int, *, count: int, recurrence_ms: int) -> None:
        """Commit that the site is not to know of ``count`` occurrences, by the wish of a hook."""
    def retry_later(
        self, delivery_id: int, *, reason: str, retry_after_ms: Optional[int] = None, is_outage: bool = False
    ) -> int:
        """Keep it for later, with exponential back-off and jitter; the delay in milliseconds.

        ``is_outage``: the site would not have taken anything else either, and all deliveries wait.
        """
    def take_unsettled(self) -> list[Delivery]:
        """Deliveries whose tickets are to be looked at; they come again until they are ``settled``."""
    def settle_later(self, wait_ms: int) -> None:
        """Give out no unsettled delivery for so long."""
    def settled(self, delivery_id: int) -> None:
        """Commit that the ticket has no twin, and holds what it was told."""
    def wait_occurrences(self, after_id: int, timeout_ms: int) -> list[Occurrence]:
        """Committed occurrences behind ``after_id``, in order; waits until there is one."""
    def last_occurrence_id(self) -> int: ...
    @property
    def state_folder(self) -> Path:
        """Where the spool is."""
    def take_notes(self) -> list[Note]: ...
    def is_leader(self) -> bool: ...
    def is_caught_up(self) -> bool:
        """True if all that the log files hold has been read and no record is open."""
    def failure(self) -> Optional[str]:
        """Why the thread ended by itself, if it did."""

@final
class OccurrenceBatch:
    """What a scan found in one piece. An object is made of an occurrence each time it is asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Occurrence:
        """Return one of them; from 0. Raises ``IndexError``."""

@final
class IncidentBatch:
    """What a scan has found so far. An object is made of an incident each time it is asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Incident:
        """Return one of them; from 0. Raises ``IndexError``."""

@final
class Scan:
    """Reads files from start to end; keeps and sends nothing."""

    def __new__(cls, paths: Sequence[_Path], settings: str, threads: int) -> Scan: ...
    def next_batch(self) -> Optional[OccurrenceBatch]:
        """The occurrences of the next piece (perhaps none); None at the end."""
    def incidents(self) -> IncidentBatch:
        """What has been found so far, in order of first sight."""
    def counters(self) -> dict[str, int]: ...
    def take_notes(self) -> list[Note]: ...
    @property
    def bytes_done(self) -> int: ...
    @property
    def bytes_total(self) -> int: ...

@final
class Spool:
    """Reads a spool, also while a reporter runs; on a network drive, as it was when this was made."""

    def __new__(cls, state_folder: _Path) -> Spool:
        """Raises ``SpoolError`` if there is none, or it cannot be read."""
    def incidents(self) -> list[Incident]: ...
    def occurrences(self, after_id: int = 0) -> list[Occurrence]:
        """At most 1,000 occurrences with a higher id; call again with the last id for more."""
    def deliveries(self) -> list[dict[str, Any]]:
        """The objects that ``tk-incident deliveries --json`` prints: what the site does not know yet."""
    def status(self) -> dict[str, Any]:
        """The object that ``tk-incident status --json`` prints."""

def signature(text: str) -> Signature: ...
def signature_key(text: str) -> str:
    """The key alone, for when many are wanted."""

def explain(text: str, other: Optional[str], settings: str) -> str:
    """What is decided about a text, or about two, as JSON: ``texts`` and, for two, ``comparison``."""

def redact(text: str) -> str: ...
def default_settings() -> str:
    """All settings with their defaults, as JSON: the one schema."""

def check_settings(settings: str) -> str:
    """Complete and validate settings given as JSON. Raises ``ConfigError`` that names the field."""

def read_settings(path: _Path) -> str:
    """Read a ``tk-incident.toml``, return it as JSON, unchecked beyond TOML. Raises ``ConfigError``."""

def toolkit_log_folder() -> Path:
    """Where Toolkit writes its logs on this machine, whether or not it exists."""

def toolkit_data_folder() -> Path:
    """Where Toolkit keeps its data on this machine, whether or not it exists."""
