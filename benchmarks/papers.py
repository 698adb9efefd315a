"""How much dearer than empty pages the service form is, and a receipt.

Floor: three blank pages by ReportLab. Both sides take turns in one run; medians are compared, so
that a busy machine weighs on both. `python benchmarks/papers.py [--rounds N] [--json FILE]`.
"""

import argparse
import gc
import hashlib
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1]))

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from branch_desk import resources
from branch_desk.models.calendar import LA_PAZ
from branch_desk.models.receipt_code import CODE_BYTES, ReceiptCode
from branch_desk.reports.code import _rows
from branch_desk.reports.enrolment_form import (
    MEMBER_COPY,
    Amount,
    ContractTerms,
    EnrolmentForm,
    FormAccount,
    FormLimit,
    FormMember,
    render,
)
from branch_desk.reports.paper import Letterhead, PageSize
from branch_desk.reports.receipt import Destination, ReceiptPaper
from branch_desk.reports.receipt import render as render_receipt

TARGET = 12.0


def blank_pages() -> bytes:
    """Draw nothing three times."""
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=A4, invariant=1, pageCompression=1)
    for _ in range(3):
        canvas.showPage()
    canvas.save()
    return output.getvalue()


def a_form() -> EnrolmentForm:
    """Build a person's form of three pages."""
    text = resources.path("terms", "2026-1.txt").read_text(encoding="utf-8")
    return EnrolmentForm(
        folio="SC01-2026-000000",
        revision=1,
        terms_sha256=hashlib.sha256(b"terms").hexdigest(),
        form_version="CAP-EB-01/2026-1",
        issued_on=date(2026, 11, 23),
        letterhead=Letterhead("Cooperativa «San Martín de Porres» R.L.", "Agencia Central"),
        officer="Rosa Elena Justiniano Vaca",
        member=FormMember(
            name="Laura Méndez Áñez",
            document="4567891-1B SC",
            member_number="0012345",
            mobile="71234567",
            email="laura.mendez@ejemplo.bo",
            address="Av. Cristo Redentor N.º 125",
        ),
        accounts=tuple(
            FormAccount(
                f"101-2-0012345{n}",
                "CA",
                "BOB",
                "INDIVIDUAL",
                consult=True,
                debit=True,
                web=True,
                mobile=True,
            )
            for n in range(4)
        ),
        limits=tuple(
            FormLimit(kind, currency, 2_000_000, 5_000_000, 10_000_000, 10)
            for currency in ("BOB", "USD")
            for kind in ("OWN", "THIRD_PARTY", "OTHER_BANK", "SERVICE")
        ),
        worst_day=(Amount(15_000_000, "BOB"), Amount(15_000_000, "USD")),
        billers=tuple((f"Servicio {n}", True) for n in range(9)),
        web=True,
        mobile=True,
        contract=ContractTerms(
            "2026-1", "Términos", hashlib.sha256(text.encode()).hexdigest(), text
        ),
    )


def a_receipt(number: int) -> ReceiptPaper:
    """Build the receipt of a transfer; each has a number, so a code, of its own."""
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=LA_PAZ)
    code = ReceiptCode(UUID(int=number), number.to_bytes(CODE_BYTES, "big"))
    return ReceiptPaper(
        letterhead=Letterhead("Cooperativa «San Martín de Porres» R.L.", "Agencia Central"),
        number=code.number,
        code=code.code,
        payload=code.payload,
        issued_at=noon,
        kind="Transferencia a otro banco",
        state="Enviada",
        state_note="El lote se envió. Falta la respuesta del otro banco.",
        amount=number,
        currency="BOB",
        ordered_at=noon,
        moved_at=noon,
        channel="Web",
        member=f"Laura Méndez Áñez {number}",
        member_number="0012345",
        debit_account="Caja de ahorro •••• 0030",
        destination=Destination("Caja de ahorro •••• 1203", "Juan Rojas Suárez", "Banco Unión"),
        concept="Pago de alquiler de noviembre",
        origin="Sueldo mensual de la empresa",
        funds_destination="Alquiler de vivienda familiar",
        promised_on=noon.date(),
        ordered_by="Laura Méndez Áñez",
    )


def all_sides() -> dict[str, Callable[[], bytes]]:
    """Name what is drawn, and how."""
    form = a_form()
    counter = iter(range(1, 1_000_000))

    def next_form() -> EnrolmentForm:
        # Every form has its own folio: neither its code nor its values were seen before.
        number = next(counter)
        member = replace(form.member, name=f"Laura Méndez Áñez {number}")
        return replace(form, folio=f"SC01-2026-{number:06d}", member=member)

    def one_copy() -> bytes:
        return render(replace(next_form(), copies=(MEMBER_COPY,)), size=PageSize.A4)

    def both_copies() -> bytes:
        return render(next_form(), size=PageSize.A4)

    def one_receipt() -> bytes:
        return render_receipt(a_receipt(next(counter)))

    return {
        "three blank pages": blank_pages,
        "form, one copy (3 pages)": one_copy,
        "form, both copies (6 pages)": both_copies,
        "receipt (half a sheet)": one_receipt,
    }


def main() -> int:
    """Measure and print; 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sides = all_sides()
    times: dict[str, list[float]] = {name: [] for name in sides}
    for make in sides.values():
        for _ in range(3):
            make()
    gc.collect()
    for _ in range(options.rounds):
        for name, make in sides.items():
            start = time.perf_counter()
            make()
            times[name].append((time.perf_counter() - start) * 1000)
    ratio = statistics.median(times["form, one copy (3 pages)"]) / statistics.median(
        times["three blank pages"]
    )
    third = max(1, options.rounds // 3)
    floor = statistics.median(times["three blank pages"])
    rows = [
        {
            "job": name,
            "median_ms": round(statistics.median(taken), 2),
            "ratio": round(statistics.median(taken) / floor, 2),
            # Linear means that the last forms cost what the first did.
            "late_to_early": round(
                statistics.median(taken[-third:]) / statistics.median(taken[:third]), 2
            ),
        }
        for name, taken in times.items()
    ]
    print(f"{'job':32}{'median ms':>12}{'ratio':>8}{'late/early':>12}")
    for row in rows:
        print(f"{row['job']:32}{row['median_ms']:>12}{row['ratio']:>8}{row['late_to_early']:>12}")
    start = time.perf_counter()
    _rows.cache_clear()
    _rows("BD1:SC01-2026-000001:1:0123456789abcdef")
    print(f"of which the code: {(time.perf_counter() - start) * 1000:.2f} ms")
    met = ratio <= TARGET
    print(f"target: one copy <= {TARGET} times the blank pages: {'met' if met else 'MISSED'}")
    if options.json:
        result = {"target": TARGET, "met": met, "rounds": options.rounds, "rows": rows}
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
