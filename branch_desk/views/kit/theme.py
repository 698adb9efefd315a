"""How the desk looks: light and dark from one list of colours, one family of letters.

Colours live in `resources/theme/colours.toml`, shapes in `resources/theme/branch_desk.qss`; here
they become a palette and a style sheet. Fusion is set on every system because `setColorScheme`
does nothing where there is no desktop environment, so the palette must carry dark mode by itself.
"""

import tomllib
from enum import StrEnum
from functools import cache
from string import Template
from typing import Final

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from branch_desk import resources

STYLE: Final = "Fusion"
BASE_POINTS: Final = 10
SMALLEST_POINTS: Final = 8
LARGEST_POINTS: Final = 20
GRID: Final = 8
ROW_HEIGHT: Final = 30


class Scheme(StrEnum):
    """Which of the two looks is wanted."""

    LIGHT = "light"
    DARK = "dark"
    SYSTEM = "system"


class Meaning(StrEnum):
    """What a colour, an icon and a word say together."""

    GOOD = "good"
    ATTENTION = "attention"
    STOP = "stop"
    INFORMATION = "information"
    NEUTRAL = "neutral"


@cache
def colours(scheme: Scheme) -> dict[str, str]:
    """Return the named colours of one look, as «#rrggbb»; SYSTEM is not a look by itself."""
    with resources.path("theme", "colours.toml").open("rb") as file:
        table: dict[str, dict[str, str]] = tomllib.load(file)
    return table[scheme]


@cache
def families() -> tuple[str, str]:
    """Load the bundled letters; return the family for text and the one for codes.

    Without bundled files the system's own faces serve.
    """
    found: list[str] = []
    for file in sorted(resources.path("fonts").glob("*.ttf")):
        number = QFontDatabase.addApplicationFont(str(file))
        found += QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    fixed = [family for family in found if "Mono" in family]
    plain = sorted((family for family in found if "Mono" not in family), key=len)
    system = QFontDatabase.SystemFont
    return (
        plain[0] if plain else QFontDatabase.systemFont(system.GeneralFont).family(),
        fixed[0] if fixed else QFontDatabase.systemFont(system.FixedFont).family(),
    )


class Theme(QObject):
    """The look of this machine: scheme and size of letters, kept between starts.

    `settings` is where scheme and size are kept (never a secret or a rule). Keyword arguments:
    `styled` says that the program was started with the style already.
    """

    changed = Signal()

    def __init__(self, app: QApplication, settings: QSettings, *, styled: bool = False) -> None:
        super().__init__(app)
        self._app = app
        self._settings = settings
        self.scheme = _scheme_of(settings.value("look/scheme"))
        self.points = _points_of(settings.value("look/points"))
        if not styled:
            app.setStyle(STYLE)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        app.setProperty("branch_desk_theme", self)
        self._apply()

    @property
    def look(self) -> Scheme:
        """LIGHT or DARK: what is shown now."""
        if self.scheme is not Scheme.SYSTEM:
            return self.scheme
        dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return Scheme.DARK if dark else Scheme.LIGHT

    def choose(self, scheme: Scheme) -> None:
        """Show this scheme from now on and keep the choice."""
        self.scheme = scheme
        self._settings.setValue("look/scheme", str(scheme))
        self._apply()

    def larger(self) -> None:
        """Make all letters one point larger (Ctrl +)."""
        self.resize(self.points + 1)

    def smaller(self) -> None:
        """Make all letters one point smaller (Ctrl −)."""
        self.resize(self.points - 1)

    def normal(self) -> None:
        """Give all letters the size they are made for (Ctrl 0)."""
        self.resize(BASE_POINTS)

    def resize(self, points: int) -> None:
        """Set the size of letters in points, within what the screens can bear."""
        self.points = max(SMALLEST_POINTS, min(LARGEST_POINTS, points))
        self._settings.setValue("look/points", self.points)
        self._apply()

    def _follow_system(self) -> None:
        if self.scheme is Scheme.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        font = QFont(families()[0])
        font.setPointSize(self.points)
        self._app.setFont(font)
        self._app.setPalette(palette(self.look))
        self._app.setStyleSheet(style_sheet(self.look, self.points))
        self.changed.emit()


def current() -> Theme | None:
    """Return the theme in use, if one was set."""
    app = QApplication.instance()
    theme = app.property("branch_desk_theme") if app else None
    return theme if isinstance(theme, Theme) else None


def colour(name: str) -> QColor:
    """Return a named colour of the look shown now, for what is painted by hand."""
    theme = current()
    return QColor(colours(theme.look if theme else Scheme.LIGHT)[name])


def fixed_font(points: float | None = None) -> QFont:
    """Return the monospaced face for codes and account numbers."""
    font = QFont(families()[1])
    font.setStyleHint(QFont.StyleHint.Monospace)
    theme = current()
    font.setPointSizeF(points or (theme.points if theme else BASE_POINTS))
    return font


def row_height() -> int:
    """Height of a table's row in pixels: 30 at the base size, growing with the letters."""
    theme = current()
    return round(ROW_HEIGHT * max(1.0, (theme.points if theme else BASE_POINTS) / BASE_POINTS))


def restyle(widget: QWidget, **properties: str) -> None:
    """Set dynamic properties that the style sheet asks about, and make them count at once."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def style_sheet(look: Scheme, points: int) -> str:
    """Return the style sheet of one look at one size of letters."""
    text = resources.path("theme", "branch_desk.qss").read_text(encoding="utf-8")
    sizes = {
        "pt_small": f"{points - 1}pt",
        "pt": f"{points}pt",
        "pt_large": f"{points + 2}pt",
        "pt_title": f"{points + 6}pt",
        "control": f"{round(18 * max(1.0, points / BASE_POINTS))}px",
        "mono": f'"{families()[1]}"',
        "icons": resources.path("theme").as_posix(),
        "look": str(look),
    }
    return Template(text).substitute(colours(look) | sizes)


def palette(look: Scheme) -> QPalette:
    """Return the palette of one look, every role set: Fusion draws frames from Mid and Dark."""
    named = {name: QColor(value) for name, value in colours(look).items()}
    role = QPalette.ColorRole
    roles = {
        role.Window: "window",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "alternate",
        role.ToolTipBase: "surface",
        role.ToolTipText: "text",
        role.PlaceholderText: "muted",
        role.Text: "text",
        role.Button: "surface",
        role.ButtonText: "text",
        role.BrightText: "stop",
        role.Light: "surface",
        role.Midlight: "border",
        role.Mid: "border",
        role.Dark: "frame",
        role.Shadow: "frame",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.Accent: "accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
    }
    result = QPalette()
    for each, name in roles.items():
        result.setColor(each, named[name])
    for each in (role.WindowText, role.Text, role.ButtonText, role.PlaceholderText):
        result.setColor(QPalette.ColorGroup.Disabled, each, named["disabled"])
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, named["border"])
    result.setColor(QPalette.ColorGroup.Disabled, role.HighlightedText, named["muted"])
    result.setColor(QPalette.ColorGroup.Disabled, role.Base, named["alternate"])
    return result


def _scheme_of(kept: object) -> Scheme:
    try:
        return Scheme(str(kept))
    except ValueError:
        return Scheme.SYSTEM


def _points_of(kept: object) -> int:
    try:
        points = int(str(kept))
    except ValueError:
        return BASE_POINTS
    return max(SMALLEST_POINTS, min(LARGEST_POINTS, points))
