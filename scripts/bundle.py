"""Assemble the release archive of the Toolkit app: the app's folder with its own copy of ``tk_incident``.

``manual`` and ``shotgun`` descriptors take such an archive, and need no pip on the artist's machine. The same
wheel gives the same bytes, so that a release can be compared with what somebody else builds from its sources.
"""

import argparse
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APP = "tk-incidentreporter"
PACKAGE = "tk_incident/"
# A web server has no place in a host; the command line says so where somebody asks for it.
LEFT_OUT = "tk_incident/sandbox/"
# An archive's oldest time. The time of a checkout says nothing, and two builds would differ by it.
TIMESTAMP = (1980, 1, 1, 0, 0, 0)


def platform_folder(tag: str) -> str:
    """Return the name that app.py looks for under ``vendor/``, given a wheel's platform tag."""
    if tag == "win_amd64":
        return "windows-x86_64"
    if re.fullmatch(r"macosx_.*_universal2", tag):
        return "macos-universal2"
    linux = re.fullmatch(r"(?:many)?linux\w*?_(x86_64|aarch64)(?:\.\S+)?", tag)
    if linux:
        return f"linux-{linux[1]}"
    raise SystemExit(f"bundle: no vendor folder is named for the platform {tag}")


def app_files() -> Iterator[tuple[str, bytes]]:
    """Yield what is the same on every platform; a link (info.yml) as the file that it points to."""
    folder = ROOT / APP
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix(), path.read_bytes()
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()


def package_files(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the package out of the wheel, but for what cannot run in a host."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(PACKAGE) and not name.startswith(LEFT_OUT) and not name.endswith("/"):
                yield name, archive.read(name)


def build(wheel: Path, folder: Path) -> Path:
    """Write the archive for the wheel's platform into ``folder`` and return its path."""
    _, version, _, _, tag = wheel.stem.split("-")
    platform = platform_folder(tag)
    files = dict(app_files())
    files.update((f"vendor/{platform}/{name}", data) for name, data in package_files(wheel))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{APP}-{version}-{platform}.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{APP}/{name}", TIMESTAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    return target


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Assemble the release archive of the Toolkit app.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="DIR")
    arguments = parser.parse_args()
    print(build(arguments.wheel, arguments.output))
    return 0


if __name__ == "__main__":
    sys.exit(main())
