"""A scan's findings as one HTML file that needs nothing else: no script, no network, no other file."""

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path

from tk_incident._core import Incident, Occurrence

_RECORD_CHARACTERS = 20_000

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5d6778; --line: #dfe3ea; --paper: #fff;
  --ground: #f4f6f9; --error: #c0362c; --critical: #8e1b6d; --other: #8a6d1a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ef; --soft: #98a3b5; --line: #343c49;
  --paper: #1c222c; --ground: #141922; --error: #ff7b70; --critical: #e77fd0; --other: #d9b949; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 1.25rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: auto; }
h1 { margin: 0; font-size: 1.7rem; letter-spacing: -.02em; }
.from { color: var(--soft); overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0; padding: 0; list-style: none; }
.figures li { flex: 1 1 7rem; padding: .8rem 1rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: .6rem; }
.figures b { display: block; font-size: 1.45rem; font-variant-numeric: tabular-nums; }
.figures span, .when { color: var(--soft); font-size: .85rem; }
details { margin: .5rem 0; background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; }
summary { display: grid; grid-template-columns: 4.5rem 6rem 1fr auto; gap: .75rem; align-items: baseline;
  padding: .7rem 1rem; cursor: pointer; }
summary::-webkit-details-marker { display: none; }
.count { font-weight: 700; text-align: right; font-variant-numeric: tabular-nums; }
.level { font-size: .75rem; font-weight: 700; letter-spacing: .05em; color: var(--other); }
.level.ERROR { color: var(--error); }
.level.CRITICAL { color: var(--critical); }
.title { overflow-wrap: anywhere; font-weight: 600; }
.where { padding: 0 1rem; margin: 0; color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
pre { margin: .6rem 1rem 1rem; padding: .8rem 1rem; overflow-x: auto; background: var(--ground);
  border-radius: .4rem; font: 13px/1.45 ui-monospace, monospace; }
.notes { color: var(--error); }
@media (max-width: 40rem) { summary { grid-template-columns: 3rem 1fr; } .when { grid-column: 2; } }
@media print { body { background: none; padding: 0; } details { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Report:
    """What a report tells."""

    sources: Sequence[Path]
    incidents: Sequence[Incident]
    counters: Mapping[str, int]
    samples: Mapping[str, Occurrence] = field(default_factory=dict)
    """The first occurrence of each incident, by signature."""
    notes: Sequence[str] = ()

    def write(self, path: Path) -> None:
        """Write the report: whole, or not at all. Raises ``OSError`` that names ``path``."""
        unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            try:
                unfinished.write_text(self.html(), encoding="utf-8", errors="backslashreplace")
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error

    def html(self) -> str:
        """Return the page. Everything that came out of a log is escaped."""
        made = datetime.now().astimezone().isoformat(" ", "seconds")
        sources = ", ".join(str(source) for source in self.sources)
        incidents = sorted(self.incidents, key=lambda incident: -incident.count)
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width">\n'
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f"<title>Incident report</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
            f'<h1>Incident report</h1>\n<p class="from">{_safe(sources)}, read {_safe(made)}</p>\n'
            f"{self._figures()}{self._notes()}"
            f"{''.join(map(self._incident, incidents)) or '<p>No incident was found.</p>'}\n"
            "</main>\n</body>\n</html>\n"
        )

    def _figures(self) -> str:
        figures = {
            "incidents": len(self.incidents),
            "occurrences": sum(incident.count for incident in self.incidents),
            "bytes read": self.counters["bytes_read"],
        }
        items = "".join(f"<li><b>{value:,}</b><span>{name}</span></li>" for name, value in figures.items())
        return f'<ul class="figures">{items}</ul>\n'

    def _notes(self) -> str:
        return "".join(f'<p class="notes">{_safe(note)}</p>\n' for note in self.notes)

    def _incident(self, incident: Incident) -> str:
        return (
            f'<details>\n<summary><span class="count">{incident.count:,}</span>'
            f'<span class="level {_safe(incident.level)}">{_safe(incident.level)}</span>'
            f'<span class="title">{_safe(incident.title)}</span>'
            f'<span class="when">{_safe(_span(incident))}</span></summary>\n'
            f"{self._sample(incident)}</details>\n"
        )

    def _sample(self, incident: Incident) -> str:
        engines = f"{', '.join(incident.engines)}; signature {incident.signature}"
        sample = self.samples.get(incident.signature)
        if sample is None:
            return f'<p class="where">{_safe(engines)}</p>\n'
        record = sample.record
        if len(record) > _RECORD_CHARACTERS:
            record = f"{record[:_RECORD_CHARACTERS]}\n[{len(record) - _RECORD_CHARACTERS:,} more characters]"
        where = f"{engines}; first in {sample.path} at byte {sample.offset:,}"
        return f'<p class="where">{_safe(where)}</p>\n<pre>{_safe(record)}</pre>\n'


def _span(incident: Incident) -> str:
    first, last = (
        each.replace("T", " ").partition(".")[0] for each in (incident.first_seen, incident.last_seen)
    )
    return first if first == last else f"{first} to {last}"


def _safe(text: str) -> str:
    """Escape for HTML; characters that no page may hold become visible."""
    shown = "".join(
        character
        if character.isprintable() or character in "\n\t\u00a0\u3000"
        else f"\\x{ord(character):02x}"
        for character in text
    )
    return escape(shown)
