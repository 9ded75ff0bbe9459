"""Partners by signed assertion and sandbox keys: who is let in, to do what, for how long, and who is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from api.credentials import new_key, public_key_of
from api.routes.tokens import ASSERTION_TYPE
from cli.access import app as access_command
from cli.running_network import RunningNetwork
from node.book.callers import CallerRecord
from tests.api.expectations import problem
from tests.network import BANK_CN, Bank, Transfer

PARTNER = Ed25519PrivateKey.generate()
OUTSIDER = Ed25519PrivateKey.generate()
SCOPES = frozenset({"payments:read", "messages:write"})


def pem(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


def admit(bank: Bank, **changes: Any) -> CallerRecord:
    record = CallerRecord(
        **{
            "name": f"client:p{uuid.uuid4().hex[:12]}",
            "digest": None,
            "public_key": pem(PARTNER),
            "scopes": SCOPES,
            "expires_s": None,
            "revoked": False,
            "created_at": datetime.now(UTC),
            **changes,
        }
    )
    with bank.office.book.unit() as unit:
        assert unit.callers.add(record)
    return record


@pytest.fixture(scope="module")
def partner(debtor_agent: Bank) -> str:
    return admit(debtor_agent).name.removeprefix("client:")


def assertion(bank: Bank, client: str, key: Any = PARTNER, algorithm: str = "EdDSA", **changes: Any) -> str:
    claims = {
        "iss": client,
        "sub": client,
        "aud": bank.entry["api_url"] + "/oauth/token",
        "exp": int(time.time()) + 60,
        "jti": uuid.uuid4().hex,
        **changes,
    }
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm)


def ask(bank: Bank, signed: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
        **changes,
    }
    return httpx.post(bank.entry["api_url"] + "/oauth/token", data=form, trust_env=False, timeout=60)


def token(bank: Bank, client: str, **changes: str) -> str:
    answer = ask(bank, assertion(bank, client), **changes)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def get(bank: Bank, path: str, credential: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {credential}"}
    return httpx.get(bank.entry["api_url"] + path, headers=headers, trust_env=False, timeout=60)


def test_a_partner_gets_a_short_token_and_does_what_it_may(debtor_agent: Bank, partner: str) -> None:
    answer = ask(debtor_agent, assertion(debtor_agent, partner))
    told = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 300)
    assert frozenset(told["scope"].split()) == SCOPES
    headers = {"Authorization": f"Bearer {told['access_token']}", "Content-Type": "application/xml"}
    url = debtor_agent.entry["api_url"]
    transfer = Transfer(amount="99999999.00")
    sent = httpx.post(
        url + "/v1/iso20022/messages", content=transfer.body(), headers=headers, trust_env=False, timeout=60
    )
    assert sent.status_code == 202, sent.text
    assert get(debtor_agent, f"/v1/payments/{transfer.uetr}", told["access_token"]).status_code == 200
    debtor_agent.ended(transfer.uetr)


def test_what_is_out_of_scope_is_forbidden(debtor_agent: Bank, partner: str) -> None:
    held = token(debtor_agent, partner)
    problem(get(debtor_agent, "/v1/accounts", held), 403, "scope_missing")
    problem(get(debtor_agent, "/v1/webhook-endpoints", held), 403, "scope_missing")


def test_a_token_may_be_narrowed_and_not_widened(debtor_agent: Bank, partner: str) -> None:
    narrow = token(debtor_agent, partner, scope="payments:read")
    assert get(debtor_agent, "/v1/payments", narrow).status_code == 200
    url = debtor_agent.entry["api_url"] + "/v1/iso20022/messages"
    answer = httpx.post(url, headers={"Authorization": f"Bearer {narrow}"}, trust_env=False, timeout=60)
    problem(answer, 403, "scope_missing")
    wide = ask(debtor_agent, assertion(debtor_agent, partner), scope="payments:read accounts:read")
    assert (wide.status_code, wide.json()["error"]) == (400, "invalid_scope")


def test_a_client_that_may_everything_narrows_its_token_too(debtor_agent: Bank) -> None:
    client = admit(debtor_agent, scopes=frozenset({"*"})).name.removeprefix("client:")
    narrow = token(debtor_agent, client, scope="payments:read")
    assert get(debtor_agent, "/v1/payments", narrow).status_code == 200
    problem(get(debtor_agent, "/v1/accounts", narrow), 403, "scope_missing")
    assert get(debtor_agent, "/v1/accounts", token(debtor_agent, client)).status_code == 200


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "PS256"),
    ],
    ids=["ES256", "PS256"],
)
def test_other_kinds_of_keys_serve_too(debtor_agent: Bank, key: Any, algorithm: str) -> None:
    client = admit(debtor_agent, public_key=pem(key)).name.removeprefix("client:")
    assert ask(debtor_agent, assertion(debtor_agent, client, key, algorithm)).status_code == 200
    wrong = jwt.encode({"iss": client, "sub": client}, "x" * 32, "HS256")
    assert ask(debtor_agent, wrong).status_code == 401


WRONG: dict[str, Callable[[Bank, str], str]] = {
    "by another key": lambda bank, client: assertion(bank, client, OUTSIDER),
    "for another audience": lambda bank, client: assertion(bank, client, aud="https://elsewhere.example"),
    "expired": lambda bank, client: assertion(bank, client, exp=int(time.time()) - 60),
    "for too long": lambda bank, client: assertion(bank, client, exp=int(time.time()) + 3600),
    "not yet": lambda bank, client: assertion(bank, client, nbf=int(time.time()) + 60),
    "issued in the future": lambda bank, client: assertion(bank, client, iat=int(time.time()) + 60),
    "without expiry": lambda bank, client: assertion(bank, client, exp=None),
    "without jti": lambda bank, client: assertion(bank, client, jti=None),
    "with an odd jti": lambda bank, client: assertion(bank, client, jti="x" * 200),
    "with an odd expiry": lambda bank, client: assertion(bank, client, exp=True),
    "issued by another": lambda bank, client: assertion(bank, client, iss="another"),
    "by a stranger": lambda bank, _client: assertion(bank, "stranger"),
    "unsigned": lambda bank, client: assertion(bank, client, None, "none"),
    "signed with the public key as a secret": lambda bank, client: _confused(bank, client=client),
    "no JWT": lambda _bank, _client: "a.b.c",
    "nothing": lambda _bank, _client: "",
}


def _confused(bank: Bank, *, client: str) -> str:
    """HS256 with the text of the public key, which a careless verifier would take."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
    body = assertion(bank, client).split(".")[1].encode()
    made = hmac.new(pem(PARTNER).encode(), head + b"." + body, hashlib.sha256).digest()
    return b".".join((head, body, base64.urlsafe_b64encode(made).rstrip(b"="))).decode()


@pytest.mark.parametrize("wrong", WRONG)
def test_an_assertion_that_proves_nothing_gets_nothing(debtor_agent: Bank, partner: str, wrong: str) -> None:
    answer = ask(debtor_agent, WRONG[wrong](debtor_agent, partner))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_assertion_is_good_once(debtor_agent: Bank, partner: str) -> None:
    signed = assertion(debtor_agent, partner)
    assert ask(debtor_agent, signed).status_code == 200
    assert ask(debtor_agent, signed).status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "other"}, "invalid_client"),
    ],
)
def test_another_kind_of_request_is_refused(
    debtor_agent: Bank, partner: str, changes: dict[str, str], error: str
) -> None:
    assert ask(debtor_agent, assertion(debtor_agent, partner), **changes).json()["error"] == error


def test_a_field_given_twice_or_not_at_all_is_refused(debtor_agent: Bank) -> None:
    url = debtor_agent.entry["api_url"] + "/oauth/token"
    for body in (b"", b"grant_type=client_credentials", b"grant_type=a&grant_type=b", b"\xff=\xff"):
        answer = httpx.post(url, content=body, trust_env=False, timeout=60)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_form_of_more_fields_than_anybody_needs_is_refused(debtor_agent: Bank) -> None:
    form = {f"field_{number}": "" for number in range(30)}
    answer = httpx.post(debtor_agent.entry["api_url"] + "/oauth/token", data=form, trust_env=False, timeout=60)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_token_of_another_institution_opens_nothing(debtor_agent: Bank, third_bank: Bank, partner: str) -> None:
    held = token(debtor_agent, partner)
    problem(get(third_bank, "/v1/payments", held), 401, "credential_wrong")


def test_a_token_that_was_changed_opens_nothing(debtor_agent: Bank, partner: str) -> None:
    head, body, signature = token(debtor_agent, partner).split(".")
    claims = jwt.decode(f"{head}.{body}.{signature}", options={"verify_signature": False})
    wider = jwt.encode({**claims, "scope": "accounts:read"}, OUTSIDER, "EdDSA", headers={"typ": "at+jwt"})
    for forged in (
        f"{head}.{wider.split('.')[1]}.{signature}",
        wider,
        assertion(debtor_agent, partner),
        f"{head}.{body}.",
    ):
        problem(get(debtor_agent, "/v1/payments", forged), 401, "credential_wrong")


def test_revoking_a_client_ends_its_tokens_too(debtor_agent: Bank) -> None:
    client = admit(debtor_agent).name.removeprefix("client:")
    held = token(debtor_agent, client)
    with debtor_agent.office.book.unit() as unit:
        assert unit.callers.revoke(f"client:{client}")
    problem(get(debtor_agent, "/v1/payments", held), 401, "credential_wrong")
    assert ask(debtor_agent, assertion(debtor_agent, client)).status_code == 401


def test_an_api_key_is_kept_as_its_digest_and_has_scopes_and_an_end(debtor_agent: Bank) -> None:
    name = f"k{uuid.uuid4().hex[:8]}"
    key, digest = new_key(name)
    until = datetime.now(UTC) + timedelta(seconds=3600)
    admit(debtor_agent, name=f"key:{name}", digest=digest, public_key=None, expires_s=until.timestamp())
    assert get(debtor_agent, "/v1/payments", key).status_code == 200
    problem(get(debtor_agent, "/v1/accounts", key), 403, "scope_missing")
    problem(
        get(debtor_agent, "/v1/payments", key[:-1] + ("A" if key[-1] != "A" else "B")), 401, "credential_wrong"
    )
    over, its_digest = new_key(f"{name}o")
    admit(debtor_agent, name=f"key:{name}o", digest=its_digest, public_key=None, expires_s=time.time() - 1)
    problem(get(debtor_agent, "/v1/payments", over), 401, "credential_wrong")


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024),
        ec.generate_private_key(ec.SECP256K1()),
        X25519PrivateKey.generate(),
    ],
)
def test_a_key_that_is_short_or_signs_no_assertion_is_not_taken(key: Any, debtor_agent: Bank) -> None:
    with pytest.raises(ValueError, match="another kind"):
        public_key_of(pem(key))
    client = admit(debtor_agent, public_key=pem(key)).name.removeprefix("client:")  # as one may be kept already
    assert ask(debtor_agent, assertion(debtor_agent, client)).status_code == 401


def test_the_command_makes_lists_and_revokes(network: RunningNetwork, debtor_agent: Bank, tmp_path: Path) -> None:
    folder = str(network.data / "institutions" / BANK_CN)
    out = tmp_path / "key"
    database = network.options.database
    run = CliRunner(env={"CORRIDOR_DATABASE": database} if database else {}).invoke
    made = run(
        access_command,
        ["add-key", "desk", "--institution", folder, "--scope", "payments:read", "--out", str(out)],
    )
    assert made.exit_code == 0, made.output
    assert out.stat().st_mode & 0o777 == 0o600
    key = out.read_text()
    assert key not in made.output
    assert get(debtor_agent, "/v1/payments", key).status_code == 200
    public = tmp_path / "partner.pem"
    public.write_text(pem(PARTNER))
    added = run(
        access_command,
        ["add-client", "acme", "--institution", folder, "--scope", "*", "--public-key", str(public)],
    )
    assert added.exit_code == 0, added.output
    assert ask(debtor_agent, assertion(debtor_agent, "acme")).status_code == 200
    listed = run(access_command, ["list", "--institution", folder])
    assert "key:desk" in listed.output
    assert "client:acme" in listed.output
    told = {
        one["caller"]: one
        for one in json.loads(run(access_command, ["list", "--json", "--institution", folder]).output)
    }
    assert (told["key:desk"]["scopes"], told["key:desk"]["revoked"]) == (["payments:read"], False)
    assert run(access_command, ["revoke", "key:desk", "--institution", folder]).exit_code == 0
    problem(get(debtor_agent, "/v1/payments", key), 401, "credential_wrong")
    again = run(
        access_command,
        ["add-key", "desk", "--institution", folder, "--scope", "payments:read", "--out", str(tmp_path / "b")],
    )
    assert again.exit_code == 2
    assert not (tmp_path / "b").exists()
    bad = ["add-key", "x", "--institution", folder, "--scope", "everything", "--out", str(tmp_path / "c")]
    assert run(access_command, bad).exit_code == 2
