"""«Exportar lo que se ve»: the list on the screen as a CSV file, with a record of it (R57, R80)."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from branch_desk.models.errors import NotSaved
from branch_desk.operations.house import lists
from branch_desk.operations.work import Desk
from branch_desk.views.kit.incoming import FileChoice
from branch_desk.views.kit.printing_panel import write_closed
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import PagedTable
from branch_desk.views.kit.theme import Meaning
from branch_desk.views.kit.view import View

translate = QCoreApplication.translate


def export_shown(view: View, station: Station) -> None:
    """Ask where, and write the list that is shown; the one with the cursor when there are two."""
    table = _table_of(view)
    count = table.rows.rowCount() if table is not None else 0
    if table is None or not count:
        view.say(Meaning.INFORMATION, translate("Export", "Aquí no hay una lista que exportar."))
        return
    title = table.accessibleName()
    path = FileChoice.ask_where(
        view,
        translate("Export", "Exportar lo que se ve"),
        f"{title} {station.today():%Y-%m-%d}.csv",
        translate("Export", "Hoja de datos (*.csv)"),
    )
    if path is None:
        return
    if not path.suffix:
        path = path.with_name(f"{path.name}.csv")
    view.perform(
        partial(_written, view, path.name, count),
        _write,
        station.desk,
        table.objectName(),
        count,
        path,
        table.csv(),
    )


def _table_of(view: View) -> "PagedTable[object] | None":
    shown = [each for each in view.findChildren(PagedTable) if each.isVisible()]
    focused = [each for each in shown if each is QApplication.focusWidget()]
    return next(iter(focused + shown), None)


def _write(desk: Desk, kind: str, count: int, path: Path, data: bytes) -> None:
    # The record first: a list may be recorded that was not written, never the other way round.
    desk(lists.note_export, kind, count)
    try:
        write_closed(path, data)
    except OSError:
        raise NotSaved from None


def _written(view: View, name: str, count: int, _: None) -> None:
    words = translate("Export", "{count} filas guardadas en {name}")
    if count == 1:
        words = translate("Export", "Una fila guardada en {name}")
    view.succeed(words.format(count=count, name=name))
