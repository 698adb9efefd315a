"""The member's first payments, and what the desk sees of them."""

from typing import Final
from uuid import UUID

from PySide6.QtWidgets import QPushButton, QTableView, QTabWidget

from branch_desk.models.account import AccountKind, Handling
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import BeneficiaryKind
from branch_desk.models.money import Currency, Money
from branch_desk.operations.enquiries import enquiries
from branch_desk.operations.money import orders, place
from branch_desk.operations.payments import beneficiaries
from branch_desk.operations.portal import Portal
from branch_desk.tour import dialogs
from branch_desk.tour.player import TourStopped
from branch_desk.tour.story import Story
from branch_desk.views.kit import formats

_AMOUNT: Final = Money(25_000, Currency.BOB)
_PARTS: Final = ("movements", "operations", "payees", "schedules")


def send(story: Story) -> None:
    """At the portal: register an account at another bank and send money there, code by code."""
    portal = Portal(story.house, story.session)
    bank = portal(beneficiaries.banks)[0][0]
    friend = beneficiaries.Proposal(
        key=new_id(),
        kind=BeneficiaryKind.OTHER_BANK,
        account_kind=AccountKind.SAVINGS,
        number="4010203040",
        currency=Currency.BOB,
        name="Jaime Lazarte Rojas",
        document_number="5566778",
        bank_code=bank,
    )
    proposal = portal(beneficiaries.preview, friend)
    portal(
        beneficiaries.add,
        proposal.proposal,
        shown_sha256=proposal.sha256,
        code=story.members_code(),
    )
    preview = portal(
        place.preview,
        orders.other_bank(
            new_id(),
            _account(portal),
            friend.key,
            _AMOUNT,
            promised_on=story.clock().date(),
            concept="Alquiler de noviembre",
            origin="Sueldo mensual de la empresa",
            destination="Alquiler de la vivienda",
        ),
    )
    placed = place.submit(portal, preview.order, preview.sha256, story.members_code())
    if placed.value_date != preview.order.promised_on:
        raise TourStopped("another day than was promised")
    story.operation_id = placed.id


def look(story: Story) -> None:
    """At the desk: the member's file, part by part, and a copy of the receipt."""
    player = story.player
    story.find_everywhere(story.member.document_number, "member")
    tabs = player.find(QTabWidget, "member_tabs")
    for place_, name in enumerate(_PARTS, start=1):
        tabs.setCurrentIndex(place_)
        player.settle()
        player.picture(f"member-{name}")
    tabs.setCurrentIndex(_PARTS.index("operations") + 1)
    player.settle(
        lambda: player.find(QTableView, "member_operations").model().rowCount() > 0,
        "the operations",
    )
    player.open_row("member_operations", formats.money(_AMOUNT))
    player.settle(lambda: player.find(QPushButton, "reprint_receipt").isEnabled(), "the row")
    player.click("reprint_receipt")
    player.settle(lambda: player.find(QPushButton, "receipt_save").isEnabled(), "the receipt")
    player.picture("receipt")
    dialogs.choose_file(player, "receipt_save", story.papers / "comprobante.pdf")
    player.settle()


def _account(portal: Portal) -> UUID:
    """Choose an account that has the money and that the member debits alone."""
    for product in portal(enquiries.products):
        left = product.available
        if left is None or left.currency is not _AMOUNT.currency:
            continue
        alone = product.handling is not Handling.JOINT
        if product.debit and alone and left >= _AMOUNT:
            return product.id
    raise TourStopped("the member has no account to pay from")
