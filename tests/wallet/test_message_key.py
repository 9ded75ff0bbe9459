"""Message keys: sign and verify, rest encrypted, and are refused when their file was altered."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from wallet.encryption import LIGHT_COST, KeystoreRefused
from wallet.message_key import MessageKey, create_message_key, load_message_key, verify
from wallet.private_file import UnsafeFile
from wallet.secret import Secret

PASSWORD = Secret(b"correct horse")


def test_a_signature_is_deterministic_and_verifies(tmp_path: Path) -> None:
    key = create_message_key(tmp_path / "keys" / "message.json", PASSWORD, LIGHT_COST)
    signature = key.sign(b"pacs.008")
    Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, b"pacs.008")
    assert verify(key.public_key, b"pacs.008", signature)
    assert signature == key.sign(b"pacs.008")
    assert not verify(key.public_key, b"pacs.009", signature)
    assert not verify(key.public_key, b"pacs.008", signature[:-1])
    assert not verify(key.public_key[:-1], b"pacs.008", signature)
    again = load_message_key(tmp_path / "keys" / "message.json", PASSWORD)
    assert again.public_key == key.public_key
    assert again.sign(b"pacs.008") == signature


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    create_message_key(tmp_path / "message.json", PASSWORD, LIGHT_COST)
    with pytest.raises(FileExistsError):
        create_message_key(tmp_path / "message.json", PASSWORD, LIGHT_COST)


def test_altered_open_or_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "message.json"
    create_message_key(path, PASSWORD, LIGHT_COST)
    document = json.loads(path.read_text())
    with pytest.raises(KeystoreRefused, match="wrong password"):
        load_message_key(path, Secret(b"wrong"))
    document["crypto"]["cipherparams"]["iv"] = "00" * 16
    path.write_text(json.dumps(document))
    with pytest.raises(KeystoreRefused, match="another public key"):
        load_message_key(path, PASSWORD)
    path.write_text(json.dumps(document | {"kind": "keystore"}))
    with pytest.raises(KeystoreRefused, match="not a message key"):
        load_message_key(path, PASSWORD)
    path.chmod(0o644)
    with pytest.raises(UnsafeFile):
        load_message_key(path, PASSWORD)


def test_rfc_8032_vector_and_no_leak() -> None:
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = MessageKey(Secret(seed))
    assert key.public_key.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert key.sign(b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")
    assert seed.hex() not in repr(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(KeystoreRefused):
        MessageKey(Secret(b"short"))
