"""Three banks, an FX provider, two customers and an authority on an engine, and the signatures they give."""

from __future__ import annotations

from dataclasses import astuple
from hashlib import sha256
from typing import Any

from contracts.roles import HoldPower, ParticipantRole
from node.ledger.settlement_contract import NO_QUOTE
from tests.property.engine import Deployed, Engine
from tests.property.model import MAX_AMOUNT, MAX_BALANCE, MAX_DAILY, Model, Payment
from tests.property.model import Currency as ModelCurrency
from wallet.signer import LocalSigner
from wallet.typed_data import Acceptance, Instruction, Quote, Struct, domain_separator, signing_digest, struct_hash

CURRENCIES = ("CNY", "AED")
BANKS = ("bank a", "bank b", "bank c")
CUSTOMERS = ("customer a", "customer b")
PROVIDER = "fx provider"
HOLDERS = (*BANKS, PROVIDER, *CUSTOMERS)
AUTHORITY = "authority"
CLEARING_AGENT = "clearing agent"
FIRST_MONEY = 300_000_00
ALL_TOKEN_ROLES = 63
AMOUNT_MASK = 2**80 - 1

KEYS = {
    who: LocalSigner(sha256(f"property: {who}".encode()).digest()) for who in (*HOLDERS, AUTHORITY, CLEARING_AGENT)
}
ADDRESS = {who: signer.address for who, signer in KEYS.items()}
ROLES = {address: who for who, address in ADDRESS.items()}


class Town:
    """The deployed contracts, everybody with some money in both currencies, the customers in the capped tier."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        admin = ADDRESS[AUTHORITY]
        self.registry = engine.deploy(admin, "ParticipantRegistry", admin)
        self.settlement = engine.deploy(admin, "Settlement", self.registry.address)
        self.holds = engine.deploy(admin, "Holds")
        self.tokens = {currency: self._token(currency) for currency in CURRENCIES}
        self._register()
        self._domain = domain_separator(engine.chain_id, self.settlement.address)
        # A bank's account has nothing but a balance at first, so its word is that.
        self._accounts = engine.find_words(self.tokens[CURRENCIES[0]], ADDRESS[BANKS[0]], FIRST_MONEY)

    def model(self) -> Model:
        """The model of the town as it is now."""
        model = Model(
            {currency: ModelCurrency() for currency in CURRENCIES},
            dict.fromkeys((*BANKS, PROVIDER, CLEARING_AGENT), True),
        )
        for currency in model.currencies.values():
            for who in HOLDERS:
                account = currency.of(who)
                account.balance, account.capped = self._first_money(who), who in CUSTOMERS
            currency.outstanding = sum(account.balance for account in currency.accounts.values())
        return model

    def code_of(self, token: str) -> str:
        """The currency of a token."""
        return next(code for code, deployed in self.tokens.items() if deployed.address == token)

    def account(self, currency: str, who: str) -> tuple[int, int, bool]:
        """Balance, held amount and freeze, as the token's account word packs them."""
        word = self.engine.word(self.tokens[currency], self._accounts, ADDRESS[who])
        return word & AMOUNT_MASK, word >> 80 & AMOUNT_MASK, word >> 255 == 1

    def sign(self, who: str, value: Struct) -> bytes:
        return KEYS[who].sign_digest(signing_digest(self._domain, value)).to_bytes()

    def settle_arguments(self, payment: Payment) -> tuple[Any, ...]:
        """The arguments of settle; a payment that is not well signed is signed by somebody else."""
        instruction = self.instruction(payment)
        debtor = payment.debtor if payment.well_signed else AUTHORITY
        agent = b"" if payment.debtor == payment.debtor_agent else self.sign(payment.debtor_agent, instruction)
        accepted = Acceptance(struct_hash(instruction), payment.expiry)
        acceptance = self.sign(payment.creditor_agent, accepted)
        signatures = (self.sign(debtor, instruction), agent, acceptance, payment.expiry)
        if payment.provider is None:
            return astuple(instruction), signatures, NO_QUOTE, b""
        quote = self._quote(payment)
        return astuple(instruction), signatures, astuple(quote), self.sign(payment.provider, quote)

    def instruction(self, payment: Payment) -> Instruction:
        return Instruction(
            uetr=payment.uetr,
            debtor_agent=ADDRESS[payment.debtor_agent],
            creditor_agent=ADDRESS[payment.creditor_agent],
            debtor_account=ADDRESS[payment.debtor],
            creditor_account=ADDRESS[payment.creditor],
            debit_token=self.tokens[payment.sold].address,
            debit_amount=payment.sold_amount,
            credit_token=self.tokens[payment.bought].address,
            credit_amount=payment.bought_amount,
            message_digest=bytes(32),
            return_of=payment.returns or bytes(16),
            sequence=payment.sequence,
            expiry=payment.expiry,
        )

    def _quote(self, payment: Payment) -> Quote:
        assert payment.provider is not None
        bound = payment.uetr[:6] + bytes([0x80 | payment.uetr[6] & 0x0F]) + payment.uetr[7:]
        return Quote(
            id=payment.free_quote or bound,
            provider=ADDRESS[payment.provider],
            taker=ADDRESS[payment.debtor_agent],
            sell_token=self.tokens[payment.sold].address,
            sell_amount=payment.sold_amount,
            buy_token=self.tokens[payment.bought].address,
            buy_amount=payment.bought_amount,
            expiry=payment.expiry,
        )

    def _token(self, currency: str) -> Deployed:
        engine, admin = self.engine, ADDRESS[AUTHORITY]
        token = engine.deploy(admin, "CurrencyToken", f"Digital {currency}", currency, 2, admin)
        engine.must(admin, token, "grant_role", admin, ALL_TOKEN_ROLES)
        engine.must(admin, token, "set_issue_allowance", admin, 10**15)
        engine.must(admin, token, "set_settlement_operator", self.settlement.address)
        engine.must(admin, token, "set_hold_operator", self.holds.address, HoldPower.HOLD)
        engine.must(admin, token, "set_tier", 1, MAX_BALANCE, MAX_AMOUNT, MAX_DAILY)
        for who in HOLDERS:
            engine.must(admin, token, "issue", ADDRESS[who], self._first_money(who), bytes(32))
        for who in CUSTOMERS:
            engine.must(admin, token, "set_account_tier", ADDRESS[who], 1)
        return token

    def _register(self) -> None:
        engine, admin = self.engine, ADDRESS[AUTHORITY]
        engine.must(admin, self.registry, "grant_role", admin, 3)
        for currency, token in self.tokens.items():
            engine.must(admin, self.registry, "list_token", currency, token.address)
        roles = {PROVIDER: ParticipantRole.FX_PROVIDER, CLEARING_AGENT: ParticipantRole.CLEARING_AGENT}
        for number, who in enumerate((*BANKS, *roles)):
            role = roles.get(who, ParticipantRole.BANK)
            details = (f"PROPCN{number:02d}", f"{number:020d}", who, role, b"\x05" * 32, "https://x.example", "CN")
            engine.must(admin, self.registry, "register", ADDRESS[who], *details)

    @staticmethod
    def _first_money(who: str) -> int:
        return FIRST_MONEY // 20 if who in CUSTOMERS else FIRST_MONEY
