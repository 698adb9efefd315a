"""Keys: what is sealed opens only here, only for its row and purpose; the ring lies outside the database."""

import pickle
import stat
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from branch_desk.models.errors import KeysUnusable
from branch_desk.models.key_store import (
    CredentialStore,
    FileStore,
    KeyFileExposed,
    KeyringStore,
    KeysMissing,
    KeysPresent,
    StoreNote,
    choose_store,
    real_keyring,
)
from branch_desk.models.keys import (
    Keys,
    NotAVerifier,
    SealBroken,
    SealProblem,
    WrongKey,
    key_version,
    token_digest,
)

ROW, OTHER = UUID(int=1), UUID(int=2)
PLAIN = b"nobody reads this"
SEALS = [("seal", "open"), ("seal_to_verifier", "open_as_verifier")]


@pytest.fixture(scope="module")
def keys() -> Keys:
    return Keys.ephemeral()


@pytest.mark.parametrize(("seal", "open_"), SEALS)
class TestSealing:
    def test_what_was_sealed_opens_for_its_row_and_purpose(self, keys, seal, open_):
        sealed = getattr(keys, seal)(PLAIN, purpose="totp", row=ROW)
        assert getattr(keys, open_)(sealed, purpose="totp", row=ROW) == PLAIN
        assert PLAIN not in sealed
        assert key_version(sealed) == 1

    def test_nothing_seals_alike_twice(self, keys, seal, open_):
        seals = {getattr(keys, seal)(PLAIN, purpose="totp", row=ROW) for _ in range(1_000)}
        assert len(seals) == 1_000

    def test_a_value_copied_to_another_row_is_refused_as_such(self, keys, seal, open_):
        sealed = getattr(keys, seal)(PLAIN, purpose="totp", row=ROW)
        with pytest.raises(SealBroken) as refused:
            getattr(keys, open_)(sealed, purpose="totp", row=OTHER)
        assert refused.value.facts["problem"] is SealProblem.OTHER_ROW

    def test_a_value_of_another_purpose_is_refused_as_such(self, keys, seal, open_):
        sealed = getattr(keys, seal)(PLAIN, purpose="totp", row=ROW)
        with pytest.raises(SealBroken) as refused:
            getattr(keys, open_)(sealed, purpose="mail", row=ROW)
        assert refused.value.facts["problem"] is SealProblem.OTHER_PURPOSE

    def test_no_flipped_bit_is_overlooked(self, keys, seal, open_):
        sealed = getattr(keys, seal)(PLAIN, purpose="totp", row=ROW)
        for bit in range(len(sealed) * 8):
            broken = bytearray(sealed)
            broken[bit // 8] ^= 1 << bit % 8
            with pytest.raises(SealBroken) as refused:
                getattr(keys, open_)(bytes(broken), purpose="totp", row=ROW)
            wanted = (
                SealProblem.UNKNOWN_FORMAT
                if bit < 8
                else SealProblem.UNKNOWN_KEY
                if bit < 40
                else SealProblem.ALTERED
            )
            assert refused.value.facts["problem"] is wanted

    def test_nothing_cut_short_opens(self, keys, seal, open_):
        sealed = getattr(keys, seal)(PLAIN, purpose="totp", row=ROW)
        for length in range(len(sealed)):
            with pytest.raises(SealBroken):
                getattr(keys, open_)(sealed[:length], purpose="totp", row=ROW)

    def test_keys_of_another_database_do_not_open(self, keys, seal, open_):
        sealed = getattr(Keys.ephemeral(), seal)(PLAIN, purpose="totp", row=ROW)
        with pytest.raises(SealBroken) as refused:
            getattr(keys, open_)(sealed, purpose="totp", row=ROW)
        assert refused.value.facts["problem"] is SealProblem.ALTERED


class TestRotation:
    def test_a_new_version_seals_and_the_old_one_still_opens(self, tmp_path):
        store = FileStore(tmp_path / "key")
        keys = Keys.create(store)
        old = keys.seal(PLAIN, purpose="p", row=ROW)
        old_verified = keys.seal_to_verifier(PLAIN, purpose="p", row=ROW)
        keys.rotate()
        keys = Keys.load(store)
        new = keys.seal(PLAIN, purpose="p", row=ROW)
        assert (key_version(old), key_version(new), keys.versions) == (1, 2, (1, 2))
        assert keys.open(old, purpose="p", row=ROW) == keys.open(new, purpose="p", row=ROW) == PLAIN
        assert keys.open_as_verifier(old_verified, purpose="p", row=ROW) == PLAIN

    def test_a_retired_version_is_named_as_unknown_and_the_newest_cannot_be_retired(self):
        keys = Keys.ephemeral()
        old = keys.seal(PLAIN, purpose="p", row=ROW)
        with pytest.raises(KeysUnusable):
            keys.retire(1)
        keys.rotate()
        keys.retire(1)
        with pytest.raises(SealBroken) as refused:
            keys.open(old, purpose="p", row=ROW)
        assert refused.value.facts["problem"] is SealProblem.UNKNOWN_KEY

    def test_digests_outlive_a_rotation_because_anchors_do(self):
        keys = Keys.ephemeral()
        before = keys.digest("anchor", b"head")
        keys.rotate()
        keys.retire(1)
        assert keys.digest("anchor", b"head") == before


class TestVerifier:
    def test_a_desk_seals_what_only_the_verifier_opens(self, keys, tmp_path):
        desk = Keys.install(keys.export_for_desk(), FileStore(tmp_path / "key"))
        sealed = desk.seal_to_verifier(PLAIN, purpose="totp", row=ROW)
        with pytest.raises(NotAVerifier):
            desk.open_as_verifier(sealed, purpose="totp", row=ROW)
        assert keys.open_as_verifier(sealed, purpose="totp", row=ROW) == PLAIN
        assert desk.open(keys.seal(PLAIN, purpose="p", row=ROW), purpose="p", row=ROW) == PLAIN

    def test_a_desk_with_the_public_key_only_can_seal_to_the_verifier_and_nothing_else(
        self, keys, tmp_path
    ):
        store = FileStore(tmp_path / "key")
        Keys.install(keys.export_public(), store)
        desk = Keys.load(store)
        desk.check_canary(keys.canary())
        sealed = desk.seal_to_verifier(PLAIN, purpose="totp", row=ROW)
        assert keys.open_as_verifier(sealed, purpose="totp", row=ROW) == PLAIN
        for refused in (
            lambda: desk.seal(PLAIN, purpose="p", row=ROW),
            lambda: desk.digest("p", b""),
            desk.canary,
            desk.rotate,
        ):
            with pytest.raises(KeysUnusable):
                refused()


class TestDigest:
    def test_a_digest_depends_on_keys_purpose_and_data(self, keys):
        digest = keys.digest("anchor", b"head")
        assert len(digest) == 32
        assert digest == keys.digest("anchor", b"head")
        assert (
            len(
                {
                    digest,
                    keys.digest("other", b"head"),
                    keys.digest("anchor", b"x"),
                    Keys.ephemeral().digest("anchor", b"head"),
                }
            )
            == 4
        )

    def test_a_token_is_kept_as_its_sha256(self):
        assert (
            token_digest("abc").hex()
            == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )


class TestCanary:
    def test_the_database_knows_its_own_keys_again(self, tmp_path):
        keys = Keys.create(FileStore(tmp_path / "key"))
        canary = keys.canary()
        Keys.load(FileStore(tmp_path / "key")).check_canary(canary)

    @pytest.mark.parametrize("spoil", ["other keys", "empty", "cut", "flipped"])
    def test_other_keys_stop_the_program(self, keys, spoil):
        canary = keys.canary()
        spoilt = {
            "other keys": Keys.ephemeral().canary(),
            "empty": b"",
            "cut": canary[:-1],
            "flipped": canary[:-1] + bytes([canary[-1] ^ 1]),
        }[spoil]
        with pytest.raises(WrongKey):
            keys.check_canary(spoilt)


class TestKeyFile:
    def test_the_file_is_for_its_owner_only_and_nothing_is_left_beside_it(self, tmp_path):
        path = tmp_path / "new" / "key"
        Keys.create(FileStore(path)).rotate()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert _names(path.parent) == ["key"]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620, 0o601])
    def test_a_file_others_can_reach_is_refused(self, tmp_path, mode):
        path = tmp_path / "key"
        Keys.create(FileStore(path))
        path.chmod(mode)
        with pytest.raises(KeyFileExposed):
            Keys.load(FileStore(path))
        with pytest.raises(KeyFileExposed):
            Keys.load(CredentialStore(path))

    def test_a_missing_file_is_told_and_never_made_anew(self, tmp_path):
        for store in (FileStore(tmp_path / "key"), CredentialStore(tmp_path / "key")):
            with pytest.raises(KeysMissing):
                Keys.load(store)
        assert _names(tmp_path) == []

    def test_keys_are_never_overwritten_by_new_ones(self, tmp_path):
        path = tmp_path / "key"
        Keys.create(FileStore(path))
        before = path.read_bytes()
        with pytest.raises(KeysPresent):
            Keys.create(FileStore(path))
        assert path.read_bytes() == before
        assert _names(tmp_path) == ["key"]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{}",
            "null",
            "[]",
            '{"format":2}',
            '{"format":1,"data":{"1":"QQ=="},"public":{},"private":{},"anchor":null}',
            "\xff",
        ],
    )
    def test_a_spoilt_file_is_refused_without_showing_it(self, tmp_path, text):
        path = tmp_path / "key"
        path.write_text(text, "latin-1")
        path.chmod(0o600)
        with pytest.raises(KeysUnusable) as refused:
            Keys.load(FileStore(path))
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__ or refused.value.__context__ is None

    def test_a_credential_is_read_and_never_written(self, tmp_path):
        path = tmp_path / "key"
        Keys.create(FileStore(path))
        keys = Keys.load(CredentialStore(path))
        assert keys.note is StoreNote.CREDENTIAL
        with pytest.raises(KeysUnusable):
            keys.rotate()
        assert keys.versions == (1,)
        with pytest.raises(KeysUnusable):
            Keys.create(CredentialStore(tmp_path / "other"))


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


class Drawer(KeyringBackend):
    """A key ring of another make, as `keyrings.alt` registers them."""

    priority: ClassVar[float] = 9
    limit = 10_000

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password[: self.limit]


class TestChoice:
    def test_keys_in_a_key_ring_are_found_again(self):
        drawer = Drawer()
        keys = Keys.create(KeyringStore(drawer, "caja"))
        again = Keys.load(KeyringStore(drawer, "caja"))
        again.check_canary(keys.canary())
        assert keys.note is StoreNote.KEYRING
        with pytest.raises(KeysPresent):
            Keys.create(KeyringStore(drawer, "caja"))
        with pytest.raises(KeysMissing):
            Keys.load(KeyringStore(drawer, "otra"))

    def test_a_key_ring_that_cuts_what_it_keeps_is_found_out_at_once(self):
        drawer = Drawer()
        drawer.limit = 100
        with pytest.raises(KeysUnusable):
            Keys.create(KeyringStore(drawer, "caja"))

    @pytest.mark.parametrize("backend", [Drawer, null.Keyring, fail.Keyring])
    def test_only_a_real_key_ring_is_trusted(self, tmp_path, monkeypatch, backend):
        monkeypatch.setattr("keyring.get_keyring", backend)
        assert real_keyring() is None
        store = choose_store(data_dir=tmp_path)
        assert isinstance(store, FileStore)
        assert store.note is StoreNote.FILE

    def test_a_plaintext_one_in_a_chain_is_passed_over(self, monkeypatch):
        real = Drawer()
        monkeypatch.setattr(Drawer, "__module__", "keyring.backends.SecretService")
        chain = null.Keyring()
        monkeypatch.setattr(chain, "backends", [fail.Keyring(), real], raising=False)
        monkeypatch.setattr("keyring.get_keyring", lambda: chain)
        assert real_keyring() is real

    def test_a_key_file_goes_before_a_key_ring_that_came_later(self, tmp_path: Path, monkeypatch):
        monkeypatch.setattr(Drawer, "__module__", "keyring.backends.SecretService")
        monkeypatch.setattr("keyring.get_keyring", Drawer)
        assert isinstance(choose_store(data_dir=tmp_path), KeyringStore)
        Keys.create(FileStore(tmp_path / "branch_desk.key"))
        assert isinstance(choose_store(data_dir=tmp_path), FileStore)
        credential = choose_store(data_dir=tmp_path, credential=tmp_path / "c")
        assert isinstance(credential, CredentialStore)


def test_keys_show_no_material_and_are_not_pickled(tmp_path):
    path = tmp_path / "key"
    keys = Keys.create(FileStore(path))
    shown = repr(keys) + str(keys) + repr(vars(keys))
    for word in path.read_text().split('"'):
        if len(word) > 20:
            assert word not in shown
    assert repr(keys) == "Keys(FILE, versions=(1,), verifier=True)"
    with pytest.raises(TypeError):
        pickle.dumps(keys)
