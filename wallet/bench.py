"""What signing costs, measured against the libraries beneath it: both sides take turns in one run.

Times are this thread's own (nothing here waits), so other work on the machine counts for little and for both. A
sample is a batch of calls; medians and quartiles are told, and a ratio is the median of the turns' ratios.
"""

from __future__ import annotations

import hashlib
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from coincurve import PrivateKey, PublicKey

from wallet.address import checksum_address
from wallet.audit import Audit, FileAudit, MemoryAudit
from wallet.keccak import keccak
from wallet.keystore import decrypt_key, encrypt_key
from wallet.network import Network, Token
from wallet.policy_document import parse_policy
from wallet.secret import Secret
from wallet.signer import LocalSigner, SignatureRefused
from wallet.signing_service import Denied, SigningService
from wallet.typed_data import Instruction
from wallet.verification import recover

Action = Callable[[], object]
Turns = list[tuple[float, float]]
_SECRET: Final = keccak(b"bench")
_DIGEST: Final = keccak(b"payment")
_NOON_S: Final = 1_800_000_000.0


@dataclass(frozen=True)
class Spread:
    """Microseconds of one call, or a ratio: median, and the quartiles around it."""

    lower: float
    median: float
    upper: float


@dataclass(frozen=True)
class Figure:
    """One measurement. `ratio` is ours to the yardstick's (or to the limit's) time; it must be `at_most` that.

    Without `at_most` it is told and held to nothing.
    """

    what: str
    ours: Spread
    yardstick: str
    theirs: Spread | None
    ratio: Spread
    at_most: float | None

    @property
    def holds(self) -> bool | None:
        """Whether it is as quick as it has to be; None where nothing says how quick."""
        return None if self.at_most is None else self.ratio.median <= self.at_most


def measure(samples: int = 60) -> Iterator[Figure]:
    """Measure everything; with 60 samples about a minute, most of it key derivation."""
    key, signer = PrivateKey(_SECRET), LocalSigner(_SECRET)
    raw, signature = key.sign_recoverable(_DIGEST, hasher=None), signer.sign_digest(_DIGEST)

    def library_recover() -> PublicKey:
        return PublicKey.from_signature_and_message(raw, _DIGEST, hasher=None)

    def library_sign_and_recover() -> None:
        key.sign_recoverable(_DIGEST, hasher=None)
        library_recover()

    def library_recover_bytes() -> bytes:  # a key that can be compared; ours goes on to its address
        return library_recover().format(compressed=False)

    rate = 1 / 0.9
    turns = _in_turns(lambda: signer.sign_digest(_DIGEST), library_sign_and_recover, samples, 100)
    yield _figure("sign, checked by recovering", turns, "coincurve: sign, recover", rate)
    turns = _in_turns(
        lambda: signer.sign_digest(_DIGEST), lambda: key.sign_recoverable(_DIGEST, hasher=None), samples, 100
    )
    yield _figure("sign, checked by recovering (not held)", turns, "coincurve: sign alone, unchecked", None)
    turns = _in_turns(lambda: recover(_DIGEST, signature), library_recover_bytes, samples, 100)
    yield _figure("recover an address", turns, "coincurve: recover a key", rate)
    times = [_once_us(pay, 1) for pay in [_paying(signer, MemoryAudit())] for _ in range(20 * samples)]
    of_the_limit = _spread([time_us / 1000 for time_us in times])
    yield Figure("a payment: hash, policy, sign, verify, audit", _spread(times), "1 ms", None, of_the_limit, 1)
    yield _on_disk(signer, samples)
    turns = _in_turns(_unlocking(), _derivation, max(4, samples // 6), 1)
    yield _figure("unlock a keystore", turns, "hashlib: scrypt alone", 1.2)


def _on_disk(signer: LocalSigner, samples: int) -> Figure:
    """The same with every entry on disk before it counts: the clock's time here, for the disk's is the point."""
    with TemporaryDirectory() as directory:
        audit = FileAudit(Path(directory) / "log", 0)
        pay, times = _paying(signer, audit), []
        for _ in range(samples):
            started = time.perf_counter_ns()
            pay()
            times.append((time.perf_counter_ns() - started) / 1000)
        audit.close()
    of_the_limit = _spread([time_us / 1000 for time_us in times])
    return Figure("a payment, its log on disk (not held)", _spread(times), "1 ms", None, of_the_limit, None)


def _figure(what: str, turns: Turns, yardstick: str, at_most: float | None) -> Figure:
    ours, theirs = (_spread([turn[side] for turn in turns]) for side in (0, 1))
    return Figure(what, ours, yardstick, theirs, _spread([turn[0] / turn[1] for turn in turns]), at_most)


def _in_turns(ours: Action, theirs: Action, samples: int, batch: int) -> Turns:
    return [(_once_us(ours, batch), _once_us(theirs, batch)) for _ in range(samples)]


def _once_us(action: Action, batch: int) -> float:
    started = time.thread_time_ns()
    for _ in range(batch):
        action()
    return (time.thread_time_ns() - started) / 1000 / batch


def _spread(times_us: list[float]) -> Spread:
    return Spread(*statistics.quantiles(times_us, n=4))


def _derivation() -> bytes:
    return hashlib.scrypt(b"correct horse", salt=bytes(32), n=2**18, r=8, p=1, maxmem=2**29, dklen=32)


def _unlocking() -> Action:
    password = Secret(b"correct horse")
    document = encrypt_key(Secret(_SECRET), password)
    return lambda: decrypt_key(document, password)


def _paying(signer: LocalSigner, audit: Audit) -> Action:
    """One more instruction at each call, asked of a signing service that keeps this log."""
    tokens = {code: Token(code, _address(number), 2) for number, code in enumerate(("CNY", "AED"), 1)}
    network = Network("", 20022, _address(3), _address(4), tokens, {_address(5): "A Bank"})
    rules = [{"id": "pay", "then": "allow", "kinds": ["instruction"], "currencies": ["CNY"], "at_most": "1000000"}]
    limits = [{"id": "day", "currency": "CNY", "amount": str(10**15), "kinds": ["instruction"]}]
    policy = parse_policy({"version": 1, "utc_offset_min": 0, "rules": rules, "limits": limits})
    service = SigningService(network, [signer], policy, audit, lambda: _NOON_S)
    order = _order(signer.address)
    numbers = itertools.count(1)

    def pay() -> None:
        asked = replace(order, uetr=next(numbers).to_bytes(16, "big"))
        outcome = service.request(asked, signer.address, "engine")
        if isinstance(outcome, Denied):
            raise SignatureRefused("; ".join(outcome.reasons))

    return pay


def _order(debtor: str) -> Instruction:
    return Instruction(
        uetr=bytes(16),
        debtor_agent=debtor,
        creditor_agent=_address(5),
        debtor_account=debtor,
        creditor_account=_address(5),
        debit_token=_address(1),
        debit_amount=100_00,
        credit_token=_address(2),
        credit_amount=51_20,
        message_digest=_DIGEST,
        return_of=bytes(16),
        sequence=0,
        expiry=int(_NOON_S) + 60,
    )


def _address(number: int) -> str:
    return checksum_address(number.to_bytes(20, "big"))
