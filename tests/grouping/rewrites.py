"""Rewrites that keep the problem: what differs between two sightings that one ticket is for.

Each rewrite draws one part of an ``Occasion``, and its docstring says why nobody would open a second ticket
for it. All of them apply at once. A rewrite has dice of its own, so that one part can be changed and the rest
kept, which is how ``blame`` finds what took two sightings apart.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Callable, Optional

from dice import Dice
from occasion import Occasion, Python, Sources
from problem import Problem
from record_text import record_text

Rewrite = Callable[[Dice, Problem, Occasion], None]

_LOGINS = ("alice", "bob.smith", "jdoe3", "maria-lopez", "tmueller", "kim_s", "x0417", "renée")
_SITES = (
    "https://acme.shotgrid.autodesk.com",
    "https://bigfish.shotgunstudio.com",
    "https://sg.studio42.local",
)
_HOSTS = ("ws042", "render-0231", "ws118.studio.local", "WIN-7KQ3N1P", "lx-anim-17", "mac-0042.local")
_PROJECTS = ("bbb", "The_Heist", "PRJ22_Orbit", "nightfall", "p1077")
_SHOTS = (
    ("010", "010_0030"),
    ("ABC", "ABC_0120"),
    ("sq020", "sh0450"),
    ("ep103_010", "ep103_010_0020"),
    ("R1", "R1_0300A"),
    ("bunny_080", "bunny_080_0200"),
)
_ASSETS = ("dragon", "heroA", "prop_table_02", "chrOldMan", "env-forest", "Teapot7")


def login(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """Another artist meets it."""
    it.words["user"] = user = dice.choice(_LOGINS)
    it.words["email"] = f"{user}@{dice.choice(('acme.com', 'studio42.co.uk', 'vfx.example.org'))}"


def site(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """Another studio, or its test site, meets it."""
    it.words["site"] = dice.choice(_SITES)


def host(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """It happens on another workstation or on the farm."""
    it.words["host"] = dice.choice(_HOSTS)


def machine(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """The same software lies below another root: Linux, macOS, a Windows drive, a UNC share."""
    dice.choice((_linux, _macos, _windows_drive, _windows_share))(dice, it)


def bundle_version(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """The bundle is of another release, or came by another kind of descriptor."""
    version = f"v{dice.below(4)}.{dice.below(30)}.{dice.below(12)}"
    revision = dice.digits(7)
    it.bundle_pattern = dice.choice(
        (
            f"app_store/{{name}}/{version}",
            f"git/{{name}}.git/{version}",
            f"gitbranch/{{name}}.git/{revision}",
            f"manual/{{name}}/{version}",
        )
    )
    it.words["release"] = version
    it.words["other_release"] = f"v0.{14 + dice.below(10)}.{dice.below(40)}"


def process(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """Another process of the same program: its pid, and the names Toolkit imports bundles under."""
    it.words["pid"] = str(300 + dice.below(99_699))
    it.words["tkimp"] = f"tkimp{dice.digits(32)}"


def clock(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """It happens at another time."""
    date = (2020 + dice.below(8), 1 + dice.below(12), 1 + dice.below(28))
    hour, minute, second, ms = (dice.below(below) for below in (24, 60, 60, 1000))
    it.words["date"] = "{}-{:02}-{:02}".format(*date)
    it.words["clock"] = f"{hour:02}:{minute:02}:{second:02}"
    it.words["time"] = f"{it.words['date']} {it.words['clock']},{ms:03}"
    day = "{}.{:02}.{:02}".format(*date)
    it.words["unreal_time"] = f"{day}-{hour:02}.{minute:02}.{second:02}:{ms:03}][{dice.below(1000):3}"
    it.has_time = dice.chance(70)


def work(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """The artist works on another project, shot or asset."""
    it.words["project"] = dice.choice(_PROJECTS)
    it.words["seq"], it.words["shot"] = dice.choice(_SHOTS)
    it.words["asset"] = dice.choice(_ASSETS)


def frame_numbers(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """Another frame, frame range or version of the scene is open."""
    first = dice.choice((1, 101, 1001, 990, 86400))
    it.words["frame"] = f"{first + dice.below(400):04}"
    it.words["frames"] = f"{first}-{first + 10 + dice.below(300)}"
    it.words["version"] = f"v{1 + dice.below(240):03}"


def numbers(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """Ids, counts, positions and line numbers in a message are others."""
    it.words["id"], it.words["other_id"] = str(2 + dice.below(249_998)), str(2 + dice.below(8_998))
    it.words["count"], it.words["total"] = str(2 + dice.below(38)), str(40 + dice.below(4_960))
    it.words["line"], it.words["column"] = str(1 + dice.below(2_999)), str(1 + dice.below(119))
    it.words["node"] = str(1 + dice.below(89))
    it.words["percent"] = str(2 + dice.below(98))


def addresses(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """Objects lie elsewhere in memory, and what gets a random name gets another one."""
    is_windows = dice.chance(50)
    for name in ("address", "other_address"):
        digits = dice.digits(10)
        it.words[name] = f"0x000001{digits.upper()}" if is_windows else f"0x7f{digits}"
    value = dice.digits(32)
    it.words["hex"] = value
    it.words["uuid"] = f"{value[:8]}-{value[8:12]}-4{value[13:16]}-a{value[17:20]}-{value[20:]}"
    it.words["offset"] = f"0x1{dice.digits(5)}"


def network(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """The other end has another address or port."""
    it.words["ip"] = f"10.{dice.below(256)}.{dice.below(256)}.{1 + dice.below(254)}"
    it.words["port"] = str(1025 + dice.below(64_510))


def durations(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """It took longer, or there was more of it."""
    it.words["seconds"] = f"{2 + dice.below(898)}.{dice.below(100)}"
    it.words["duration"] = dice.choice((f"{it.words['seconds']}s", f"{2 + dice.below(998)}ms"))
    amount = f"{1 + dice.below(899)}.{dice.below(10)}"
    it.words["size"] = f"{amount} {dice.choice(('KB', 'MB', 'GB'))}"
    it.words["bytes"] = str(10_000 + dice.below(2_000_000_000))


def line_drift(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """Somebody has edited other parts of the file; a recursion came to a stop earlier."""
    it.drift = dice
    it.recursion_depth = 4 + dice.below(36)


def source_lines(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """The lines of code are not shown, or a formatter has broken them over several lines."""
    it.sources = dice.choice((Sources.SHOWN, Sources.SHOWN, Sources.OWN_ONLY, Sources.NONE))
    it.is_reformatted = dice.chance(30)


def python_version(dice: Dice, problem: Problem, it: Occasion) -> None:
    """The host has another Python, which prints the same exception in its own way."""
    it.python = dice.choice(pythons(problem))
    it.has_unicode_prefix = dice.chance(50)


def newlines(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """The log was written on Windows."""
    it.newline = "\r\n" if dice.chance(30) else "\n"


def quotes(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """Somebody pasted it into a mail or a chat, which made its quotes typographic."""
    it.has_smart_quotes = dice.chance(12)


def indentation(dice: Dice, _problem: Problem, it: Occasion) -> None:
    """It went through something that removes white space at the start of lines."""
    it.has_indentation = not dice.chance(15)


REWRITES: tuple[Rewrite, ...] = (
    login,
    site,
    host,
    machine,
    bundle_version,
    process,
    clock,
    work,
    frame_numbers,
    numbers,
    addresses,
    network,
    durations,
    line_drift,
    source_lines,
    python_version,
    newlines,
    quotes,
    indentation,
)


def rewrite(problem: Problem, number: int, changes: Optional[Mapping[str, int]] = None) -> str:
    """The text of a problem after all rewrites of this number; ``changes`` has others for single ones."""
    occasion = Occasion()
    for one in REWRITES:
        draw = (changes or {}).get(one.__name__, number)
        # A text as seed goes through SHA-512: the same dice in every process and on every Python.
        one(Dice(f"{problem.name}/{one.__name__}/{draw}"), problem, occasion)
    return record_text(problem, occasion)


def blame(problem: Problem, number: int, other: int, key: Callable[[str], Hashable]) -> Sequence[str]:
    """The names of the rewrites that, each alone, take a text from its key."""
    own = key(rewrite(problem, number))
    names = [one.__name__ for one in REWRITES]
    return [name for name in names if key(rewrite(problem, number, {name: other})) != own]


def pythons(problem: Problem) -> tuple[Python, ...]:
    """The Pythons in which this can happen."""
    if problem.raised is None:
        return (Python.V39,)
    if any(one.members for one in problem.raised.chain):
        return (Python.V311, Python.V313)
    modern = (Python.V39, Python.V311, Python.V313)
    is_old = not (problem.raised.is_python3 or problem.raised.after or problem.raised.recursion)
    return (Python.V2, *modern) if is_old else modern


def _linux(dice: Dice, it: Occasion) -> None:
    mount = dice.choice(("/mnt/projects", "/jobs", "/net/fs01/show"))
    _lay_out(
        it,
        project=f"{mount}/{{project}}",
        bundle=dice.choice(("/home/{user}/.shotgun/bundle_cache", "/opt/sg tk/bundle_cache")),
        core=dice.choice(
            ("/opt/sgtk/studio/install/core/python", "/jobs/{project}/pipeline/install/core/python")
        ),
        config=dice.choice(
            ("/opt/sgtk/configs/{project}/config", "/home/{user}/.shotgun/{project}/p1.basic/cfg/config")
        ),
        python=dice.choice(("/usr/lib/python3.9", "/opt/Shotgun/Python3/lib/python3.11")),
        packages=dice.choice(
            ("/usr/autodesk/maya2024/lib/python3.10/site-packages", "/opt/pipe/site-packages")
        ),
        studio=dice.choice(("/studio/tools/python", "/mnt/pipeline/release/python")),
        home="/home/{user}",
        temp=dice.choice(("/tmp", "/var/tmp/{user}")),
    )


def _macos(dice: Dice, it: Occasion) -> None:
    _lay_out(
        it,
        project="/Volumes/projects/{project}",
        bundle="/Users/{user}/Library/Caches/Shotgun/bundle_cache",
        core="/Users/{user}/Library/Caches/Shotgun/acme/p77c12.basic.desktop/cfg/install/core/python",
        config="/Users/{user}/Library/Caches/Shotgun/acme/p77c12.basic.desktop/cfg/config",
        python="/Applications/Shotgun.app/Contents/Resources/Python3/lib/python3.9",
        packages="/Applications/Autodesk/maya2025/Maya.app/Contents/Frameworks/site-packages",
        studio="/Volumes/pipeline/release/python",
        home="/Users/{user}",
        temp=f"/var/folders/{dice.digits(2)}/k3x_{dice.digits(10)}/T",
    )


def _windows_drive(dice: Dice, it: Occasion) -> None:
    drive, roaming = dice.choice("PSXZ"), "C:\\Users\\{user}\\AppData\\Roaming\\Shotgun"
    _lay_out(
        it,
        separator=dice.choice("\\\\/"),
        project=f"{drive}:\\{{project}}",
        bundle=roaming + "\\bundle_cache",
        core=roaming + "\\acme\\p77c12.basic.desktop\\cfg\\install\\core\\python",
        config=roaming + "\\acme\\p77c12.basic.desktop\\cfg\\config",
        python="C:\\Program Files\\Shotgun\\Python3\\lib",
        packages="C:\\Program Files\\Autodesk\\Maya2024\\Python\\Lib\\site-packages",
        studio=f"{drive}:\\pipeline\\release\\python",
        home="C:\\Users\\{user}",
        temp="C:\\Users\\{user}\\AppData\\Local\\Temp",
    )


def _windows_share(dice: Dice, it: Occasion) -> None:
    server = dice.choice(("fs01", "isilon.studio.local", "10.0.4.2"))
    _lay_out(
        it,
        separator="\\",
        project=f"\\\\{server}\\projects\\{{project}}",
        bundle=f"\\\\{server}\\pipeline\\bundle_cache",
        core=f"\\\\{server}\\pipeline\\studio\\install\\core\\python",
        config=f"\\\\{server}\\pipeline\\configs\\{{project}}\\config",
        python="C:\\Program Files\\Shotgun\\Python3\\lib",
        packages=f"\\\\{server}\\pipeline\\site-packages",
        studio=f"\\\\{server}\\pipeline\\release\\python",
        home=f"\\\\{server}\\home\\{{user}}",
        temp="D:\\Temp\\{user}",
    )


def _lay_out(it: Occasion, *, separator: str = "/", **roots: str) -> None:
    it.separator = separator
    # Maya and Nuke show Windows paths with slashes.
    it.roots = {name: root.replace("\\", "/") for name, root in roots.items()} if separator == "/" else roots
