import io
import json
import logging
from pathlib import Path

import pytest

from tk_incident.cli.progress import Progress
from tk_incident.cli.screen import Screen
from tk_incident.cli.table import Column, plain_table, printable

COLUMNS = (Column("count", right=True), Column("title", flexible=True))
ESCAPE = "\x1b"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain Größe 日本", "plain Größe 日本"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("nul\x00", r"nul\x00"),
        ("\x9b31mred", r"\x9b31mred"),
        ("safe\u202egnp.exe", r"safe\u202egnp.exe"),
        ("a\u00a0b", "a b"),
        ("lone \udc80", r"lone \udc80"),
    ],
)
def test_nothing_from_a_log_can_steer_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()


def test_a_plain_table_is_aligned_by_what_a_terminal_shows() -> None:
    lines = plain_table(COLUMNS, [("1", "日本"), ("20", "e\u0301te\u0301")])
    assert lines[0] == "count  title"
    assert lines[2] == "    1  日本"
    assert lines[3] == "   20  e\u0301te\u0301"
    assert lines[1] == "-----  -----"


def test_a_flexible_column_gives_way() -> None:
    lines = plain_table(COLUMNS, [("1", "x" * 200)], width=40)
    assert max(map(len, lines)) == 40
    assert lines[2].endswith("x...")
    assert len(plain_table(COLUMNS, [("1", "x" * 200)])[2]) == 207


def test_a_pipe_gets_no_escape_sequence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # rich obeys these even on a pipe.
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    screen = Screen()
    with screen.progress() as progress:
        progress.update("reading", 0.5)
        screen.table(COLUMNS, [("1", "[red]not markup[/red]")])
        screen.note("a note")
    out, err = capsys.readouterr()
    assert ESCAPE not in out + err
    assert "[red]not markup[/red]" in out
    assert err == "tk-incident: a note\n"


def test_markup_is_not_obeyed_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    Screen().table(COLUMNS, [("1", "[link=https://evil.test]x[/link] :smile: \x1b]0;y\x07")])
    assert "[link=https://evil.test]x[/link] :smile:" in out.getvalue()
    assert r"\x1b]0;y\x07" in out.getvalue()
    assert "\x1b]" not in out.getvalue()


@pytest.mark.parametrize("has_rich", [True, False])
def test_a_terminal_shows_progress_with_and_without_rich(
    monkeypatch: pytest.MonkeyPatch, has_rich: bool
) -> None:
    if has_rich:
        pytest.importorskip("rich")
        monkeypatch.setenv("TERM", "xterm-256color")
    else:
        monkeypatch.setitem(__import__("sys").modules, "rich", None)
    stream = Terminal()
    with Progress(stream, shown=True) as progress:
        progress.update("reading \x1b[2J", 0.5)
        progress.say("a note")
    assert "a note" in stream.getvalue()
    assert r"reading \x1b[2J" in stream.getvalue()


def test_progress_without_rich_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rich", None)
    stream = Terminal()
    with Progress(stream, shown=True) as progress:
        progress.update("reading", 0.5)
    assert stream.getvalue() == "\rreading  50%\r            \r"


def test_a_terminal_without_utf8_does_not_stop_the_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    screen = Screen()
    screen.line("Größe")
    screen.table((Column("title"),), [("日本",)])
    screen.flush()
    assert raw.getvalue().startswith(b"Gr\\xf6\\xdfe\n")
    assert b"\\u65e5\\u672c" in raw.getvalue()


def test_a_result_is_one_ascii_line(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().result({"path": Path("/logs/x.log"), "record": "a\nb\u2028 Größe \udc80"})
    out = capsys.readouterr().out
    assert out.isascii()
    assert out.count("\n") == 1
    assert json.loads(out) == {"path": "/logs/x.log", "record": "a\nb\u2028 Größe \udc80"}


def test_what_the_package_logs_becomes_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("tk_incident")
    screen = Screen()
    with screen.logged_notes():
        logger.warning("[tk-incident] %s is\nfull", "disk")
        logger.info("[tk-incident] of no interest")
        screen.hush()
        logger.warning("[tk-incident] after the end")
    assert capsys.readouterr().err == "tk-incident: disk is full\n"
