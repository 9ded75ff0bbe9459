"""Who is at the keyboard, where several people must agree: known by an address, proven by unlocking its key."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.wallet_options import chosen, keystore_at, password
from cli.wallet_view import Declined, NotAllowed, show_json
from wallet.governed import policy_beside, service_beside
from wallet.intent import Intent
from wallet.network import Network
from wallet.policy import Policy
from wallet.policy_document import BadPolicy
from wallet.secret import Secret
from wallet.signer import LocalSigner
from wallet.signing_service import Denied, Pending, Signed

MeOption = Annotated[
    Path | None, typer.Option("--me", help="The directory of your own key, where a policy wants to know who acts.")
]
MePasswordFileOption = Annotated[
    Path | None, typer.Option("--me-password-file", help="Read your own key's password from a file, mode 0600.")
]


def person(policy: Policy, me: Path | None, password_file: Path | None) -> LocalSigner:
    """Unlock the key of whoever acts, who must be one of the policy's people. Raises BadPolicy."""
    if me is None:
        raise BadPolicy("this keystore signs by its policy.json, which wants to know who acts: say --me DIR")
    store = keystore_at(me)
    address = chosen(store, None)
    if address not in policy.people:
        raise BadPolicy(f"{address} is none of the policy's people")
    return store.unlock(address, password(password_file, None))


@dataclass(frozen=True)
class Asker:
    """How a keystore with a policy is asked: who acts, and whether the answer is for a program."""

    me: Path | None
    me_password_file: Path | None
    as_json: bool

    def ask(
        self, directory: Path, network: Network, intent: Intent, account: str, unlock: Callable[[], Secret]
    ) -> Signed:
        """Have an intent signed by `account` as the policy allows; `unlock` gives the keystore's password.

        Raises NotAllowed with the policy's reasons, and Declined where it waits for other people first.
        """
        policy = policy_beside(directory)
        mine = person(policy, self.me, self.me_password_file)
        store = keystore_at(directory)
        signer = store.unlock(account, unlock())
        with service_beside(directory, network, [signer], store.addresses(), time.time) as service:
            judged = service.request(intent, account, mine.address)
        if isinstance(judged, Denied):
            raise NotAllowed("the policy refuses: " + "; ".join(judged.reasons))
        if isinstance(judged, Pending):
            if self.as_json:
                show_json(waiting_json(judged))
            roles = ", ".join(sorted(judged.roles))
            raise Declined(f"it waits for {judged.missing} of {roles}: `corridor wallet approve {judged.request}`")
        return judged


def waiting_json(judged: Pending) -> dict[str, object]:
    """What waits, for programs."""
    roles = sorted(judged.roles)
    return {"request": judged.request, "status": "waiting", "missing": judged.missing, "roles": roles}
