"""What the member reads on the screen turned to them: the clave inicial, and the QR by a phone.

Both are read off pictures of the screen: only what is really shown is of any use.
"""

import io

import zxingcpp
from PIL import Image, ImageChops
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPixmap

from branch_desk.models.credentials import CREDENTIAL_LENGTH, UNAMBIGUOUS
from branch_desk.tour.player import TourStopped
from branch_desk.views.kit.secret_panel import SecretPanel

_NARROW, _WIDE, _HIGH, _LOW = "iWMg"


def read_code(picture: QPixmap) -> str:
    """Read the QR code in a picture, as a phone does. Raises TourStopped."""
    found = [each.text for each in zxingcpp.read_barcodes(_image(picture))]
    if len(found) != 1:
        raise TourStopped(f"{len(found)} codes can be read where one should be")
    return found[0]


def read_letters(panel: SecretPanel) -> str:
    """Read the letters painted on a panel by comparing them with the alphabet painted alike.

    The panel gives its letters to nobody, so they are compared as pictures, place by place.
    Raises TourStopped when a place is like no letter.
    """
    shown = _image(panel.grab())
    alphabet = {letter: _painted(panel, letter * CREDENTIAL_LENGTH) for letter in UNAMBIGUOUS}
    _, top, _, bottom = _difference(alphabet[_HIGH], alphabet[_LOW])
    read = ""
    for place in range(CREDENTIAL_LENGTH):
        one = _NARROW * place + _WIDE + _NARROW * (CREDENTIAL_LENGTH - place - 1)
        left, _, right, _ = _difference(alphabet[_NARROW], _painted(panel, one))
        cell = (left, top, right, bottom)
        seen = shown.crop(cell)
        alike = [letter for letter, image in alphabet.items() if image.crop(cell) == seen]
        if len(alike) != 1:
            raise TourStopped(f"letter {place + 1} on the member's screen cannot be read")
        read += alike[0]
    return read


def _painted(like: SecretPanel, text: str) -> Image.Image:
    panel = SecretPanel("")
    panel.resize(like.size())
    panel.show_secret(bytearray(text.encode()), 60)
    panel.resize(like.size())
    image = _image(panel.grab())
    panel.wipe()
    panel.deleteLater()
    return image


def _image(picture: QPixmap) -> Image.Image:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "BMP")
    return Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("L")


def _difference(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int]:
    """Give the box in which two pictures differ."""
    box = ImageChops.difference(one, other).getbbox()
    if box is None:
        raise TourStopped("the letters on the member's screen cannot be told apart")
    return box
