"""Asks other institutions who is behind an alias or an account, signed as everything between institutions is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from api.correspondent import HttpCorrespondent
from api.iso20022.codes import reason_code
from api.payee_schemas import PayeeAsked, PayeeFound, PayeesFound, PayeeVerified
from node.domain.alias import alias_of
from node.domain.party import Participant, ParticipantRole, ParticipantStatus
from node.settlement.office import Office
from node.settlement.payee_desk import PayeeAnswer, PayeeQuestion, find_payee, verify_payee
from node.settlement.ports import Unreachable

SEARCHES_PATH: Final = "/v1/interbank/payee-searches"
VERIFICATIONS_PATH: Final = "/v1/interbank/payee-verifications"
_ASKED_AT_ONCE: Final = 8
Wanted = TypeVar("Wanted", bound=BaseModel)


def search_network(office: Office, line: HttpCorrespondent, alias: str) -> PayeesFound:
    """Look for an alias here and at every other bank of the network, all at once."""
    here = search_here(office, alias)
    banks = [one for one in office.directory.participants() if _is_asked(office, one)]

    def ask(bank: Participant) -> PayeesFound | Unreachable:
        return _read(line, bank, SEARCHES_PATH, {"alias": alias}, PayeesFound)

    payees, silent = list(here.payees), list[str]()
    with ThreadPoolExecutor(max_workers=_ASKED_AT_ONCE) as pool:
        for bank, answer in zip(banks, pool.map(ask, banks), strict=True):
            if isinstance(answer, Unreachable):
                silent.append(bank.bic)
            else:
                payees += [found for found in answer.payees if found.agent == bank.bic]
    return PayeesFound(payees=payees, silent=silent)


def search_here(office: Office, alias: str) -> PayeesFound:
    """The account that an alias names in our own book."""
    payee = find_payee(office, alias_of(alias))
    if payee is None:
        return PayeesFound(payees=[], silent=[])
    found = PayeeFound(
        agent=office.bic,
        account=payee.account,
        scheme=payee.scheme,
        currency=payee.currency,
        masked_name=payee.masked_name,
    )
    return PayeesFound(payees=[found], silent=[])


def verify_at(line: HttpCorrespondent, bank: Participant, asked: PayeeAsked) -> PayeeVerified | Unreachable:
    """Ask the institution that keeps the account whether the name is its holder's."""
    return _read(line, bank, VERIFICATIONS_PATH, asked.model_dump(exclude={"agent"}), PayeeVerified)


def verify_here(office: Office, asked: PayeeAsked) -> PayeeVerified:
    """Compare a name with that of an account's holder in our own book."""
    alias = alias_of(asked.alias) if asked.alias else None
    return _verified(verify_payee(office, PayeeQuestion(asked.account, alias, asked.name, asked.currency)))


def _verified(answer: PayeeAnswer) -> PayeeVerified:
    reason = answer.reason
    return PayeeVerified(
        result=answer.match.value,
        name=answer.name,
        reason=reason.reason.sentence if reason else None,
        iso_reason=reason_code(reason) if reason else None,
        text=reason.text if reason else None,
    )


def _is_asked(office: Office, candidate: Participant) -> bool:
    return (
        ParticipantRole.BANK in candidate.roles
        and candidate.status is ParticipantStatus.ACTIVE
        and candidate.settlement_account != office.account
    )


def _read(
    line: HttpCorrespondent, bank: Participant, path: str, body: dict[str, str], model: type[Wanted]
) -> Wanted | Unreachable:
    answer = line.ask(bank, path, body)
    if isinstance(answer, Unreachable):
        return answer
    try:
        return _parsed(model.model_validate_json, answer.content, answer.status)
    except (ValidationError, ValueError) as fault:
        return Unreachable(f"{bank.bic} answered {answer.status} with something else: {type(fault).__name__}")


def _parsed(parse: Callable[[bytes], Wanted], content: bytes, status: int) -> Wanted:
    if status != 200:
        raise ValueError(status)
    return parse(content)
