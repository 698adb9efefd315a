"""What the documents say is so: links lead somewhere, commands and tests exist, names are the code's."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SECURITY = ROOT / "docs" / "security.md"
DECISIONS = ROOT / "docs" / "decisions"

MUSTS = [
    *(1, 2, 3, 5, 6, 7, *range(10, 21), *range(22, 43), *range(44, 50), *range(51, 59)),
    *(*range(60, 64), *range(65, 69), 75, 77, 78, 79, 80, 81, *range(83, 92)),
]
"""The requirements this version covers, each a line of the tables."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"^(?:(?:py |\./)(desk)|(branch-desk))( .*)?$")
_GROUPS = (
    "db",
    "audit",
    "backup",
    "restore",
    "import",
    "jobs",
    "demo",
    "keys",
    "calendar",
    "receipt",
    "interbank",
)
_OPTION_WITH_VALUE = {"--database", "--config"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _anchors(path: Path) -> set[str]:
    """The fragments of a document's headings, as its readers' sites make them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", _text(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCE.sub("", _text(path))):
        place, _, fragment = link.partition("#")
        if place.startswith("https://"):
            continue
        target = (path.parent / place).resolve() if place else path
        if not target.exists() or (fragment and fragment not in _anchors(target)):
            broken.append(link)
    assert broken == []


def _said_commands(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each command a document names: which program, and its words up to the first option."""
    fences = [body for kind, body in _FENCE.findall(_text(path)) if kind == "sh"]
    lines = [line for body in fences for line in body.splitlines()]
    for code in [*lines, *_CODE.findall(_FENCE.sub("", _text(path)))]:
        said = code.split("#")[0].strip()
        if " " in said and said.split()[0] in _GROUPS:
            said = f"branch-desk {said}"
        found = _COMMAND.match(said)
        if found is None:
            continue
        program, words = found[1] or found[2], (found[3] or "").split()
        if program == "desk" and words[:1] == ["run"]:
            program, words = "branch-desk", words[1:]
        kept: list[str] = []
        while words and re.fullmatch(r"--[a-z-]+|[a-z-]+", words[0]):
            word, *words = words
            if word in _OPTION_WITH_VALUE:
                words = words[1:]
            else:
                kept.append(word)
        yield program, kept


@cache
def _help(*words: str) -> str:
    """What the program says of a command; empty when there is none of that name."""
    done = subprocess.run(
        [sys.executable, "-m", "branch_desk", *words, "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout if done.returncode == 0 else ""


def _is_known(program: str, words: list[str]) -> bool:
    commands = [word for word in words if not word.startswith("-")]
    if program == "desk":
        listed = re.findall(r"^    \./desk (\w+)", _text(ROOT / "desk"), re.MULTILINE)
        return not commands or commands[0] in listed
    said = _help(*commands)
    return said != "" and all(word in said for word in words if word.startswith("-"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_every_command_that_is_named_exists(path: Path) -> None:
    said = {(program, tuple(words)) for program, words in _said_commands(path)}
    unknown = [(program, *words) for program, words in said if not _is_known(program, list(words))]
    assert unknown == []


def test_an_invented_command_would_be_found() -> None:
    assert not _is_known("branch-desk", ["db", "fly"])
    assert not _is_known("branch-desk", ["fly"])
    assert not _is_known("branch-desk", ["audit", "verify", "--quietly"])
    assert not _is_known("desk", ["fly"])
    assert _is_known("branch-desk", ["import", "members"])
    assert _is_known("branch-desk", ["db", "roles", "--create"])


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    for line in _text(path).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and len(cells) == columns and not set(line) <= set("|- "):
            yield cells


def test_every_must_has_its_line() -> None:
    numbers = [int(cells[0][1:]) for cells in _rows(SECURITY, 4) if re.fullmatch(r"R\d+", cells[0])]
    assert sorted(numbers) == MUSTS


def test_every_test_that_is_named_exists() -> None:
    named = [
        (path, said)
        for path in DOCUMENTS
        for said in _CODE.findall(_text(path))
        if re.fullmatch(r"[\w/]+\.py::\w+", said)
    ]
    assert len(named) > 100
    missing = []
    for path, said in named:
        file, name = said.removeprefix("tests/").split("::")
        source = ROOT / "tests" / file
        if not source.exists() or f"def {name}(" not in _text(source):
            missing.append(f"{_name(path)}: {said}")
    assert missing == []


def test_every_must_names_a_test() -> None:
    without = [
        cells[0]
        for cells in _rows(SECURITY, 4)
        if re.fullmatch(r"R\d+", cells[0]) and "::" not in cells[3]
    ]
    assert without == ["R81"]  # nothing to try: no path is made of what people typed


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_every_file_of_the_project_that_is_named_exists(path: Path) -> None:
    missing = []
    for said in _CODE.findall(_FENCE.sub("", _text(path))):
        if not re.fullmatch(r"[\w.-]+\.(py|spec)|[\w.-]+(/[\w.-]+)*/([\w-]+\.\w+)?", said):
            continue
        places = (ROOT, ROOT / "branch_desk", ROOT / "tests", path.parent)
        if not any((place / said).exists() for place in places):
            missing.append(said)
    assert missing == []


def test_every_name_of_the_glossary_is_the_codes() -> None:
    source = "\n".join(_text(path) for path in (ROOT / "branch_desk").rglob("*.py"))
    words = set(re.findall(r"\w+", source))
    names = [
        part
        for cells in _rows(ROOT / "docs" / "glossary.md", 3)
        for name in _CODE.findall(cells[1])
        for part in name.split(".")
    ]
    assert len(names) > 70
    assert [name for name in names if name not in words] == []


def test_every_decision_is_listed_and_has_its_parts() -> None:
    records = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
    listed = set(_LINK.findall(_text(DECISIONS / "README.md")))
    assert listed == {path.name for path in records}
    parts = ["Context", "Decision", "Consequences", "Alternatives", "References"]
    for path in records:
        assert re.findall(r"^## (.+)$", _text(path), re.MULTILINE) == parts, path.name


def test_every_setting_is_explained() -> None:
    source = _text(ROOT / "branch_desk" / "settings.py")
    keys = re.findall(r'(?:take|_address)\((?:table, )?"(\w+)"', source)
    variables = re.findall(r"BRANCH_DESK_\w+", source)
    assert {"database", "printer", "mail", "BRANCH_DESK_DATA"} <= {*keys, *variables}
    said = _text(ROOT / "docs" / "administration.md")
    assert [key for key in (*keys, *variables) if not re.search(rf"\b{key}\b", said)] == []


def test_the_changes_name_the_version_or_what_comes() -> None:
    import branch_desk

    said = _text(ROOT / "CHANGELOG.md")
    assert "## Unreleased" in said or f"## {branch_desk.__version__}" in said
