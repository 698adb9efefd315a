"""The tour: the whole job played through the real window, on a cooperative of invented people.

It proves at the end that what it showed is so: a user that is active, one access, a trail that is
intact, mails that went out. `--out` keeps papers, mails and pictures.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from branch_desk.settings import Settings

if TYPE_CHECKING:
    from branch_desk.tour.plot import Made

MEMBERS: Final = 120
PORTAL: Final = "https://banca.example.bo"
MAIL_FROM: Final = "cosmartnet@example.com"
OK, FAILED = 0, 1
"""Exit status: everything happened and is so; or not."""

_OURS: Final = {
    "papers": ("card-*.jpg", "formulario-*.pdf"),
    "mails": ("[0-9][0-9]-*.eml", "[0-9][0-9]-*.txt"),
    "screens": ("[0-9][0-9]-*-light.png", "[0-9][0-9]-*-dark.png"),
}
"""What a tour leaves in its folder; an older one's goes first."""

Tell = Callable[[str], object]


def main(settings: Settings, arguments: argparse.Namespace) -> int:
    """Play the tour on a database of its own in a folder that is gone afterwards."""
    if need_no_display(os.environ, sys.platform):
        _say("No hay pantalla: el recorrido se juega sin mostrarse.")
        _hush_screen()
    out: Path | None = arguments.out
    with tempfile.TemporaryDirectory(prefix="branch-desk-tour-") as folder:
        practice = Settings(
            data_dir=Path(folder),
            database_url=f"sqlite:///{Path(folder) / 'tour.sqlite'}",
            training=True,
            portal_url=PORTAL,
            mail_from=MAIL_FROM,
            printer_uri=settings.printer_uri,
            idle_minutes=settings.idle_minutes,
        )
        return play(practice, out.absolute() if out is not None else None, _say)


def need_no_display(environ: "os._Environ[str]", platform: str) -> bool:
    """Choose Qt's invisible screen where there is none; return whether it was chosen."""
    if platform != "linux" or environ.get("QT_QPA_PLATFORM"):
        return environ.get("QT_QPA_PLATFORM", "").startswith("offscreen")
    if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return False
    environ["QT_QPA_PLATFORM"] = "offscreen"
    return True


def _hush_screen() -> None:
    """Leave out what the invisible screen says of itself; all else goes to the terminal."""
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    def heard(_kind: QtMsgType, _where: QMessageLogContext, words: str) -> None:
        if not words.startswith("This plugin does not support"):
            sys.stderr.write(f"{words}\n")

    qInstallMessageHandler(heard)


def play(
    settings: Settings,
    out: Path | None,
    tell: Tell,
    *,
    pictures: bool = True,
    memory_kib: int = 0,
) -> int:
    """Play it on `settings.database_url`, empty so far; give the exit status.

    Keyword arguments: `pictures` of the screens, which take most of the time; `memory_kib` makes
    password hashes cheaper than real ones.
    """
    from branch_desk.tour.player import TourStopped

    began = time.perf_counter()
    try:
        with _window(settings, out, tell, memory_kib, pictures=pictures) as made:
            from branch_desk.tour import plot

            plot.play(made)
            proofs = plot.proofs(made)
    except TourStopped as stopped:
        tell(f"El recorrido se detuvo. {stopped}")
        return FAILED
    for words, holds in proofs:
        tell(f"{'✓' if holds else '✗'} {words}")
    good = all(holds for _, holds in proofs)
    spent = time.perf_counter() - began
    where = f" Papeles, correos y pantallas: {out}" if out is not None else ""
    end = "Recorrido completo" if good else "El recorrido terminó, pero algo no es como debe"
    tell(f"{end} en {spent:.0f} s.{where}")
    return OK if good else FAILED


@contextmanager
def _window(
    settings: Settings, out: Path | None, tell: Tell, memory_kib: int, *, pictures: bool
) -> "Iterator[Made]":
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from branch_desk.app import Machine, look_of, make_window, speak_spanish
    from branch_desk.background import Background
    from branch_desk.tour import plot
    from branch_desk.tour.player import Player
    from branch_desk.views.kit.idle import Clocks
    from branch_desk.views.kit.theme import Scheme, Theme

    settings.prepare_data_dir()
    folder = out or settings.data_dir / "out"
    for name, ours in _OURS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for pattern in ours:
            for old in (folder / name).glob(pattern):
                old.unlink()
    began = time.perf_counter()
    house, people, clock = plot.found(settings, MEMBERS, memory_kib)
    tell(_line("Cooperativa de práctica", round(1000 * (time.perf_counter() - began))))
    # The file dialogs of Qt are widgets like all others; those of the system are out of reach.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    translators = speak_spanish(app)
    look = look_of(settings)
    theme = Theme(app, look)
    theme.choose(Scheme.LIGHT)
    background = Background()
    window = make_window(
        Machine(settings, house),
        look,
        background,
        theme=theme,
        clocks=Clocks(time.monotonic, clock.wall),
    )
    player = Player(
        window,
        background,
        theme,
        screens=folder / "screens" if out is not None and pictures else None,
        tell=lambda title, spent: tell(_line(title, spent)),
    )
    hook, sys.excepthook = sys.excepthook, player.note_broken
    try:
        player.stand()
        window.start()
        yield plot.Made(player, house, people, clock, settings, folder)
    finally:
        sys.excepthook = hook
        window.close()
        window.deleteLater()
        player.breathe()
        background.close()
        house.database.close()
        del translators


def _line(title: str, milliseconds: int) -> str:
    return f"{milliseconds:>7} ms  {title}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
