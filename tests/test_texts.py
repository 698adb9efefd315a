"""What a person reads: texts that a catalogue can find, in the Spanish of Bolivia."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCREENS = sorted((ROOT / "branch_desk" / "views").rglob("*.py"))

# Slips of people who think in English or in code, and the tone the house does not use.
_FOREIGN = re.compile(
    r"\b(OK|Error|login|password|Click|click|token inválid|tú|vos|por favor|disculpe|lo sentimos)\b"
)


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Every call of tr() and translate(), with the argument that is the text."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name == "tr" and node.args:
            yield node, node.args[0]
        if name == "translate" and len(node.args) > 1:
            yield node, node.args[1]


def test_there_are_screens_to_look_at() -> None:
    assert len(SCREENS) > 10


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_text_to_translate_is_written_out(path: Path) -> None:
    """A text put together at run time is extracted in one form and asked for in another."""
    wrong = [
        f"{path.name}:{call.lineno}"
        for call, text in _calls(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr | ast.BinOp)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: str(path.relative_to(ROOT)))
def test_texts_are_spanish_and_neither_beg_nor_blame(path: Path) -> None:
    wrong = [
        f"{path.name}:{call.lineno}: {text.value!r}"
        for call, text in _calls(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.Constant) and _FOREIGN.search(str(text.value))
    ]
    assert wrong == []
