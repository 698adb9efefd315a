"""One list of colours, readable in every pair that is used; letters that grow."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, QSize
from PySide6.QtGui import QColor, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from branch_desk import resources
from branch_desk.views.kit import icons, theme
from branch_desk.views.kit.theme import Meaning, Scheme, Theme

LOOKS = [Scheme.LIGHT, Scheme.DARK]

TEXT_ON = [
    *[("text", ground) for ground in ("window", "surface", "alternate", "rail")],
    *[("muted", ground) for ground in ("window", "surface", "alternate", "rail")],
    ("on_accent", "accent"),
    ("on_accent", "accent_strong"),
    ("on_accent_soft", "accent_soft"),
    ("accent", "surface"),
    ("accent", "window"),
    *[
        (f"{meaning}", f"{meaning}_soft")
        for meaning in ("good", "attention", "stop", "information")
    ],
    *[
        (meaning, ground)
        for meaning in ("good", "attention", "stop", "information")
        for ground in ("surface", "window", "alternate")
    ],
    ("text", "stop_soft"),
]
EDGE_ON = [
    ("frame", "surface"),
    ("frame", "window"),
    ("accent", "window"),
    ("focus", "surface"),
    ("focus", "window"),
    ("focus", "accent"),
    ("focus", "rail"),
]


def light(colour: str) -> float:
    """Relative luminance as WCAG 2.2 has it."""
    c = QColor(colour)
    parts = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        for v in (c.redF(), c.greenF(), c.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
def test_text_can_be_read_on_its_ground(look: Scheme, ink: str, ground: str) -> None:
    named = theme.colours(look)
    assert contrast(named[ink], named[ground]) >= 4.5


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("edge", "ground"), EDGE_ON)
def test_frames_and_the_focus_can_be_seen(look: Scheme, edge: str, ground: str) -> None:
    named = theme.colours(look)
    assert contrast(named[edge], named[ground]) >= 3.0


def test_both_looks_name_the_same_colours() -> None:
    assert theme.colours(Scheme.LIGHT).keys() == theme.colours(Scheme.DARK).keys()


@pytest.mark.parametrize("look", LOOKS)
def test_the_palette_leaves_no_role_to_chance(look: Scheme) -> None:
    named = {QColor(value).name() for value in theme.colours(look).values()}
    palette = theme.palette(look)
    for role in QPalette.ColorRole:
        if role not in (QPalette.ColorRole.NoRole, QPalette.ColorRole.NColorRoles):
            assert palette.color(role).name() in named, role


def test_the_bundled_letters_are_used(qapp: QApplication) -> None:
    text, fixed = theme.families()
    assert (text, fixed) == ("IBM Plex Sans", "IBM Plex Mono")
    assert QFontDatabase.isFixedPitch(fixed)


def test_scheme_and_size_are_kept_between_starts(
    themed: Theme, settings: QSettings, qapp: QApplication
) -> None:
    themed.choose(Scheme.DARK)
    themed.larger()
    again = Theme(qapp, settings)
    assert again.scheme is Scheme.DARK
    assert again.points == theme.BASE_POINTS + 1
    assert qapp.font().pointSize() == theme.BASE_POINTS + 1
    assert qapp.palette().window().color() == QColor(theme.colours(Scheme.DARK)["window"])


def test_letters_neither_vanish_nor_burst(themed: Theme) -> None:
    themed.resize(1)
    assert themed.points == theme.SMALLEST_POINTS
    themed.resize(99)
    assert themed.points == theme.LARGEST_POINTS
    assert theme.row_height() == 60
    themed.resize(theme.BASE_POINTS)
    assert theme.row_height() == 30


def test_a_broken_setting_falls_back(qapp: QApplication, tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "other.ini"), QSettings.Format.IniFormat)
    settings.setValue("look/scheme", "purple")
    settings.setValue("look/points", "big")
    made = Theme(qapp, settings)
    assert made.scheme is Scheme.SYSTEM
    assert made.points == theme.BASE_POINTS


def test_an_icon_follows_a_change_of_look(themed: Theme) -> None:
    drawn = icons.icon("lock", "accent")
    seen = []
    for look in LOOKS:
        themed.choose(look)
        image = drawn.pixmap(QSize(32, 32)).toImage()
        seen.append(
            {
                image.pixelColor(x, y).name()
                for x in range(32)
                for y in range(32)
                if image.pixelColor(x, y).alpha() == 255
            }
        )
    assert theme.colours(Scheme.LIGHT)["accent"] in seen[0]
    assert theme.colours(Scheme.DARK)["accent"] in seen[1]


def test_every_meaning_has_its_icon_and_a_wrong_name_fails_at_once() -> None:
    for meaning in Meaning:
        assert resources.path("icons", f"{icons.MEANING_ICON[meaning]}.svg").is_file()
    with pytest.raises(FileNotFoundError):
        icons.icon("no-such-icon")


def test_no_file_of_the_views_names_a_colour_itself() -> None:
    import re

    folder = Path(theme.__file__).parent
    found: list[Any] = [
        (file.name, line)
        for file in folder.glob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r'"#[0-9a-fA-F]{6}"', line)
    ]
    assert found == []
