"""Words: every field is shown, unknown parties and tokens are said to be unknown, names cannot trick the eye."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from tests.wallet.actors import CREDITOR, DEBTOR, network_document
from tests.wallet.strategies import structs
from tests.wallet.test_typed_data import INSTRUCTION
from wallet.address import checksum_address
from wallet.network import Network, parse_network, printable
from wallet.typed_data import Position, Quote, Struct
from wallet.words import describe, time_in_words

TOKEN = checksum_address(b"\xc1" * 20)
NETWORK: Network = parse_network(network_document("http://127.0.0.1:1", 20022, TOKEN, TOKEN, TOKEN))


@given(structs)
def test_everything_signed_can_be_put_in_words(value: Struct) -> None:
    description = describe(value, NETWORK)
    assert description.title
    text = " ".join(text for _, text in description.lines)
    for name, kind in value.FIELDS:
        if kind == "address" and "token" not in name:
            assert getattr(value, name) in text


def test_known_parties_have_names_and_known_tokens_currencies() -> None:
    instruction = replace(
        INSTRUCTION,
        debtor_account=DEBTOR,
        creditor_account=CREDITOR,
        debit_token=TOKEN,
        credit_token=TOKEN,
        credit_amount=INSTRUCTION.debit_amount,
    )
    description = describe(instruction, NETWORK)
    lines = dict(description.lines)
    assert description.title == "Pay 100.00 CNY"
    assert lines["Debtor account"] == f"Debtor Ltd, customer of AAAACNBJ {DEBTOR}"
    assert lines["Creditor agent"].startswith("UNKNOWN 0x")
    assert lines["UETR"] == "01010101-0101-0101-0101-010101010101"
    assert lines["Valid until"] == "2027-01-15 08:00:00 UTC"
    assert "Return of" not in lines


def test_an_unknown_token_is_never_called_money() -> None:
    description = describe(INSTRUCTION, NETWORK)
    assert description.title.startswith("Pay 10000 minor units of an UNKNOWN token at 0x")
    assert ", of which 5120 minor units of an UNKNOWN token" in description.title


def test_a_return_says_of_what() -> None:
    description = describe(replace(INSTRUCTION, return_of=b"\x02" * 16), NETWORK)
    assert dict(description.lines)["Return of"] == "02020202-0202-0202-0202-020202020202"


def test_a_quote_says_what_is_taken_and_given() -> None:
    quote = Quote(b"\1" * 16, DEBTOR, CREDITOR, TOKEN, 100, TOKEN, 7, 2**64 - 1)
    description = describe(quote, NETWORK)
    assert description.title == "Promise to take 1.00 CNY and give 0.07 CNY, once"
    assert dict(description.lines)["Valid until"].startswith("for ever")


def test_a_position_says_whether_it_pays_or_receives() -> None:
    paid = Position(b"\1" * 32, b"\2" * 32, TOKEN, -100, 2**64 - 1)
    assert describe(paid, NETWORK).title == "Agree to pay 1.00 CNY, net, in one cycle of netting"
    received = describe(replace(paid, net_amount=7), NETWORK)
    assert dict(received.lines)["Net received"] == "0.07 CNY"


def test_names_cannot_move_the_cursor_or_turn_the_line() -> None:
    assert printable("Bank\x1b[2K\u202e\u200bA\n") == "Bank\ufffd[2K\ufffd\ufffdA\ufffd"
    assert printable("Банк 银行 مصرف") == "Банк 银行 مصرف"


def test_times_are_in_utc() -> None:
    assert time_in_words(0) == "1970-01-01 00:00:00 UTC"
