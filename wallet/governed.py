"""A keystore with a policy: `policy.json` beside its keys says what they may sign, `audit.log` what they did.

Whoever can write to the folder can change both; the log's newest hash belongs somewhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from wallet.audit import Entry, FileAudit, read_entries
from wallet.json_input import parse_json
from wallet.network import Network
from wallet.policy import Policy
from wallet.policy_document import BadPolicy, parse_policy
from wallet.private_file import read_private
from wallet.signer import Signature, SignatureRefused, Signer
from wallet.signing_service import SigningService

POLICY_FILE: Final = "policy.json"
AUDIT_LOG: Final = "audit.log"
_MAX_POLICY_BYTES: Final = 1024 * 1024


class LockedSigner:
    """The address of a key that is here and was not unlocked: requests to it may wait, nothing is signed."""

    def __init__(self, address: str) -> None:
        self.address = address

    def sign_digest(self, digest: bytes) -> Signature:
        """Refuse. Raises SignatureRefused."""
        del digest
        raise SignatureRefused(f"the key of {self.address} was not unlocked")


def is_governed(directory: Path) -> bool:
    """Whether a keystore's keys sign only through a policy."""
    return (directory / POLICY_FILE).exists()


def policy_beside(directory: Path) -> Policy:
    """Return the policy of a keystore. Raises BadPolicy, UnsafeFile (it must have mode 0600)."""
    file = directory / POLICY_FILE
    content = read_private(file, _MAX_POLICY_BYTES)
    try:
        return parse_policy(parse_json(content, most_bytes=_MAX_POLICY_BYTES, most_objects=10_000))
    except ValueError as error:
        raise BadPolicy(f"{file}: {error}") from error


def entries_beside(directory: Path) -> list[Entry]:
    """Return the log of a keystore, which another process may be writing to. Raises AuditBroken."""
    try:
        content = (directory / AUDIT_LOG).read_bytes()
    except FileNotFoundError:
        return []
    return list(read_entries(content[: content.rfind(b"\n") + 1]))


@contextmanager
def service_beside(
    directory: Path,
    network: Network,
    unlocked: Iterable[Signer],
    addresses: Iterable[str],
    clock: Callable[[], float],
) -> Iterator[SigningService]:
    """A signing service over a keystore's policy and log, for as long as it is needed; one process at a time.

    `unlocked` are the keys that can sign; what waits for another of `addresses` goes on waiting. Raises BadPolicy,
    UnsafeFile, AuditBroken, AuditBusy.
    """
    able = {signer.address: signer for signer in unlocked}
    signers = [able.get(address) or LockedSigner(address) for address in addresses]
    audit = FileAudit(directory / AUDIT_LOG, int(clock() * 1000))
    try:
        yield SigningService(network, signers, policy_beside(directory), audit, clock)
    finally:
        audit.close()
