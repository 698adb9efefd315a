"""The keys of the house: what the database keeps secret is sealed with them, outside of it.

A sealed value is bound to its purpose and its row: moved to another row it does not open (R41).
Secrets only a verifier needs again (a member's authenticator) are sealed to the verifier's public
key (HPKE, RFC 9180), so that a desk can make one and cannot read it afterwards.

Every sealed value begins with a header, in clear and authenticated:
format (1 byte), key version (4), first half of SHA-256 of the purpose (16), row (16).
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Self, TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from branch_desk.models.errors import DomainError, KeysUnusable
from branch_desk.models.key_store import Store, StoreNote

K = TypeVar("K")

_SYMMETRIC, _TO_VERIFIER = 1, 2
_HEADER = 1 + 4 + 16 + 16
_NONCE = 12
_KEY_BYTES = 32
_FINGERPRINT = 32
_RING_FORMAT = 1
_CANARY_ROW = UUID(int=0)
_CANARY_PURPOSE = "canary"
_CANARY = b"Branch Desk: these are the keys of this database."


class SealProblem(StrEnum):
    """Why a sealed value does not open."""

    ALTERED = "ALTERED"
    """A bit changed, or another key of the same version sealed it."""
    OTHER_ROW = "OTHER_ROW"
    OTHER_PURPOSE = "OTHER_PURPOSE"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    """The key version is not in this machine's ring: retired, or newer than the ring."""
    UNKNOWN_FORMAT = "UNKNOWN_FORMAT"


class SealBroken(DomainError):
    """A sealed value does not open here. Facts: `problem`, `purpose`, `row`."""


class NotAVerifier(KeysUnusable):
    """This machine seals to the verifier, and holds no private key to open. Facts: `reason`."""


class WrongKey(KeysUnusable):
    """The keys are not those the database was made with (R42). Facts: `reason`."""


@dataclass(frozen=True)
class _Ring:
    """Keys by version; the highest seals, all open. `anchor` never rotates: anchors are old."""

    data: Mapping[int, bytes] = field(repr=False)
    public: Mapping[int, bytes] = field(repr=False)
    private: Mapping[int, bytes] = field(repr=False)
    anchor: bytes | None = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        empty = cls(data={}, public={}, private={}, anchor=os.urandom(_KEY_BYTES))
        return empty.grown()

    @cached_property
    def opening(self) -> Mapping[int, X25519PrivateKey]:
        """The private keys as the library takes them: made once, each costs as much as opening."""
        return {v: X25519PrivateKey.from_private_bytes(key) for v, key in self.private.items()}

    def grown(self) -> Self:
        """Give a ring with one version more of what this machine may make."""
        pair = X25519PrivateKey.generate()
        version = max((*self.data, *self.public), default=0) + 1
        return replace(
            self,
            data={**self.data, version: os.urandom(_KEY_BYTES)},
            public={**self.public, version: pair.public_key().public_bytes_raw()},
            private={**self.private, version: pair.private_bytes_raw()},
        )

    def to_text(self) -> str:
        return json.dumps(
            {
                "format": _RING_FORMAT,
                "data": _encoded(self.data),
                "public": _encoded(self.public),
                "private": _encoded(self.private),
                "anchor": None if self.anchor is None else base64.b64encode(self.anchor).decode(),
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_text(cls, text: str) -> Self:
        try:
            kept = json.loads(text)
            if kept["format"] != _RING_FORMAT:
                raise KeysUnusable(reason="newer format")
            ring = cls(
                data=_decoded(kept["data"]),
                public=_decoded(kept["public"]),
                private=_decoded(kept["private"]),
                anchor=None if kept["anchor"] is None else _key(kept["anchor"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            # `from None`: the chained error would carry the text of the keys.
            raise KeysUnusable(reason="unreadable") from None
        if not ring.public or not ring.private.keys() <= ring.public.keys():
            raise KeysUnusable(reason="unreadable")
        return ring


class Keys:
    """The keys this machine holds. Share one between threads; it shows no key material."""

    def __init__(self, ring: _Ring, store: Store | None) -> None:
        self._ring = ring
        self._store = store
        self._suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

    @classmethod
    def create(cls, store: Store) -> Self:
        """Make the keys of a new database. Raises `KeysPresent` where there are some already."""
        return cls._kept(_Ring.new(), store)

    @classmethod
    def load(cls, store: Store) -> Self:
        """Take the keys from their store. Raises a `KeysUnusable`; never makes new ones."""
        return cls(_Ring.from_text(store.read()), store)

    @classmethod
    def install(cls, exported: str, store: Store) -> Self:
        """Set up a desk with what `export_public` or `export_for_desk` of another machine gave."""
        return cls._kept(_Ring.from_text(exported), store)

    @classmethod
    def ephemeral(cls) -> Self:
        """Make keys that end with the program: for a database in memory."""
        return cls(_Ring.new(), None)

    @classmethod
    def _kept(cls, ring: _Ring, store: Store) -> Self:
        store.create(ring.to_text())
        return cls(ring, store)

    def __repr__(self) -> str:
        return f"Keys({self.note}, versions={self.versions}, verifier={self.is_verifier})"

    def __reduce__(self) -> str:
        raise TypeError("keys are not pickled")

    @property
    def note(self) -> StoreNote:
        """Say where the keys lie, for the note in the window."""
        return StoreNote.MEMORY if self._store is None else self._store.note

    @property
    def versions(self) -> tuple[int, ...]:
        """Give the versions that open, oldest first; the last one seals."""
        return tuple(sorted(self._ring.data.keys() | self._ring.public.keys()))

    @property
    def is_verifier(self) -> bool:
        """Tell whether `open_as_verifier` can succeed here."""
        return bool(self._ring.private)

    def seal(self, plain: bytes, *, purpose: str, row: UUID) -> bytes:
        """Seal for this house (AES-256-GCM, random nonce). Raises `KeysUnusable` without keys."""
        version, key = self._newest(self._ring.data)
        header = _header(_SYMMETRIC, version, purpose, row)
        nonce = os.urandom(_NONCE)
        return header + nonce + AESGCM(key).encrypt(nonce, plain, header)

    def open(self, sealed: bytes, *, purpose: str, row: UUID) -> bytes:
        """Open what `seal` sealed for the same purpose and row. Raises `SealBroken`."""
        header, body = sealed[:_HEADER], sealed[_HEADER:]
        key = _key_for(sealed, _SYMMETRIC, self._ring.data, purpose, row)
        try:
            plain = AESGCM(key).decrypt(body[:_NONCE], body[_NONCE:], header)
        except (InvalidTag, ValueError):
            raise _broken(SealProblem.ALTERED, purpose, row) from None
        _check_place(header, purpose, row)
        return plain

    def seal_to_verifier(self, plain: bytes, *, purpose: str, row: UUID) -> bytes:
        """Seal so that only a verifier opens it.

        HPKE's base mode does not say who sealed: whoever may write the row and has the public key
        can put a secret of their own there. The rights of the database have to forbid that.
        """
        version, public = self._newest(self._ring.public)
        header = _header(_TO_VERIFIER, version, purpose, row)
        return header + self._suite.encrypt(
            plain, X25519PublicKey.from_public_bytes(public), info=header
        )

    def open_as_verifier(self, sealed: bytes, *, purpose: str, row: UUID) -> bytes:
        """Open what was sealed to the verifier. Raises `NotAVerifier`, `SealBroken`."""
        if not self.is_verifier:
            raise NotAVerifier(reason="not a verifier")
        header, body = sealed[:_HEADER], sealed[_HEADER:]
        key = _key_for(sealed, _TO_VERIFIER, self._ring.opening, purpose, row)
        try:
            plain = self._suite.decrypt(body, key, info=header)
        except (InvalidTag, ValueError):
            raise _broken(SealProblem.ALTERED, purpose, row) from None
        _check_place(header, purpose, row)
        return plain

    def digest(self, purpose: str, data: bytes) -> bytes:
        """Give 32 bytes only these keys can give for `data`: HMAC-SHA256, a key per purpose."""
        if self._ring.anchor is None:
            raise KeysUnusable(reason="public key only")
        info = b"branch-desk/digest/" + purpose.encode()
        key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(
            self._ring.anchor
        )
        return hmac.digest(key, data, "sha256")

    def canary(self) -> bytes:
        """Give what a new database keeps to know its keys again."""
        _, public = self._newest(self._ring.public)
        sealed = self.seal(_CANARY, purpose=_CANARY_PURPOSE, row=_CANARY_ROW)
        return _fingerprint(public) + sealed

    def check_canary(self, sealed: bytes) -> None:
        """Stop before any work when these are not the database's keys. Raises `WrongKey`.

        A desk with the public key only compares that; all others open the sealed half too.
        """
        known = {_fingerprint(public) for public in self._ring.public.values()}
        if sealed[:_FINGERPRINT] not in known:
            raise WrongKey(reason="other keys")
        if not self._ring.data:
            return
        try:
            self.open(sealed[_FINGERPRINT:], purpose=_CANARY_PURPOSE, row=_CANARY_ROW)
        except SealBroken as broken:
            raise WrongKey(reason="other keys") from broken

    def rotate(self) -> None:
        """Add a version that seals from now on; the old ones still open.

        Kept before it is used. Other machines need the new ring before they can open.
        Raises `NotAVerifier` where the verifier's half cannot be renewed.
        """
        if not self.is_verifier or not self._ring.data:
            raise NotAVerifier(reason="not a verifier")
        self._keep(self._ring.grown())

    def retire(self, version: int) -> None:
        """Forget an old version, once no row is sealed with it and the canary was renewed.

        Raises `KeysUnusable` for the newest version or one that is not there.
        """
        if version not in self.versions[:-1]:
            raise KeysUnusable(reason="in use")
        self._keep(
            replace(
                self._ring,
                data=_without(self._ring.data, version),
                public=_without(self._ring.public, version),
                private=_without(self._ring.private, version),
            )
        )

    def export_public(self) -> str:
        """Give the verifier's public keys: no secret, but to be carried unaltered."""
        return replace(self._ring, data={}, private={}, anchor=None).to_text()

    def export_for_desk(self) -> str:
        """Give all but the verifier's private keys. SECRET: carry it as one carries a key."""
        return replace(self._ring, private={}).to_text()

    def _keep(self, ring: _Ring) -> None:
        if self._store is not None:
            self._store.replace(ring.to_text())
        self._ring = ring

    def _newest(self, keys: Mapping[int, bytes]) -> tuple[int, bytes]:
        if not keys:
            raise KeysUnusable(reason="public key only")
        version = max(keys)
        return version, keys[version]


def key_version(sealed: bytes) -> int:
    """Read which key version sealed it, without opening."""
    return int.from_bytes(sealed[1:5], "big")


def token_digest(token: str) -> bytes:
    """Give what is kept of a random token of 256 bits: SHA-256, which needs no salt there."""
    return hashlib.sha256(token.encode()).digest()


def _header(sealed_as: int, version: int, purpose: str, row: UUID) -> bytes:
    return bytes([sealed_as]) + version.to_bytes(4, "big") + _tag(purpose) + row.bytes


def _tag(purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode()).digest()[:16]


def _fingerprint(public: bytes) -> bytes:
    return hashlib.sha256(b"branch-desk/verifier/" + public).digest()


def _key_for(sealed: bytes, sealed_as: int, keys: Mapping[int, K], purpose: str, row: UUID) -> K:
    if len(sealed) < _HEADER or sealed[0] != sealed_as:
        raise _broken(SealProblem.UNKNOWN_FORMAT, purpose, row)
    key = keys.get(key_version(sealed))
    if key is None:
        raise _broken(SealProblem.UNKNOWN_KEY, purpose, row)
    return key


def _check_place(header: bytes, purpose: str, row: UUID) -> None:
    """Refuse a whole, authentic value that stands where it was not sealed for."""
    if not hmac.compare_digest(header[5:21], _tag(purpose)):
        raise _broken(SealProblem.OTHER_PURPOSE, purpose, row)
    if not hmac.compare_digest(header[21:], row.bytes):
        raise _broken(SealProblem.OTHER_ROW, purpose, row)


def _broken(problem: SealProblem, purpose: str, row: UUID) -> SealBroken:
    return SealBroken(problem=problem, purpose=purpose, row=row)


def _without(keys: Mapping[int, bytes], version: int) -> dict[int, bytes]:
    return {kept: key for kept, key in keys.items() if kept != version}


def _encoded(keys: Mapping[int, bytes]) -> dict[str, str]:
    return {str(version): base64.b64encode(key).decode() for version, key in keys.items()}


def _decoded(kept: Mapping[str, str]) -> dict[int, bytes]:
    return {int(version): _key(text) for version, text in kept.items()}


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES:
        raise ValueError("a key of another length")
    return key
