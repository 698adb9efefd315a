"""Reads the code on a sheet that came back, and the code on an identity card.

A scan lies askew, a photograph is dim and seen from the side: the page is tried as it is, then
larger, smaller, smoother and with more contrast, until the code answers.
"""

from collections.abc import Iterator
from typing import Final

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from branch_desk.models.errors import FormUnreadable, SheetsDiffer
from branch_desk.reports.code import SheetCode
from branch_desk.reports.images import pictures

_QR: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_LONG_SIDE: Final = 2600  # enough for the code of a photographed page, and still quick


def read_sheet(data: bytes) -> SheetCode:
    """Say which sheet a scanned PDF, JPEG or PNG is.

    Raises `FormUnreadable` when no code of ours is found, `SheetsDiffer` when pages of several
    forms are mixed, `UnreadableFile` when the file itself is not acceptable.
    """
    found = {
        code for page in pictures(data) for payload in _payloads(page) if (code := _ours(payload))
    }
    if not found:
        raise FormUnreadable
    if len(found) > 1:
        raise SheetsDiffer(folios=tuple(sorted(code.folio for code in found)))
    return found.pop()


def read_card_code(data: bytes) -> str:
    """Give the content of the QR on an identity card, unread: only its issuer understands it.

    The caller keeps a hash. Raises `FormUnreadable` when there is no code, `UnreadableFile`.
    """
    for page in pictures(data):
        for payload in _payloads(page):
            return payload
    raise FormUnreadable


def _ours(payload: str) -> SheetCode | None:
    try:
        return SheetCode.parse(payload)
    except FormUnreadable:
        return None


def _payloads(page: Image.Image) -> list[str]:
    for attempt in _attempts(page):
        found = zxingcpp.read_barcodes(attempt, _QR)
        if found:
            return [code.text for code in found]
    return []


def _attempts(page: Image.Image) -> Iterator[Image.Image]:
    yield page
    longest = max(page.size)
    if longest > _LONG_SIDE:
        page = page.resize(
            (page.width * _LONG_SIDE // longest, page.height * _LONG_SIDE // longest)
        )
        yield page
    yield page.filter(ImageFilter.GaussianBlur(1))
    yield ImageOps.autocontrast(page.filter(ImageFilter.MedianFilter(3)), cutoff=2)
    if longest <= _LONG_SIDE:
        double = page.resize((page.width * 2, page.height * 2), Image.Resampling.BICUBIC)
        yield double
        yield double.filter(ImageFilter.GaussianBlur(2))


__all__ = ["SheetCode", "read_card_code", "read_sheet"]
