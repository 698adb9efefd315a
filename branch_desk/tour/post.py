"""Where the mails of the tour arrive: a folder, and a real server as well when there is one."""

from pathlib import Path

from branch_desk.mailing import compose
from branch_desk.operations.house.outbox import Letter, Sender, Sent


class MailFolder:
    """A `Sender` that writes each mail as .eml and as plain text; `onward` gets it, too."""

    def __init__(
        self, folder: Path, mail_from: str, portal_url: str, onward: Sender | None = None
    ) -> None:
        self._folder = folder
        self._from = mail_from
        self._portal = portal_url
        self._onward = onward
        self.templates: list[str] = []
        self._texts: dict[str, str] = {}

    def __call__(self, letter: Letter) -> Sent:
        """Take a letter in. Raises NotSent."""
        message, version = compose(letter, mail_from=self._from, portal_url=self._portal)
        sent = Sent(template_version=version, answer="250 2.0.0 entregado en el recorrido")
        if self._onward is not None:
            sent = self._onward(letter)
        self.templates.append(letter.template)
        name = f"{len(self.templates):02d}-{letter.template.replace('_', '-')}"
        (self._folder / f"{name}.eml").write_bytes(bytes(message))
        plain = message.get_body(("plain",))
        text = plain.get_content() if plain is not None else ""
        (self._folder / f"{name}.txt").write_text(
            f"Para: {message['To']}\nAsunto: {message['Subject']}\n\n{text}", encoding="utf-8"
        )
        self._texts[letter.template] = text
        return sent

    def last(self, template: str) -> str:
        """Give the text of the newest mail of a kind; empty when there is none."""
        return self._texts.get(template, "")
