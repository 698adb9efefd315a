"""Screens that the story does not pass: companies, members, audit, administration."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QRadioButton, QTableView

from branch_desk.models.staff import Role
from branch_desk.operations.practice.demo_story import TrainingUser
from branch_desk.tour.story import Story


def member_and_user(story: Story) -> None:
    """Look at the members, at one of them, and at the user just opened."""
    player = story.player
    story.place(Qt.Key.Key_F5, "members")
    player.picture("members")
    story.find_everywhere(story.user_name, "access")
    player.picture("access-file")
    story.find_everywhere(story.member.document_number, "member")
    player.picture("member-file")


def company(story: Story) -> None:
    """Fill in a company and who signs for it; empty the form again."""
    player = story.player
    story.place(Qt.Key.Key_F3, "new_request")
    box = next(each for each in player.named(QRadioButton, "") if "mpre" in each.text())
    player.click_on(box)
    player.write("document_number_digits", "1028765023")
    player.write("company_name", "Aserradero El Tajibo S.R.L.")
    player.picture("company")
    player.click("add_representative")
    player.settle(lambda: player.seen("keep_representative"))
    player.picture("representative")
    player.click("leave_representative")
    player.click("empty_form")
    player.settle()


def audit(story: Story, auditor: TrainingUser) -> None:
    """Read the trail as the auditor, and have it checked."""
    player = story.player
    story.sign_in(auditor.user_name)
    story.place(Qt.Key.Key_F8, "audit")
    player.settle(lambda: player.find(QTableView, "audit").model().rowCount() > 0)
    player.click("verify")
    verdict = player.find(QLabel, "verdict")
    player.settle(lambda: "ntacto" in verdict.text(), "the verdict")
    player.picture("audit")


def administration(story: Story, administrator: TrainingUser) -> None:
    """See staff and branches as the administrator."""
    player = story.player
    story.sign_in(administrator.user_name)
    story.place(Qt.Key.Key_F9, "administration")
    player.picture("administration")
    player.click("add_staff")
    player.settle()
    player.picture("new-staff")


def one_of(people: dict[str, TrainingUser], role: Role) -> TrainingUser:
    """Give one person of a role."""
    return next(each for each in people.values() if each.role is role)
