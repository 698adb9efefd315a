"""The core system's files: good lines are kept, bad ones explained, a stopped import goes on."""

import csv
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from branch_desk.models.account import Account, Holder
from branch_desk.models.audit import AuditEvent
from branch_desk.models.errors import ColumnsMissing, UnreadableFile
from branch_desk.models.event import Event
from branch_desk.models.install import ImportMark
from branch_desk.models.member import Member, MemberName
from branch_desk.operations.books import imports
from branch_desk.operations.books.import_rows import COLUMNS, BookKind
from branch_desk.operations.books.imports import ImportResult, Progress, import_file
from branch_desk.operations.books.search import find
from tests.builders import World

ANA = {
    "member_number": "000123", "kind": "PERSONA", "document_type": "CI",
    "document_number": "4567891", "complement": "1b", "issued_in": "SC",
    "document_expiry": "2030-05-01", "first_names": "Ana María", "first_surname": "Méndez",
    "second_surname": "Ríos", "married_surname": "", "birth_date": "1985-03-14",
    "company_name": "", "trade_registry": "", "email": "Ana@Example.com", "mobile": "70012345",
    "address": "Calle Sucre; 45", "branch": "cen",
}  # fmt: skip
TAJIBO = ANA | {
    "member_number": "000900", "kind": "EMPRESA", "document_type": "NIT",
    "document_number": "1023456021", "complement": "", "issued_in": "", "document_expiry": "",
    "first_names": "", "first_surname": "", "second_surname": "", "birth_date": "",
    "company_name": "Aserradero «El Tajibo» & Hijos S.R.L.", "email": "", "mobile": "", "address": "",
}  # fmt: skip
SAVINGS = {
    "account_number": "0010002000", "kind": "CA", "currency": "BOB", "handling": "INDIVIDUAL",
    "status": "ACTIVE", "opened_on": "2020-01-02", "balance": "1234.50",
}  # fmt: skip


def person(n: int, **changes: str) -> dict[str, str]:
    return ANA | {"member_number": f"{n:06}", "document_number": f"{1_000_000 + n}"} | changes


def write(
    path: Path, rows: list[dict[str, str]], *, delimiter: str = ";", bom: bool = False
) -> Path:
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def members_in(world: World) -> dict[str, Member]:
    return world.house.work(
        lambda work: {each.number: each for each in work.session.scalars(select(Member))}
    )


def rejects(result: ImportResult) -> list[tuple[int, str, str]]:
    if result.rejected_path is None:
        return []
    with result.rejected_path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert rows[0] == ["línea", "columna", "motivo", "fila"]
    return [(int(row[0]), row[1], row[2]) for row in rows[1:]]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH", 3)


@pytest.mark.parametrize(
    ("delimiter", "bom"), [(";", False), (",", True), (",", False), (";", True)]
)
def test_members_are_taken_as_they_are_kept(
    world: World, tmp_path: Path, delimiter: str, bom: bool
) -> None:
    path = write(tmp_path / "members.csv", [ANA, TAJIBO], delimiter=delimiter, bom=bom)
    result = import_file(world.house, BookKind.MEMBERS, path)
    assert (result.lines, result.accepted, result.unchanged, result.rejected) == (2, 2, 0, 0)
    assert result.rejected_path is None
    assert result.unknown_columns == ()
    found = members_in(world)
    ana, tajibo = found["000123"], found["000900"]
    assert (ana.person, ana.document, ana.name) == (
        "CI:4567891-1B", "4567891-1B SC", "Ana María Méndez Ríos",
    )  # fmt: skip
    assert (ana.email, ana.address) == ("ana@example.com", "Calle Sucre; 45")
    assert str(ana.birth_date) == "1985-03-14"
    assert ana.branch_id == world.branch_id
    assert (tajibo.name, tajibo.birth_date, tajibo.issued_in) == (
        "Aserradero «El Tajibo» & Hijos S.R.L.", None, None,
    )  # fmt: skip


def test_imported_members_are_found_at_once(world: World, tmp_path: Path) -> None:
    desk = world.desk()
    import_file(world.house, BookKind.MEMBERS, write(tmp_path / "m.csv", [ANA, TAJIBO]))
    assert [hit.label for hit in desk(find, "mendez rios a")] == ["000123"]
    assert [hit.label for hit in desk(find, "tajibo")] == ["000900"]
    assert [hit.label for hit in desk(find, "4567891-1B")] == ["000123"]


def test_a_second_run_changes_nothing_and_says_so(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "members.csv", [ANA, TAJIBO, person(5, mobile="123")])
    import_file(world.house, BookKind.MEMBERS, path)

    def everything() -> list[Any]:
        return world.house.work(
            lambda work: [
                [
                    tuple(row)
                    for row in work.session.execute(
                        select(t.__table__).order_by(*t.__table__.primary_key)
                    )
                ]
                for t in (Member, MemberName)
            ]
        )

    before = everything()
    again = import_file(world.house, BookKind.MEMBERS, path)
    assert (again.accepted, again.unchanged, again.rejected, again.resumed_after) == (0, 2, 1, 0)
    assert everything() == before


def test_what_changed_is_changed_and_a_new_name_is_found(world: World, tmp_path: Path) -> None:
    desk = world.desk()
    import_file(world.house, BookKind.MEMBERS, write(tmp_path / "a.csv", [ANA, person(1)]))
    before = members_in(world)["000123"].id
    changed = ANA | {"married_surname": "Vaca", "mobile": "60012345"}
    result = import_file(
        world.house, BookKind.MEMBERS, write(tmp_path / "b.csv", [changed, person(1)])
    )
    assert (result.accepted, result.unchanged) == (1, 1)
    ana = members_in(world)["000123"]
    assert (ana.id, ana.mobile) == (before, "60012345")
    assert [hit.label for hit in desk(find, "ana maria mendez rios de vaca")] == ["000123"]
    assert [hit.label for hit in desk(find, "vaca")] == ["000123"]
    names = world.house.work(
        lambda work: work.session.scalar(select(func.count()).select_from(MemberName))
    )
    assert names == 6 + 4


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"member_number": ""}, "member_number", "falta"),
        ({"member_number": "12A"}, "member_number", "lleva solo dígitos"),
        ({"kind": "PERSON"}, "kind", "no es uno de los valores admitidos"),
        ({"kind": ""}, "kind", "falta"),
        ({"kind": "EMPRESA"}, "document_type", "no corresponde a esta clase de persona o documento"),
        ({"document_type": "DNI"}, "document_type", "no es uno de los valores admitidos"),
        ({"document_number": "12"}, "document_number", "la cédula tiene de 4 a 8 dígitos; el complemento va aparte"),
        ({"complement": "123456"}, "complement", "es demasiado largo"),
        ({"issued_in": "XX"}, "issued_in", "no es uno de los valores admitidos"),
        ({"document_expiry": "01/05/2030"}, "document_expiry", "la fecha debe venir como 2026-11-23"),
        ({"document_expiry": "20300501"}, "document_expiry", "la fecha debe venir como 2026-11-23"),
        ({"document_expiry": "2030-02-30"}, "document_expiry", "la fecha debe venir como 2026-11-23"),
        ({"birth_date": "2027-01-01"}, "birth_date", "la fecha aún no llegó"),
        ({"first_names": ""}, "first_names", "falta"),
        ({"first_names": "An\u202ea"}, "first_names", "el carácter 3 no se ve"),
        ({"first_names": "An\x00a"}, "first_names", "el carácter 3 no se ve"),
        ({"first_names": "Ana <b>"}, "first_names", "el carácter 5 no corresponde en este dato"),
        ({"email": "ana@"}, "email", "el correo se escribe como nombre@correo.com"),
        ({"mobile": "no tiene"}, "mobile", "el celular tiene ocho dígitos y empieza con 6 o 7"),
        ({"address": "x" * 121}, "address", "es demasiado largo"),
        ({"branch": "XYZ"}, "branch", "esa agencia no existe"),
        ({"branch": ""}, "branch", "esa agencia no existe"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_explained_and_its_neighbours_are_kept(
    world: World, tmp_path: Path, changes: dict[str, str], column: str, reason: str
) -> None:
    path = write(tmp_path / "members.csv", [person(1), ANA | changes, person(2)])
    result = import_file(world.house, BookKind.MEMBERS, path)
    assert rejects(result) == [(3, column, reason)]
    assert sorted(members_in(world)) == ["000001", "000002"]
    assert result.rejected_path == tmp_path / "members.csv.rejected.csv"
    assert stat.S_IMODE(result.rejected_path.stat().st_mode) == 0o600


def test_broken_lines_cost_themselves_only(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "members.csv", [person(n) for n in range(1, 9)])
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace("Méndez".encode(), "Méndez".encode("latin-1"))
    lines[3] = lines[3].replace(b"PERSONA", b'"PERSONA')
    lines[4] = lines[4].replace(b"PERSONA;", b"PERSONA;;")
    lines[5] = lines[5].replace(b"Sucre", b"x" * 100_000)
    lines.insert(7, b"\r\n")
    lines.append(b'"=cmd|1";')
    path.write_bytes(b"".join(lines))
    result = import_file(world.house, BookKind.MEMBERS, path)
    assert rejects(result) == [
        (3, "", "la línea no está en UTF-8"),
        (4, "", "las comillas no se cierran"),
        (5, "", "la línea no tiene tantas columnas como el encabezado"),
        (6, "", "la línea es demasiado larga"),
        (11, "", "la línea no tiene tantas columnas como el encabezado"),
    ]
    assert sorted(members_in(world)) == ["000001", "000006", "000007", "000008"]
    assert (result.lines, result.accepted) == (9, 4)
    assert result.rejected_path
    text = result.rejected_path.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    assert len(text) < 20_000


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(world: World, tmp_path: Path) -> None:
    path = tmp_path / "holders.csv"
    path.write_text("role;account_number;member_number\n=HYPERLINK(0);1234;1\n", encoding="utf-8")
    result = import_file(world.house, BookKind.HOLDERS, path)
    assert result.rejected_path
    assert ";'=HYPERLINK" in result.rejected_path.read_text(encoding="utf-8-sig").replace('"', "")


def test_a_line_that_comes_twice_is_taken_once(
    world: World, tmp_path: Path, small_batches: None
) -> None:
    rows = [person(1), person(2), person(1, mobile="60000001"), person(3), person(1), person(2)]
    result = import_file(world.house, BookKind.MEMBERS, write(tmp_path / "m.csv", rows))
    again = "ya apareció en una línea anterior de este archivo"
    assert rejects(result) == [(n, "member_number", again) for n in (4, 6, 7)]
    assert members_in(world)["000001"].mobile == "70012345"


def test_a_document_belongs_to_one_member(
    world: World, tmp_path: Path, small_batches: None
) -> None:
    rows = [
        person(1),
        person(2, document_number="1000001"),  # of 1, in the same batch
        person(3),
        person(4, document_number="1000001"),  # of 1, a batch later
        person(5, document_number="1000001", complement="2C"),  # another person
    ]
    result = import_file(world.house, BookKind.MEMBERS, write(tmp_path / "m.csv", rows))
    taken = "el documento ya es de otro socio"
    assert rejects(result) == [(3, "document_number", taken), (5, "document_number", taken)]
    assert sorted(members_in(world)) == ["000001", "000003", "000005"]


def test_a_corrected_document_frees_the_old_one(world: World, tmp_path: Path) -> None:
    import_file(world.house, BookKind.MEMBERS, write(tmp_path / "a.csv", [person(1)]))
    rows = [person(1, document_number="7777777"), person(2, document_number="1000001")]
    result = import_file(world.house, BookKind.MEMBERS, write(tmp_path / "b.csv", rows))
    assert (result.accepted, result.rejected) == (2, 0)


def test_unknown_columns_are_reported_and_missing_ones_refused(
    world: World, tmp_path: Path
) -> None:
    extra = {"ejecutivo": "JPG"} | ANA | {"Saldo": "1"}
    result = import_file(world.house, BookKind.MEMBERS, write(tmp_path / "m.csv", [extra]))
    assert (result.unknown_columns, result.accepted) == (("ejecutivo", "saldo"), 1)

    lacking = {name: value for name, value in ANA.items() if name not in ("mobile", "branch")}
    with pytest.raises(ColumnsMissing) as refused:
        import_file(world.house, BookKind.MEMBERS, write(tmp_path / "n.csv", [lacking]))
    assert refused.value.columns == ("mobile", "branch")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(ColumnsMissing):
        import_file(world.house, BookKind.MEMBERS, tmp_path / "empty.csv")
    (tmp_path / "wide.csv").write_text(";".join(ANA), encoding="utf-16")
    with pytest.raises(UnreadableFile):
        import_file(world.house, BookKind.MEMBERS, tmp_path / "wide.csv")


def test_columns_may_come_in_any_order_and_case(world: World, tmp_path: Path) -> None:
    turned = {name.upper(): value for name, value in reversed(ANA.items())}
    result = import_file(world.house, BookKind.MEMBERS, write(tmp_path / "m.csv", [turned]))
    assert result.accepted == 1


def test_accounts_and_holders_come_after_members(world: World, tmp_path: Path) -> None:
    import_file(world.house, BookKind.MEMBERS, write(tmp_path / "m.csv", [ANA, person(1)]))
    loan = SAVINGS | {
        "account_number": "0020003000",
        "kind": "PR",
        "balance": "-500.05",
        "currency": "USD",
    }
    accounts = [
        SAVINGS,
        loan,
        SAVINGS | {"account_number": "12"},
        SAVINGS | {"account_number": "0030", "balance": "1.234,50"},
        SAVINGS | {"account_number": "0031", "balance": "-1.00"},
        SAVINGS | {"account_number": "0032", "opened_on": ""},
        SAVINGS | {"account_number": "0033", "currency": "EUR"},
        SAVINGS | {"account_number": "0010-002000"},
    ]
    result = import_file(world.house, BookKind.ACCOUNTS, write(tmp_path / "a.csv", accounts))
    assert result.accepted == 2
    assert [(line, column) for line, column, _ in rejects(result)] == [
        (4, "account_number"), (5, "balance"), (6, "balance"), (7, "opened_on"), (8, "currency"),
        (9, "account_number"),
    ]  # fmt: skip
    stored = world.house.work(
        lambda work: {a.number: a.balance for a in work.session.scalars(select(Account))}
    )
    assert stored == {"0010002000": 123450, "0020003000": -50005}

    def holder(account: str, member: str, role: str = "TITULAR") -> dict[str, str]:
        return {"account_number": account, "member_number": member, "role": role}

    holders = [
        holder("0010002000", "000123"), holder("0010002000", "000001", "COTITULAR"),
        holder("9999", "000123"), holder("0010002000", "777"), holder("0020003000", "000123", "DUEÑO"),
        holder("0010002000", "000123", "COTITULAR"),
    ]  # fmt: skip
    result = import_file(world.house, BookKind.HOLDERS, write(tmp_path / "h.csv", holders))
    assert rejects(result) == [
        (4, "account_number", "esa cuenta no existe"),
        (5, "member_number", "ese socio no existe"),
        (6, "role", "no es uno de los valores admitidos"),
        (7, "account_number", "ya apareció en una línea anterior de este archivo"),
    ]
    changed = [
        holder("0010002000", "000123"), holder("0010002000", "000001", "APODERADO"),
        holder("0020003000", "000123"),
    ]  # fmt: skip
    result = import_file(world.house, BookKind.HOLDERS, write(tmp_path / "h2.csv", changed))
    assert (result.accepted, result.unchanged, result.rejected) == (2, 1, 0)
    roles = world.house.work(
        lambda work: sorted(str(r) for r in work.session.scalars(select(Holder.role)))
    )
    assert roles == ["APODERADO", "TITULAR", "TITULAR"]
    balances = [SAVINGS | {"balance": "0.00"}, loan]
    result = import_file(world.house, BookKind.ACCOUNTS, write(tmp_path / "a2.csv", balances))
    assert (result.accepted, result.unchanged) == (1, 1)


def test_rejected_lines_that_became_right_are_taken_the_next_time(
    world: World, tmp_path: Path
) -> None:
    holders = write(
        tmp_path / "h.csv",
        [{"account_number": "0010002000", "member_number": "000123", "role": "TITULAR"}],
    )
    first = import_file(world.house, BookKind.HOLDERS, holders)
    assert first.rejected == 1
    import_file(world.house, BookKind.MEMBERS, write(tmp_path / "m.csv", [ANA]))
    import_file(world.house, BookKind.ACCOUNTS, write(tmp_path / "a.csv", [SAVINGS]))
    second = import_file(world.house, BookKind.HOLDERS, holders)
    assert (second.accepted, second.rejected, second.rejected_path) == (1, 0, None)
    assert first.rejected_path
    assert not first.rejected_path.exists(), "the old report would say what is no longer so"


def test_progress_is_told_and_a_stopped_import_goes_on_where_it_was(
    world: World, tmp_path: Path, small_batches: None
) -> None:
    rows = [person(n, mobile="1" if n % 4 == 0 else "70012345") for n in range(1, 12)]
    rows.append(person(1))
    path = write(tmp_path / "m.csv", rows)
    told: list[Progress] = []
    first = import_file(
        world.house, BookKind.MEMBERS, path, progress=told.append, stop=lambda: len(told) == 2
    )
    assert (first.stopped, first.lines, first.accepted, first.rejected) == (True, 6, 5, 1)
    assert [each.lines for each in told] == [3, 6]
    assert told[-1].total_bytes == path.stat().st_size > told[-1].read_bytes
    assert not (tmp_path / "m.csv.rejected.csv").exists()

    told.clear()
    second = import_file(world.house, BookKind.MEMBERS, path, progress=told.append)
    assert [each.lines for each in told] == [9, 12]
    assert told[-1].read_bytes == told[-1].total_bytes
    assert (second.stopped, second.resumed_after) == (False, 6)
    assert (second.lines, second.accepted, second.unchanged, second.rejected) == (12, 9, 0, 3)
    assert [line for line, _, _ in rejects(second)] == [5, 9, 13]
    assert len(members_in(world)) == 9
    assert not list(tmp_path.glob("*.part"))


def test_a_lost_report_of_a_stopped_import_starts_it_afresh(
    world: World, tmp_path: Path, small_batches: None
) -> None:
    path = write(tmp_path / "m.csv", [person(n, mobile="1") for n in range(1, 7)])
    import_file(world.house, BookKind.MEMBERS, path, stop=lambda: True)
    (tmp_path / "m.csv.rejected.csv.part").unlink()
    result = import_file(world.house, BookKind.MEMBERS, path)
    assert (result.resumed_after, result.rejected) == (0, 6)
    assert [line for line, _, _ in rejects(result)] == [2, 3, 4, 5, 6, 7]


def test_an_import_is_recorded_with_its_counts(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", [ANA, person(1, mobile="1")])
    import_file(world.house, BookKind.MEMBERS, path)
    (text,) = world.house.work(
        lambda work: work.session.scalars(
            select(AuditEvent.text).where(AuditEvent.event == Event.IMPORTED)
        ).all()
    )
    assert '"accepted":1' in text
    assert '"rejected":1' in text
    assert '"file":"m.csv"' in text
    assert "4567891" not in text


_KILLED = """
import os, signal, sys
from pathlib import Path
from branch_desk.models.database import Database
from branch_desk.models.keys import Keys
from branch_desk.models.passwords import Hasher
from branch_desk.operations.books import imports
from branch_desk.operations.books.import_rows import BookKind
from branch_desk.operations.work import House
imports.BATCH = 50
house = House(Database(sys.argv[1]), Keys.ephemeral(), Hasher())
when = sys.argv[3]
if when == "before_commit":
    def write(self, rejected, write=imports.RejectsFile.write):
        write(self, rejected)
        if rejected and rejected[-1].line > 210:
            os.kill(os.getpid(), signal.SIGKILL)
    imports.RejectsFile.write = write
def progress(done):
    if when == "after_commit" and done.lines >= 200:
        os.kill(os.getpid(), signal.SIGKILL)
imports.import_file(house, BookKind.MEMBERS, Path(sys.argv[2]), progress=progress)
"""


@pytest.mark.parametrize("when", ["before_commit", "after_commit"])
def test_a_killed_import_goes_on_and_nothing_is_missing_or_doubled(
    world: World, tmp_path: Path, when: str
) -> None:
    rows = [person(n, mobile="1" if n % 10 == 0 else "70012345") for n in range(1, 401)]
    path = write(tmp_path / "m.csv", rows)
    url = world.house.database.url.render_as_string(hide_password=False)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, url, str(path), when],
        check=False, cwd=Path(__file__).parents[2], env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    mark = world.house.work(lambda work: work.session.scalars(select(ImportMark)).one())
    assert (mark.lines, mark.finished_at) == (200, None)

    result = import_file(world.house, BookKind.MEMBERS, path)
    assert result.resumed_after == 200
    assert (result.accepted, result.rejected, result.unchanged) == (360, 40, 0)
    assert [line for line, _, _ in rejects(result)] == [n + 1 for n in range(10, 401, 10)]
    assert len(members_in(world)) == 360


def test_every_reason_has_its_spanish() -> None:
    from branch_desk.models.validation import _DOCUMENTS, RULES
    from branch_desk.reports.import_words import REASONS

    assert {rule.reason for rule in (*RULES.values(), *_DOCUMENTS.values())} <= set(REASONS)
    assert set(COLUMNS) == set(BookKind)
