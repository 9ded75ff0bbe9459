"""Translated code against py-evm's interpreter: the same outcome, gas, storage, logs and errors."""

from itertools import product
from random import Random

import pytest
from eth.exceptions import (
    FullStack,
    InsufficientStack,
    InvalidInstruction,
    InvalidJumpDestination,
    OutOfBoundsRead,
    OutOfGas,
    Revert,
    WriteProtection,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.node.chain.translation.programs import INTERESTING, PURE, Composer, noise, push
from tests.node.chain.translation.twin import FRIENDS, Call, assert_alike, translator

SEEDS = st.integers(0, 2**32 - 1)
PROGRAMS_IN_A_LONG_RUN = 20_000
pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode:DeprecationWarning")


def drawn_call(random: Random, code: bytes, friends: tuple[bytes, ...]) -> Call:
    """A call with enough gas, or with too little at some point or other."""
    little = random.choice([random.randrange(100), random.randrange(3_000), random.randrange(100_000)])
    gas = little if random.random() < 0.4 else 2_000_000
    return Call(
        code, random.randbytes(random.randrange(80)), gas, random.choice([0, 0, 5]), random.random() < 0.1, friends
    )


def check_noise(seed: int) -> None:
    random = Random(seed)
    code, friends = noise(random, random.randrange(5, 120)), tuple(noise(random, 60) for _ in FRIENDS)
    assert_alike(drawn_call(random, code, friends), translator(1), translator(2))


def check_program(seed: int) -> None:
    random = Random(seed)
    code = Composer(random).program(random.randrange(1, 14))
    friends = tuple(Composer(random).program(3) for _ in FRIENDS)
    assert_alike(drawn_call(random, code, friends), translator(1), translator(2))


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_noise(seed: int) -> None:
    check_noise(seed)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_programs(seed: int) -> None:
    check_program(seed)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 60_000))
def test_any_bytes(code: bytes, gas: int) -> None:
    assert_alike(Call(code, gas=gas))


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


@pytest.mark.parametrize("opcode", PURE)
@pytest.mark.parametrize("literal", [True, False])
def test_arithmetic_on_interesting_values(opcode: int, literal: bool) -> None:
    """Every pair of them, as literals in the code and as values known only when it runs."""
    operands = 1 if opcode in {0x15, 0x19} else 3 if opcode in {0x08, 0x09} else 2
    random = Random(opcode)
    tuples = list(product(INTERESTING, repeat=min(operands, 2)))
    if operands == 3:
        tuples = [(*pair, random.choice(INTERESTING)) for pair in tuples]
    for chunk in range(0, len(tuples), 60):
        chosen = tuples[chunk : chunk + 60]
        code, data = b"", b"".join(word(value) for values in chosen for value in values)
        for index, values in enumerate(chosen):
            for place, value in reversed(list(enumerate(values))):
                code += push(value) if literal else push(32 * (index * operands + place)) + b"\x35"
            code += bytes([opcode]) + push(32 * index) + b"\x52"
        assert_alike(Call(code + push(32 * len(chosen)) + push(0) + b"\xf3", data, 2_000_000), translator(1))


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_many_programs(part: int) -> None:
    for seed in range(part * PROGRAMS_IN_A_LONG_RUN, part * PROGRAMS_IN_A_LONG_RUN + PROGRAMS_IN_A_LONG_RUN // 10):
        check_program(seed)
        check_noise(seed)


LOOP = push(50) + b"\x5b" + push(1) + b"\x90\x03\x80" + push(2) + b"\x57"


def test_out_of_gas_at_every_unit() -> None:
    """A loop with memory, a hash, storage and gas read: it ends at the same instruction with any amount of gas."""
    body = b"\x80" + push(96) + b"\x52" + push(40) + push(77) + b"\x20\x50" + push(1) + b"\x54\x50\x5a\x50"
    program = push(3) + b"\x5b" + body + push(1) + b"\x90\x03\x80" + push(2) + b"\x57"
    once = translator(1)
    for gas in range(2_700):
        assert_alike(Call(program, gas=gas), once)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (b"\x01", InsufficientStack),
        (LOOP + b"\x50\x50", InsufficientStack),
        (LOOP + b"\x8f", InsufficientStack),
        (LOOP + b"\x9f", InsufficientStack),
        (b"\x5b" + push(1) + push(0) + b"\x56", FullStack),
        (push(1) + b"\x5b\x80" + push(2) + b"\x56", FullStack),
        (push(7) + b"\x56", InvalidJumpDestination),
        (push(4) + b"\x56\x60\x5b", InvalidInstruction),
        (push(1) + push(99) + b"\x57", InvalidJumpDestination),
        (b"\x34" + b"\x56", InvalidJumpDestination),
        (push(1) + b"\x34\x15\x57" + b"\x00", InvalidJumpDestination),
        (push(2**255) + b"\x51", OutOfGas),
        (push(1) + push(2**200) + b"\x20", OutOfGas),
        (push(2**40) + push(0) + b"\xf3", OutOfGas),
        (push(33) + push(0) + push(0) + b"\x3e", OutOfBoundsRead),
        (push(9) + push(0) + b"\xfd", Revert),
        (b"\xfe", InvalidInstruction),
        (b"\x0c", InvalidInstruction),
    ],
)
def test_each_way_to_fail(code: bytes, error: type[Exception]) -> None:
    done = assert_alike(Call(code))
    assert done["computation"]["error"][0] is error


@pytest.mark.parametrize(
    "code",
    [
        push(1) + push(1) + b"\x55",
        push(1) + push(1) + b"\x5d",
        push(0) + push(0) + b"\xa0",
        push(0) * 3 + b"\xf0",
        push(0) * 4 + b"\xf5",
        push(0) * 4 + push(1) + push(7) + push(9_000) + b"\xf1",
        push(7) + b"\xff",
    ],
)
def test_a_static_call_changes_nothing(code: bytes) -> None:
    done = assert_alike(Call(code, static=True))
    assert done["computation"]["error"][0] is WriteProtection


@pytest.mark.parametrize("original", [0, 1, 2])
@pytest.mark.parametrize("first", [0, 11, 5])
@pytest.mark.parametrize("second", [0, 11, 5])
@pytest.mark.parametrize("third", [0, 11, 7])
def test_every_price_of_a_slot(original: int, first: int, second: int, third: int) -> None:
    """EIP-2200's table with EIP-3529's refunds: slot 0 begins empty, slot 1 holds 11, slot 2 holds 22."""
    writes = b"".join(push(value) + push(original) + b"\x55" for value in (first, second, third))
    assert_alike(Call(writes), translator(1))


@pytest.mark.parametrize("gas", [2_300, 2_301, 2_306, 2_307, 4_400, 5_005, 5_006, 5_007, 22_105, 22_106, 22_107])
def test_a_slot_is_not_written_with_the_last_gas(gas: int) -> None:
    assert_alike(Call(push(1) + push(3) + b"\x55" + push(1) + b"\x50", gas=gas))


def test_what_is_read_after_a_call() -> None:
    """Returned data, by size and by copy, after each way to end a call."""
    friends = (
        push(0xABCD) + push(0) + b"\x52" + push(32) + push(0) + b"\xf3",
        push(0xEE) + push(0) + b"\x52" + push(32) + push(0) + b"\xfd",
        b"\xfe",
    )
    for number, friend in enumerate(FRIENDS):
        called = (
            push(64) + push(0) + push(0) + push(0) + push(0) + push(int.from_bytes(friend, "big")) + b"\x5a\xf1"
        )
        read = b"\x50\x3d\x80" + push(0) + push(64) + b"\x3e" + push(64) + b"\x51"
        done = assert_alike(
            Call(called + read + push(0) + b"\x52" + push(96) + push(0) + b"\xf3", friends=friends)
        )
        word = int.from_bytes(done["computation"]["output"][:32], "big")
        assert word == (0xABCD, 0xEE, 0)[number]


def test_the_stack_is_full_at_1024_and_not_before() -> None:
    """A loop leaves so many values; then three more come and go again, with no real push in between."""
    loop = push(1) + b"\x5b" + b"\x80" + push(1) + b"\x01"
    ends = set()
    for height in range(1_015, 1_026):
        code = loop + b"\x80" + b"\x61" + height.to_bytes(2, "big") + b"\x11" + push(2) + b"\x57"
        done = assert_alike(Call(code + b"\x80\x80\x80\x50\x50\x50\x00"))
        ends.add(done["computation"]["error"] is None)
    assert ends == {True, False}


def test_gas_is_told_exactly() -> None:
    code = b"".join(b"\x5a" + push(32 * index) + b"\x52" for index in range(9)) + push(300) + push(0) + b"\xf3"
    assert_alike(Call(LOOP + b"\x50" + code))


def test_a_contract_that_calls_itself_deeply() -> None:
    again = push(0) * 5 + b"\x30\x5a\xf1" + push(0) + b"\x52" + push(32) + push(0) + b"\xf3"
    assert_alike(Call(again, gas=400_000), translator(1), translator(3))
