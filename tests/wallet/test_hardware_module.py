"""Keys in a hardware module, for real against SoftHSM2: what signs, what is refused, and what a removal does."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType
from pkcs11.util.ec import encode_named_curve_parameters

from tests.wallet.soft_module import LABEL, PIN, SoftModule, soft_module
from tests.wallet.test_remote_signer import UNSIGNED
from wallet.hardware_module import HardwareModule
from wallet.keccak import keccak
from wallet.secret import Secret
from wallet.signature import HALF_ORDER
from wallet.signer import SignatureRefused, Signer, SignerUnreachable
from wallet.transaction import sign_transaction
from wallet.verification import recover

DIGEST = keccak(b"payment")
SECP256K1, P256 = "secp256k1", "secp256r1"


def make_key(soft: SoftModule, label: str, curve: str = SECP256K1, *, extractable: bool = False) -> None:
    """Have the module generate a key; then let go of it, as a tool run beforehand would."""
    library = pkcs11.lib(str(soft.library))
    with library.get_token(token_label=LABEL).open(user_pin=PIN.reveal().decode(), rw=True) as session:
        parameters = session.create_domain_parameters(
            KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
        )
        own = {Attribute.EXTRACTABLE: extractable, Attribute.SENSITIVE: not extractable}
        parameters.generate_keypair(store=True, label=label, private_template=own)
    library.finalize()


@pytest.fixture
def soft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftModule:
    soft = soft_module(tmp_path, monkeypatch)
    make_key(soft, "operator")
    return soft


@pytest.fixture
def module(soft: SoftModule) -> Iterator[HardwareModule]:
    module = soft.open()
    yield module
    module.close()


def test_a_transaction_and_digests_signed_inside_are_the_keys_own(module: HardwareModule) -> None:
    signer = module.signer("operator")
    protocol: Signer = signer
    assert sign_transaction(UNSIGNED, protocol).sender == signer.address
    for number in range(40):
        digest = keccak(bytes((number,)))
        signature = signer.sign_digest(digest)
        assert recover(digest, signature) == signer.address
        assert signature.s <= HALF_ORDER
    assert module.signer("operator", signer.address).address == signer.address


def test_the_module_itself_gives_high_s_and_a_new_nonce_every_time(module: HardwareModule) -> None:
    raw = [module.sign("operator", DIGEST) for _ in range(40)]
    assert len({signature[:32] for signature in raw}) == 40
    assert 0 < sum(int.from_bytes(signature[32:], "big") > HALF_ORDER for signature in raw) < 40


def test_threads_share_the_one_session(module: HardwareModule) -> None:
    signer = module.signer("operator")
    jobs = [keccak(number.to_bytes(2, "big")) for number in range(400)]
    with ThreadPoolExecutor(8) as threads:
        signatures = list(threads.map(signer.sign_digest, jobs))
    assert {recover(digest, made) for digest, made in zip(jobs, signatures, strict=True)} == {signer.address}


def test_a_module_removed_while_signing_is_said_and_works_again_once_it_is_back(
    soft: SoftModule, module: HardwareModule
) -> None:
    signer = module.signer("operator")
    failures: list[Exception] = []
    signing = threading.Event()

    def sign_until_it_fails() -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                assert recover(DIGEST, signer.sign_digest(DIGEST)) == signer.address
                signing.set()
            except SignerUnreachable as failure:
                failures.append(failure)
                return

    threads = [threading.Thread(target=sign_until_it_fails) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert signing.wait(60)
    soft.remove()
    for thread in threads:
        thread.join()
    assert len(failures) == 3
    assert all("did not sign" in str(failure) and LABEL in str(failure) for failure in failures)
    with pytest.raises(SignerUnreachable, match="NoSuchToken"):
        signer.sign_digest(DIGEST)
    soft.put_back()
    assert recover(DIGEST, signer.sign_digest(DIGEST)) == signer.address


def test_a_closed_module_opens_itself_again(module: HardwareModule) -> None:
    signer = module.signer("operator")
    module.close()
    assert recover(DIGEST, signer.sign_digest(DIGEST)) == signer.address


def test_a_key_that_could_leave_or_is_of_another_curve_is_refused(soft: SoftModule) -> None:
    make_key(soft, "loose", extractable=True)
    make_key(soft, "other curve", P256)
    make_key(soft, "operator")  # now two have this label
    module = soft.open()
    for label, reason in (
        ("loose", "can leave"),
        ("other curve", "not on secp256k1"),
        ("operator", "exactly one"),
        ("nobody's", "exactly one"),
    ):
        with pytest.raises(SignatureRefused, match=reason):
            module.signer(label)
    module.close()


def test_another_address_than_the_one_on_record_is_refused(module: HardwareModule) -> None:
    with pytest.raises(SignatureRefused, match="has address"):
        module.signer("operator", "0x" + "00" * 20)


def test_a_wrong_pin_is_tried_once(soft: SoftModule) -> None:
    module = soft.open(pin=Secret(b"1111"))
    for _ in range(20):
        with pytest.raises(SignatureRefused, match="refused the PIN"):
            module.signer("operator")
    right = soft.open()
    assert right.signer("operator").address  # the token is not locked
    right.close()


def test_no_such_token_or_library_is_unreachable(soft: SoftModule) -> None:
    with pytest.raises(SignerUnreachable, match="NoSuchToken"):
        soft.open(label="elsewhere").signer("operator")
    with pytest.raises(SignerUnreachable):
        SoftModule(Path("/nowhere/lib.so"), soft.tokens).open().signer("operator")


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_only_32_bytes_reach_the_module(module: HardwareModule, length: int) -> None:
    with pytest.raises(SignatureRefused, match="32 bytes"):
        module.signer("operator").sign_digest(bytes(length))


def test_the_pin_is_in_no_repr_and_the_module_is_never_pickled(module: HardwareModule) -> None:
    assert PIN.reveal().decode() not in repr(vars(module)) + repr(module)
    with pytest.raises(TypeError, match="PIN"):
        pickle.dumps(module)


def test_the_wallet_works_without_the_extra() -> None:
    """The core never imports what only the extras install."""
    program = (
        "import sys; sys.modules['pkcs11'] = sys.modules['boto3'] = sys.modules['botocore'] = None\n"
        "import wallet, wallet.signing_service, wallet.remote_signer, cli.wallet_keys, cli.wallet_send"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
