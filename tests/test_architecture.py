"""What the import contracts cannot say: rules between the layers, and cleanliness of the source."""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtWidgets import QApplication, QLabel

import branch_desk
from branch_desk import operations
from branch_desk.operations.work import OPERATIONS, name_of

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "branch_desk"
VIEWS = sorted((PACKAGE / "views").rglob("*.py"))
SOURCES = sorted(PACKAGE.rglob("*.py"))
WRITTEN_BY_HAND = [path for path in SOURCES if "migrations" not in path.parts]

WRITTEN_BY_US = {".py", ".toml", ".md", ".txt", ".spec", ".qss", ".ts", ".html", ".j2", ".mako", ""}
NOT_OURS = {"build", "dist", "tour"}  # made here by ./desk


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _calls(path: Path, method: str) -> list[int]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
    ]


@pytest.mark.parametrize("path", VIEWS, ids=_name)
def test_a_screen_shows_plain_values_never_a_mapped_class(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        if not (node.module or "").startswith("branch_desk.models"):
            continue
        module = importlib.import_module(node.module or "")
        for alias in node.names:
            imported = getattr(module, alias.name)
            inside = vars(imported).values() if isinstance(imported, ModuleType) else [imported]
            assert not any(hasattr(each, "__mapper__") for each in inside), alias.name


def test_only_the_edge_of_an_operation_commits() -> None:
    edges = {PACKAGE / "operations" / "work.py", PACKAGE / "models" / "database.py"}
    found = {_name(path): _calls(path, "commit") for path in SOURCES if path not in edges}
    assert {name: lines for name, lines in found.items() if lines} == {}


def _operation_modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(operations.__path__, f"{operations.__name__}."):
        yield importlib.import_module(found.name)


def _is_operation(name: str, function: object, module: ModuleType) -> bool:
    """A public function whose first parameter is the work to be done in."""
    if not inspect.isfunction(function) or name.startswith("_"):
        return False
    parameters = list(inspect.signature(function).parameters)
    return function.__module__ == module.__name__ and parameters[:1] == ["work"]


def test_every_operation_says_who_may_call_it() -> None:
    forgotten = [
        f"{module.__name__}.{name}"
        for module in _operation_modules()
        for name, function in vars(module).items()
        if _is_operation(name, function, module) and name_of(function) not in OPERATIONS
    ]
    assert forgotten == []


def test_the_garbage_of_qt_calls_is_not_taken_from_none(qapp: QApplication) -> None:
    """PySide6 6.12 gives back one `None` too many at each void call, until Python 3.11 aborts."""
    label = QLabel()
    before = sys.getrefcount(None)
    for _ in range(1_000):
        label.setText("x")
    assert sys.getrefcount(None) > before - 500


def _our_files() -> list[Path]:
    """Everything written by hand: no dependency, nothing made, nothing a tool remembers."""
    inside = [
        top
        for top in sorted(ROOT.iterdir())
        if top.name not in NOT_OURS and (top.name[0] != "." or top.name in (".ci", ".gitignore"))
    ]
    files = [path for top in inside for path in (top.rglob("*") if top.is_dir() else [top])]
    return [path for path in files if path.suffix in WRITTEN_BY_US and path.is_file()]


def test_nothing_is_left_unfinished() -> None:
    # The class in each word keeps this file from finding itself.
    unfinished = re.compile(
        r"\b(TOD[O]|FIXM[E]|XX[X])\b|# noq[a]\s*$|# type: ignor[e]\s*$", re.MULTILINE
    )
    found = [_name(p) for p in _our_files() if unfinished.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_no_file_names_a_package_index_or_a_place_on_somebodys_machine() -> None:
    foreign = re.compile(
        r"(pyp[i]|pythonhoste[d]|npmj[s]|debia[n])[.]org|[\s\"'=:(](/hom[e]|/roo[t]|/wor[k])/\w"
    )
    found = [_name(p) for p in _our_files() if foreign.search(p.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("path", WRITTEN_BY_HAND, ids=_name)
def test_a_file_is_one_thing(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450


def test_the_project_says_which_version_it_is() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", branch_desk.__version__)
