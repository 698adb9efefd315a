"""The files of a batch: neutral CSV, ISO 20022, totals that tie; whole or not at all, whatever is killed."""

import csv
import hashlib
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text
from xsdata.formats.dataclass.parsers import XmlParser

from branch_desk.models.audit import AuditEvent
from branch_desk.models.errors import TotalsDiffer
from branch_desk.models.money import Currency
from branch_desk.models.operation import OperationStatus
from branch_desk.operations.exchange import batch_xml
from branch_desk.operations.exchange.batch_files import WrittenBatch, write_batches
from branch_desk.operations.exchange.batch_rows import COLUMNS
from branch_desk.operations.exchange.batches import close_due
from branch_desk.operations.house import jobs
from tests.access_builders import a_representative, an_enrolment, approved
from tests.builders import World
from tests.money_builders import (
    Payer,
    a_beneficiary,
    a_payer,
    an_interbank_operation,
    batches,
    sent_by,
    status_of,
)

MONDAY = date(2026, 11, 23)
CUT_OFF = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
STEM = "interbank-2026-11-23-BOB"
NAMES = [f"{STEM}.csv", f"{STEM}.totals.csv", f"{STEM}.xml"]


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world)


def closed(world: World, payer: Payer, *amounts: int) -> list[UUID]:
    """Transfers in a batch that waits for its file."""
    made = [sent_by(world, payer, amount, MONDAY) for amount in amounts]
    world.clock.now = CUT_OFF
    close_due(world.house)
    return made


def written(world: World, folder: Path) -> WrittenBatch:
    (batch,) = write_batches(world.house, folder)
    return batch


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";", strict=True))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_batch_becomes_files_closed_to_others_and_its_transfers_are_sent(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    made = closed(world, payer, 10_050, 5)
    folder = tmp_path / "interbank"
    batch = written(world, folder)
    assert sorted(each.name for each in folder.iterdir()) == NAMES
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {status_of(world, each) for each in made} == {OperationStatus.SENT}
    (kept,) = batches(world)
    assert kept.written_at == CUT_OFF
    assert batch.xml is not None
    assert (kept.csv_sha256, kept.xml_sha256) == (sha256(batch.csv), sha256(batch.xml))
    assert write_batches(world.house, folder) == ()


def test_the_neutral_file_says_what_another_bank_needs(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    first, second = closed(world, payer, 10_050, 5)
    batch = written(world, tmp_path)
    data = batch.csv.read_bytes()
    assert data.startswith((";".join(COLUMNS) + "\r\n").encode())
    assert data.count(b"\r\n") == data.count(b"\n") == 3
    one, other = rows(batch.csv)
    assert one == {
        "operation_id": str(first),
        "value_date": "2026-11-23",
        "currency": "BOB",
        "amount": "100.50",
        "debit_account": "1000200030",
        "ordering_document_type": "CI",
        "ordering_document": "4567891-1B",
        "ordering_name": "Ana María Méndez Ríos",
        "bank_code": one["bank_code"],
        "account_kind": "CA",
        "account_number": "401000200030",
        "beneficiary_document": "3456789",
        "beneficiary_name": "Julio Vaca Roca",
        "concept": "alquiler de noviembre",
    }
    assert (other["operation_id"], other["amount"]) == (str(second), "0.05")


HOSTILE = [
    'con "comillas"; y punto y coma',
    "=2+5",
    "＝HYPERLINK",  # noqa: RUF001
    "100 % seguro",
    "\\.",
    "\\N",
    "ñandú çà 中文",
    " ' ",
    "%s %(x)s",
]


def test_hostile_texts_stay_in_their_cell_and_run_nothing(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    texts = {}
    for concept in HOSTILE:
        texts[str(sent_by(world, payer, 100, MONDAY, concept=concept))] = concept
    world.clock.now = CUT_OFF
    close_due(world.house)
    batch = written(world, tmp_path)
    said = {row["operation_id"]: row["concept"] for row in rows(batch.csv)}
    formulas = ("=", "＝")  # noqa: RUF001
    assert said == {
        key: f"'{concept}" if concept.startswith(formulas) else concept
        for key, concept in texts.items()
    }


def test_both_databases_write_the_same_bytes(
    sqlite_url: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itertools import count

    from tests import builders, money_builders

    found = []
    for name, url in (("lite", sqlite_url), ("server", postgres_url)):
        numbers = count(1)
        for module in (builders, money_builders):
            monkeypatch.setattr(module, "new_id", lambda numbers=numbers: UUID(int=next(numbers)))
        world = builders.a_world(url)
        try:
            payer = a_payer(world)
            for n, concept in enumerate(HOSTILE):
                sent_by(world, payer, 99 + n, MONDAY, concept=concept)
            closed(world, payer, 123_456)
            found.append(written(world, tmp_path / name).csv.read_bytes())
        finally:
            world.house.database.close()
    assert found[0] == found[1]


def test_the_slip_ties_the_files_to_the_batch_and_to_the_postings(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    closed(world, payer, 10_050, 5, 333_333)
    batch = written(world, tmp_path)
    (slip,) = rows(batch.slip)
    assert batch.xml is not None
    assert slip == {
        "day": "2026-11-23",
        "currency": "BOB",
        "count": "3",
        "total": "3433.88",
        "csv_sha256": sha256(batch.csv),
        "xml_sha256": sha256(batch.xml),
    }
    assert sum(Decimal(row["amount"]) for row in rows(batch.csv)) == Decimal(slip["total"])
    posted = "SELECT sum(amount) FROM posting WHERE credit_house = 'INTERBANK'"
    assert world.house.work(lambda w: w.session.scalar(text(posted))) == 343_388


def test_the_message_is_pain_001_and_reads_back_equal(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    from pyiso20022.pain import pain_001_001_09 as pain

    company = world.company()
    firm = world.account(company, number="7000200030")
    made = [sent_by(world, payer, 10_050, MONDAY, concept='<alquiler> & "más" …')]
    payee = a_beneficiary(world, payer.access_id, number="88", name="Ana & Hijos S.R.L.")
    made.append(an_interbank_operation(world, payer.access_id, firm, payee, 5, MONDAY))
    closed(world, payer)
    batch = written(world, tmp_path)
    assert batch.xml is not None
    document = XmlParser().from_path(batch.xml, pain.Document)
    message = document.cstmr_cdt_trf_initn
    (payment,) = message.pmt_inf
    for part in (message.grp_hdr, payment):
        assert (part.nb_of_txs, part.ctrl_sum) == ("2", Decimal("100.55"))
    assert str(message.grp_hdr.cre_dt_tm) == "2026-11-23T12:30:00-04:00"
    assert message.grp_hdr.msg_id == batch.batch.id.hex
    assert str(payment.reqd_exctn_dt.dt) == "2026-11-23"
    told = [
        (
            UUID(each.pmt_id.end_to_end_id),
            each.amt.instd_amt.value,
            each.amt.instd_amt.ccy,
            each.ultmt_dbtr.nm,
            each.cdtr.nm,
            each.cdtr.id.prvt_id.othr[0].id,
            each.cdtr_acct.id.othr.id,
            each.cdtr_acct.tp.cd,
            each.cdtr_agt.fin_instn_id.othr.id,
            each.rmt_inf.ustrd,
        )
        for each in payment.cdt_trf_tx_inf
    ]
    assert told == [
        (
            UUID(row["operation_id"]),
            Decimal(row["amount"]),
            row["currency"],
            row["ordering_name"],
            row["beneficiary_name"],
            row["beneficiary_document"],
            row["account_number"],
            "SVGS",
            row["bank_code"],
            [row["concept"]],
        )
        for row in rows(batch.csv)
    ]
    assert [each[0] for each in told] == made


def test_a_company_orders_by_its_name_and_tax_number(world: World, tmp_path: Path) -> None:
    company = world.company()
    request = an_enrolment(world, company)
    a_representative(world, request, document="5556667", user_name="tajibo", name="Eva")
    (access_id,) = approved(world, request)
    account = world.account(company, number="7000200030")
    payer = Payer(access_id, company, account, a_beneficiary(world, access_id))
    closed(world, payer, 100)
    batch = written(world, tmp_path)
    (row,) = rows(batch.csv)
    assert (row["ordering_document_type"], row["ordering_document"], row["ordering_name"]) == (
        "NIT",
        "1023456021",
        "Aserradero El Tajibo S.R.L.",
    )
    assert batch.xml is not None
    assert "<OrgId><Othr><Id>1023456021</Id></Othr></OrgId>" in batch.xml.read_text("utf-8")


def test_without_the_extra_only_the_neutral_file_is_written(
    world: World, payer: Payer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_xml, "available", lambda: False)
    closed(world, payer, 100)
    batch = written(world, tmp_path)
    assert batch.xml is None
    assert sorted(each.name for each in tmp_path.glob("interbank-*")) == NAMES[:2]
    assert batches(world)[0].xml_sha256 is None
    assert rows(batch.slip)[0]["xml_sha256"] == ""


def test_each_day_and_currency_has_its_files_the_oldest_first(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    dollars = a_payer(
        world, number="000200", user_name="rosa", account="2000200030", currency=Currency.USD,
        document_number="5550001", complement="",
    )  # fmt: skip
    sent_by(world, dollars, 700, MONDAY)
    closed(world, payer, 100)
    sent_by(world, payer, 200, date(2026, 11, 24))
    world.clock.forward(days=1)
    close_due(world.house)
    done = write_batches(world.house, tmp_path)
    assert [each.csv.name for each in done] == [
        "interbank-2026-11-23-BOB.csv",
        "interbank-2026-11-23-USD.csv",
        "interbank-2026-11-24-BOB.csv",
    ]


def test_a_file_that_would_not_tie_never_gets_its_name(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    made = closed(world, payer, 100, 200)
    with world.house.database.engine.begin() as connection:
        if world.house.database.is_postgresql:
            connection.execute(text("ALTER TABLE interbank_batch DISABLE TRIGGER USER"))
        else:
            connection.execute(text("DROP TRIGGER guard_interbank_batch_frozen"))
        connection.execute(text("UPDATE interbank_batch SET total = total + 1"))
    with pytest.raises(TotalsDiffer):
        write_batches(world.house, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert {status_of(world, each) for each in made} == {OperationStatus.BATCHED}
    assert batches(world)[0].written_at is None


def test_the_due_jobs_close_and_write_and_a_folder_that_cannot_be_holds_up_nothing_else(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    made = sent_by(world, payer, 100, MONDAY)
    world.clock.now = CUT_OFF
    (tmp_path / "file").write_text("in the way")
    done = jobs.run_due(world.house, None, tmp_path / "file" / "folder").interbank
    assert [each.count for each in done.closed] == [1]
    assert done.written == ()
    assert isinstance(done.problem, OSError)
    assert status_of(world, made) is OperationStatus.BATCHED
    again = jobs.run_due(world.house, None, tmp_path / "out").interbank
    assert (again.closed, len(again.written), again.problem) == ((), 1, None)
    assert jobs.run_due(world.house, None, tmp_path / "out").interbank == jobs.Interbank()


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import branch_desk.models.tables
from branch_desk.models.database import Database
from branch_desk.models.keys import Keys
from branch_desk.models.passwords import Hasher
from branch_desk.operations.exchange import batch_files, batch_rows
from branch_desk.operations.exchange.outgoing import OutgoingFile
from branch_desk.operations.work import House

def die(): os.kill(os.getpid(), signal.SIGKILL)

url, folder, when = sys.argv[1:]
at = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
house = House(Database(url, clock=lambda: at), Keys.ephemeral(), Hasher())
batch_files._LINES_AT_ONCE = 3
kind, _, suffix = when.partition(" ")
write, place = OutgoingFile.write, OutgoingFile.place
written = []
def dying_write(self, data):
    write(self, data)
    if self.path.name.endswith(suffix):
        written.append(data)
        self._file.flush()
        if kind == "while" and len(written) == 3: die()
def dying_place(self):
    if kind == "before" and self.path.name.endswith(suffix): die()
    digest = place(self)
    if kind == "after" and self.path.name.endswith(suffix): die()
    return digest
OutgoingFile.write, OutgoingFile.place = dying_write, dying_place
if kind == "uncommitted":
    mark = batch_files._mark_sent
    def marked(work, batch):
        mark(work, batch)
        work.session.flush()
        die()
    batch_files._mark_sent = marked
batch_files.write_batches(house, Path(folder))
if kind == "committed": die()
"""

KILLS = [
    "while BOB.csv",
    "before BOB.csv",
    "after BOB.csv",
    "before .xml",
    "after .xml",
    "before .totals.csv",
    "after .totals.csv",
    "uncommitted",
    "committed",
]


@pytest.mark.parametrize("when", KILLS)
def test_killed_anywhere_the_next_run_writes_the_same_bytes_and_marks_once(
    world: World, payer: Payer, tmp_path: Path, when: str
) -> None:
    made = closed(world, payer, *range(100, 120))
    url = world.house.database.url.render_as_string(hide_password=False)
    folder = tmp_path / "killed"
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, url, str(folder), when],
        check=False, cwd=Path(__file__).parents[2], env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    left = {each.name: each.read_bytes() for each in folder.glob("interbank-*")}
    is_marked = when == "committed"
    assert (batches(world)[0].written_at is not None) is is_marked
    expected = OperationStatus.SENT if is_marked else OperationStatus.BATCHED
    assert {status_of(world, each) for each in made} == {expected}

    assert len(write_batches(world.house, folder)) == (0 if is_marked else 1)
    found = {each.name: each.read_bytes() for each in folder.iterdir()}
    assert sorted(found) == NAMES, "nothing half-made is left"
    assert {name: found[name] for name in left} == left, "what had its name keeps its bytes"
    (kept,) = batches(world)
    assert kept.csv_sha256 == hashlib.sha256(found[NAMES[0]]).hexdigest()
    assert kept.xml_sha256 == hashlib.sha256(found[NAMES[2]]).hexdigest()
    assert found[NAMES[0]].count(b"\n") == 21
    assert {status_of(world, each) for each in made} == {OperationStatus.SENT}
    told = world.house.work(
        lambda w: w.session.scalars(
            select(AuditEvent.event).where(AuditEvent.event == "batch:written")
        ).all()
    )
    assert len(told) == 1


def test_a_batch_another_machine_is_writing_is_left_to_it(
    postgres_url: str, tmp_path: Path
) -> None:
    from tests.builders import a_world

    world = a_world(postgres_url)
    try:
        closed(world, a_payer(world), 100)
        with world.house.database.engine.begin() as other:
            other.execute(text("SELECT 1 FROM interbank_batch FOR NO KEY UPDATE"))
            assert write_batches(world.house, tmp_path) == ()
        assert len(write_batches(world.house, tmp_path)) == 1
    finally:
        world.house.database.close()
