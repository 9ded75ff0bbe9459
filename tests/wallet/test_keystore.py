"""Keystore files: opened with their password, refused with a reason otherwise, never another key."""

from __future__ import annotations

import copy
import json
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tests.wallet.vectors import vectors
from wallet.encryption import LIGHT_COST, KeystoreRefused, decrypt, encrypt
from wallet.keystore import Keystore, decrypt_key, encrypt_key, parse_document
from wallet.private_file import UnsafeFile
from wallet.secret import Secret
from wallet.signer import LocalSigner

SECRET = Secret(b"\x11" * 32)
PASSWORD = Secret(b"correct horse")
ADDRESS = LocalSigner(SECRET).address


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return encrypt_key(SECRET, PASSWORD, LIGHT_COST)


def test_a_key_comes_back_and_eth_account_reads_it_too(document: dict[str, Any]) -> None:
    assert decrypt_key(document, PASSWORD) == SECRET
    assert bytes(Account.decrypt(document, PASSWORD.reveal().decode())) == SECRET.reveal()


def test_eth_accounts_files_open_here() -> None:
    by_scrypt = Account.encrypt(SECRET.reveal(), "correct horse", kdf="scrypt", iterations=4096)
    by_pbkdf2 = Account.encrypt(SECRET.reveal(), "correct horse", kdf="pbkdf2", iterations=100_000)
    assert decrypt_key(by_scrypt, PASSWORD) == SECRET
    assert decrypt_key(by_pbkdf2, PASSWORD) == SECRET


@pytest.mark.parametrize("name", ["test1", "test2"])
def test_published_vectors_open_once_their_address_is_said(name: str) -> None:
    vector = json.loads((vectors() / "keystore-tests" / "basic_tests.json").read_text())[name]
    password, secret = Secret(vector["password"].encode()), Secret(bytes.fromhex(vector["priv"]))
    address = LocalSigner(secret).address
    assert decrypt_key(vector["json"], password, address) == secret
    with pytest.raises(KeystoreRefused, match="address: missing"):  # the vectors name none
        decrypt_key(vector["json"], password)
    with pytest.raises(KeystoreRefused, match="another address"):
        decrypt_key(vector["json"], password, ADDRESS)


def test_a_wrong_or_empty_password_is_refused(document: dict[str, Any]) -> None:
    for wrong in (b"wrong", b"", b"correct horse "):
        with pytest.raises(KeystoreRefused, match="wrong password"):
            decrypt_key(document, Secret(wrong))
    with pytest.raises(KeystoreRefused, match="empty"):
        encrypt_key(SECRET, Secret(b""), LIGHT_COST)
    with pytest.raises(KeystoreRefused, match="32 bytes, not 31"):
        encrypt(Secret(bytes(31)), PASSWORD, LIGHT_COST)


def test_a_changed_iv_gives_an_error_where_eth_account_gives_another_key(document: dict[str, Any]) -> None:
    doctored = copy.deepcopy(document)
    doctored["crypto"]["cipherparams"]["iv"] = "00" * 16
    assert bytes(Account.decrypt(doctored, PASSWORD.reveal().decode())) != SECRET.reveal()
    with pytest.raises(KeystoreRefused, match="altered"):
        decrypt_key(doctored, PASSWORD)


DOCTORED: list[tuple[str, object]] = [
    ("version", 4),
    ("version", True),
    ("version", "3"),
    ("address", "00" * 20),
    ("address", "00" * 19),
    ("address", None),
    ("address", 7),
    ("crypto", None),
    ("crypto.cipher", "aes-256-ctr"),
    ("crypto.cipher", "AES-128-CTR"),
    ("crypto.cipherparams.iv", "00" * 15),
    ("crypto.cipherparams.extra", 1),
    ("crypto.ciphertext", "00" * 32),
    ("crypto.ciphertext", "00" * 31),
    ("crypto.ciphertext", "0x" + "00" * 32),
    ("crypto.ciphertext", "zz" * 32),
    ("crypto.mac", "00" * 32),
    ("crypto.mac", ""),
    ("crypto.kdf", "argon2id"),
    ("crypto.kdf", ["scrypt"]),
    ("crypto.extra", 1),
    ("crypto.kdfparams.dklen", 64),
    ("crypto.kdfparams.n", 4095),
    ("crypto.kdfparams.n", 2**22),
    ("crypto.kdfparams.n", 2**62),
    ("crypto.kdfparams.n", 4096.0),
    ("crypto.kdfparams.n", -1),
    ("crypto.kdfparams.r", 0),
    ("crypto.kdfparams.r", 2**30),
    ("crypto.kdfparams.p", 9),
    ("crypto.kdfparams.p", True),
    ("crypto.kdfparams.salt", ""),
    ("crypto.kdfparams.salt", "00" * 65),
    ("crypto.kdfparams.salt", None),
    ("crypto.kdfparams.extra", 1),
]


@pytest.mark.parametrize(("path", "value"), DOCTORED)
def test_a_doctored_file_is_refused_before_it_costs_anything(
    document: dict[str, Any], path: str, value: object
) -> None:
    doctored = copy.deepcopy(document)
    *parents, name = path.split(".")
    place = doctored
    for parent in parents:
        place = place[parent]
    place[name] = value
    started = time.thread_time()
    with pytest.raises(KeystoreRefused):
        decrypt_key(doctored, PASSWORD)
    assert time.thread_time() - started < 1


@pytest.mark.parametrize(
    "change",
    [{"c": 99_999}, {"c": 10_000_001}, {"c": "100000"}, {"prf": "hmac-sha512"}, {"prf": None}, {"n": 2}],
)
def test_pbkdf2_parameters_are_exact_too(change: dict[str, object]) -> None:
    section = encrypt(SECRET, PASSWORD, LIGHT_COST)
    section["kdf"] = "pbkdf2"
    section["kdfparams"] = {"c": 100_000, "dklen": 32, "prf": "hmac-sha256", "salt": "00" * 32} | change
    with pytest.raises(KeystoreRefused, match=r"crypto\.kdfparams"):
        decrypt(section, PASSWORD)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"7", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_keystore_are_refused(raw: bytes) -> None:
    with pytest.raises(KeystoreRefused):
        parse_document(raw)


def test_a_directory_of_keys(tmp_path: Path) -> None:
    keystore = Keystore(tmp_path / "keys", LIGHT_COST)
    assert keystore.addresses() == []
    address = keystore.create(PASSWORD)
    added = keystore.add(SECRET, PASSWORD)
    assert added == ADDRESS
    assert keystore.addresses() == sorted([address, ADDRESS], key=str.lower)
    assert keystore.unlock(address, PASSWORD).address == address
    assert stat.S_IMODE(keystore.path(address).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == sorted(
        keystore.path(a).name for a in (address, ADDRESS)
    )
    with pytest.raises(FileExistsError):
        keystore.add(SECRET, PASSWORD)
    with pytest.raises(FileNotFoundError):
        keystore.unlock("0x" + "00" * 20, PASSWORD)


def test_a_file_under_another_address_is_refused(tmp_path: Path) -> None:
    keystore = Keystore(tmp_path, LIGHT_COST)
    address = keystore.create(PASSWORD)
    keystore.path(address).rename(keystore.path(ADDRESS))
    with pytest.raises(KeystoreRefused, match="address: not the one"):
        keystore.unlock(ADDRESS, PASSWORD)


def test_an_open_linked_or_huge_file_is_refused(tmp_path: Path) -> None:
    keystore = Keystore(tmp_path, LIGHT_COST)
    address = keystore.create(PASSWORD)
    path = keystore.path(address)
    path.chmod(0o640)
    with pytest.raises(UnsafeFile, match="open to others"):
        keystore.unlock(address, PASSWORD)
    path.chmod(0o600)
    moved = path.rename(tmp_path / "elsewhere")
    path.symlink_to(moved)
    with pytest.raises(UnsafeFile, match="cannot be read"):
        keystore.unlock(address, PASSWORD)
    path.unlink()
    path.mkdir()
    with pytest.raises(UnsafeFile, match="not a regular file"):
        keystore.unlock(address, PASSWORD)
    path.rmdir()
    path.write_bytes(b" " * 70_000)
    path.chmod(0o600)
    with pytest.raises(UnsafeFile, match="larger"):
        keystore.unlock(address, PASSWORD)


def test_at_most_two_unlocks_run_at_once(tmp_path: Path) -> None:
    gate = _CountingGate()
    keystore = Keystore(tmp_path, LIGHT_COST, gate)
    address = keystore.create(PASSWORD)
    threads = [threading.Thread(target=keystore.unlock, args=(address, PASSWORD)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gate.entered == 13  # twelve unlocks and the creation
    assert gate.most_at_once == 2


class _CountingGate(threading.BoundedSemaphore().__class__):  # type: ignore[misc]
    """The real gate of two, which also counts who is inside; the first to unlock stays until another has come."""

    def __init__(self) -> None:
        super().__init__(2)
        self._count, self._another = threading.Lock(), threading.Event()
        self.inside = self.entered = self.most_at_once = 0

    def __enter__(self) -> bool:
        super().acquire()
        with self._count:
            self.entered += 1
            self.inside += 1
            self.most_at_once = max(self.most_at_once, self.inside)
            first_to_unlock = self.entered == 2
            if self.inside == 2:
                self._another.set()
        assert not first_to_unlock or self._another.wait(60)
        return True

    def __exit__(self, *_: object) -> None:
        with self._count:
            self.inside -= 1
        super().release()
