"""The release archive holds the app, its own copy of the package, and nothing else."""

import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def archive(bundle_script: ModuleType, wheel: Path, tmp_path: Path) -> Path:
    path = bundle_script.build(wheel, tmp_path)
    assert isinstance(path, Path)
    return path


def test_the_same_wheel_gives_the_same_bytes(
    bundle_script: ModuleType, wheel: Path, archive: Path, tmp_path: Path
) -> None:
    again = bundle_script.build(wheel, tmp_path / "again")
    assert again.name == archive.name
    assert again.read_bytes() == archive.read_bytes()


def test_one_root_folder_with_plain_files(archive: Path) -> None:
    """Toolkit strips one root folder, and a link does not survive a zip on Windows."""
    with zipfile.ZipFile(archive) as content:
        names = content.namelist()
        assert names == sorted(names)
        assert {name.split("/")[0] for name in names} == {"tk-incidentreporter"}
        assert content.read("tk-incidentreporter/info.yml") == (ROOT / "info.yml").read_bytes()
        top = {name.split("/")[1] for name in names}
    assert top == {"LICENSE", "app.py", "hooks", "icon_256.png", "info.yml", "vendor"}


def test_what_is_vendored_is_the_package_of_the_wheel(wheel: Path, archive: Path) -> None:
    with zipfile.ZipFile(wheel) as built, zipfile.ZipFile(archive) as content:
        package = {
            name: built.getinfo(name).CRC
            for name in built.namelist()
            if name.startswith("tk_incident/") and not name.startswith("tk_incident/sandbox/")
        }
        vendored = {
            entry.filename.split("/", 3)[3]: entry.CRC
            for entry in content.infolist()
            if "/vendor/" in entry.filename
        }
    assert vendored == package
    assert any(name.startswith("tk_incident/_core") and not name.endswith(".pyi") for name in vendored)


def test_the_app_looks_where_the_archive_has_it(
    archive: Path, app_module: ModuleType, tmp_path: Path
) -> None:
    with zipfile.ZipFile(archive) as content:
        content.extractall(tmp_path)
    folder = app_module.vendored_folder(tmp_path / "tk-incidentreporter")
    assert (folder / "tk_incident" / "__init__.py").is_file()


@pytest.mark.parametrize(
    ("tag", "folder"),
    [
        ("linux_x86_64", "linux-x86_64"),
        ("manylinux_2_17_x86_64.manylinux2014_x86_64", "linux-x86_64"),
        ("manylinux_2_17_aarch64", "linux-aarch64"),
        ("macosx_10_12_x86_64.macosx_11_0_arm64.macosx_10_12_universal2", "macos-universal2"),
        ("win_amd64", "windows-x86_64"),
    ],
)
def test_a_wheels_tag_names_the_folder(bundle_script: ModuleType, tag: str, folder: str) -> None:
    assert bundle_script.platform_folder(tag) == folder
