"""The `crypto` section of a version 3 keystore: 32 secret bytes under a password, read without trust.

Stricter than eth-keyfile: the cost of the derivation is capped before it is paid, cipher and parameters are exact.
Its MAC does not cover the IV, so whoever decrypts must compare what comes out with a public identity.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from wallet.keccak import keccak
from wallet.secret import Secret

_KEY_BYTES: Final = 32
_MAX_SCRYPT_MEMORY: Final = 512 * 1024 * 1024  # bytes; scrypt needs 128 * n * r
_MAX_SCRYPT_WORK: Final = 2**24  # n * r * p: eight times the standard file, about 4 s
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")


class KeystoreRefused(ValueError):
    """A keystore that cannot be opened: malformed, doctored, too costly, or another password."""


@dataclass(frozen=True)
class ScryptCost:
    """What guessing a password costs: 128 * n * r bytes of memory and n * r * p steps."""

    n: int
    r: int = 8
    p: int = 1


STANDARD_COST: Final = ScryptCost(2**18)  # geth's default: about 0.5 s and 256 MiB
LIGHT_COST: Final = ScryptCost(2**12)  # 6 ms: for tests and throw-away networks


def encrypt(secret: Secret, password: Secret, cost: ScryptCost = STANDARD_COST) -> dict[str, object]:
    """Return the `crypto` section for 32 secret bytes. Raises KeystoreRefused: empty password, other length."""
    if len(secret) != _KEY_BYTES:
        raise KeystoreRefused(f"a keystore holds {_KEY_BYTES} bytes, not {len(secret)}")
    if len(password) == 0:
        raise KeystoreRefused("the password is empty")
    salt, iv = secrets.token_bytes(32), secrets.token_bytes(16)
    parameters = {"dklen": 32, "n": cost.n, "r": cost.r, "p": cost.p, "salt": salt.hex()}
    derived = _scrypt(parameters, password)
    ciphertext = _aes_128_ctr(derived, iv, secret.reveal())
    return {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": iv.hex()},
        "ciphertext": ciphertext.hex(),
        "kdf": "scrypt",
        "kdfparams": parameters,
        "mac": keccak(derived.reveal()[16:] + ciphertext).hex(),
    }


def decrypt(section: object, password: Secret) -> Secret:
    """Return the 32 bytes under a `crypto` section. Compare them with a public identity before using them.

    Raises KeystoreRefused: another password, or a section that is not exactly a version 3 one within the caps.
    """
    names = ("cipher", "cipherparams", "ciphertext", "kdf", "kdfparams", "mac")
    crypto = _exactly("crypto", section, names)
    if crypto["cipher"] != "aes-128-ctr":
        raise KeystoreRefused(f"crypto.cipher: {crypto['cipher']!r} is not aes-128-ctr")
    iv = _hex("crypto.cipherparams.iv", _exactly("crypto.cipherparams", crypto["cipherparams"], ("iv",))["iv"], 16)
    ciphertext = _hex("crypto.ciphertext", crypto["ciphertext"], _KEY_BYTES)
    mac = _hex("crypto.mac", crypto["mac"], 32)
    derived = _derivation(crypto["kdf"])(crypto["kdfparams"], password)
    if not hmac.compare_digest(mac, keccak(derived.reveal()[16:] + ciphertext)):
        raise KeystoreRefused("wrong password, or the file was altered")
    return Secret(_aes_128_ctr(derived, iv, ciphertext))


def _aes_128_ctr(derived: Secret, iv: bytes, data: bytes) -> bytes:
    cipher = Cipher(AES(derived.reveal()[:16]), CTR(iv)).encryptor()
    return cipher.update(data) + cipher.finalize()


def _derivation(kdf: object) -> Callable[[object, Secret], Secret]:
    if kdf == "scrypt":
        return _scrypt
    if kdf == "pbkdf2":
        return _pbkdf2
    raise KeystoreRefused(f"crypto.kdf: {kdf!r} is neither scrypt nor pbkdf2")


def _scrypt(section: object, password: Secret) -> Secret:
    where = "crypto.kdfparams"
    parameters = _exactly(where, section, ("dklen", "n", "p", "r", "salt"))
    _integer(f"{where}.dklen", parameters["dklen"], 32, 32)
    n = _integer(f"{where}.n", parameters["n"], 2, 2**24)
    r = _integer(f"{where}.r", parameters["r"], 1, 64)
    p = _integer(f"{where}.p", parameters["p"], 1, 8)
    if n & (n - 1):
        raise KeystoreRefused(f"{where}.n: {n} is not a power of two")
    if 128 * n * r > _MAX_SCRYPT_MEMORY or n * r * p > _MAX_SCRYPT_WORK:
        raise KeystoreRefused(f"{where}: n={n}, r={r}, p={p} cost more than a keystore may")
    salt = _salt(parameters["salt"])
    if n >= 1 << 16 * r:  # RFC 7914 forbids it and OpenSSL refuses it; published files have it (n=2**18, r=1)
        # Few files need it, and importing it takes 50 ms of every command.
        from Crypto.Protocol.KDF import scrypt as scrypt_beyond_rfc  # noqa: PLC0415

        return Secret(bytes(scrypt_beyond_rfc(password.reveal(), salt, 32, n, r, p)))  # type: ignore[arg-type]
    memory = 128 * r * (n + p + 2) + 2**20  # what OpenSSL counts, and a little room
    return Secret(hashlib.scrypt(password.reveal(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=32))


def _pbkdf2(section: object, password: Secret) -> Secret:
    where = "crypto.kdfparams"
    parameters = _exactly(where, section, ("c", "dklen", "prf", "salt"))
    _integer(f"{where}.dklen", parameters["dklen"], 32, 32)
    rounds = _integer(f"{where}.c", parameters["c"], 100_000, 10_000_000)
    if parameters["prf"] != "hmac-sha256":
        raise KeystoreRefused(f"{where}.prf: {parameters['prf']!r} is not hmac-sha256")
    salt = _salt(parameters["salt"])
    return Secret(hashlib.pbkdf2_hmac("sha256", password.reveal(), salt, rounds, 32))


def _salt(text: object) -> bytes:
    salt = _hex("crypto.kdfparams.salt", text, None)
    if not 8 <= len(salt) <= 64:
        raise KeystoreRefused(f"crypto.kdfparams.salt: {len(salt)} bytes are not within 8 .. 64")
    return salt


def _exactly(where: str, section: object, names: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(section, Mapping):
        raise KeystoreRefused(f"{where}: not an object")
    unknown, missing = sorted(map(str, section.keys() - set(names))), sorted(set(names) - section.keys())
    if unknown or missing:
        fault = f"unknown {unknown[0][:64]!r}" if unknown else f"missing {missing[0]!r}"
        raise KeystoreRefused(f"{where}: {fault}")
    return section


def _integer(where: str, number: object, least: int, most: int) -> int:
    if type(number) is not int or not least <= number <= most:
        raise KeystoreRefused(f"{where}: {str(number)[:40]} is not an integer within {least} .. {most}")
    return number


def _hex(where: str, text: object, length: int | None) -> bytes:
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise KeystoreRefused(f"{where}: not hexadecimal digits")
    raw = bytes.fromhex(text)
    if length is not None and len(raw) != length:
        raise KeystoreRefused(f"{where}: {len(raw)} bytes, not {length}")
    return raw
