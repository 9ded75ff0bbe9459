"""What translated code calls: the instructions that are more than an expression, on the way where they succeed.

Each follows py-evm's own function for Prague step by step, and returns "no" before it has changed anything when
the instruction would fail or cannot be paid for: py-evm's own function is then run in its place, and fails.
"""

from typing import Any, Final

from eth.vm.forks.berlin.constants import COLD_SLOAD_COST, WARM_STORAGE_READ_COST
from eth.vm.forks.london.storage import GAS_SCHEDULE_EIP3529

from node.chain.account_database import AccountDatabase
from node.chain.keccak import keccak

LEFT: Final = -1  # the stock interpreter must go on, at the computation's program counter
HALTED: Final = -2
CEILING: Final = 1 << 256
SIGN: Final = 1 << 255
SSTORE_RESERVE: Final = 2_300  # EIP-2200
LOG_BYTE_GAS: Final = 8
COPY_WORD_GAS: Final = 3

_SCHEDULE: Final = GAS_SCHEDULE_EIP3529
_NO_CHANGE: Final = _SCHEDULE.sload_gas, 0
_NEW: Final = _SCHEDULE.sstore_set_gas, 0


def leave(c: Any, s: list[int], deep: int, items: tuple[int, ...], pc: int, refund: int) -> int:
    """Put everything back as it is before the instruction at `pc`, gas included, and hand over."""
    if deep:
        del s[-deep:]
    s.extend(items)
    c.code.program_counter = pc
    c._gas_meter.gas_remaining += refund
    return LEFT


def grow(g: Any, m: Any, start: int, size: int) -> bool:
    """Pay for memory up to `start + size`, which is beyond its end, and have it."""
    before, after = len(m._bytes) >> 5, (start + size + 31) >> 5
    cost = 3 * after + after * after // 512 - 3 * before - before * before // 512
    if cost > g.gas_remaining:
        return False
    g.gas_remaining -= cost
    m.extend(start, size)
    return True


def pay(g: Any, cost: int) -> bool:
    """Pay for what is known only now."""
    if cost > g.gas_remaining:
        return False
    g.gas_remaining -= cost
    return True


def load_slot(c: Any, g: Any, slot: int) -> int | None:
    """SLOAD, by EIP-2929."""
    state, address = c.state._account_db, c.msg.storage_address
    warm = state.is_storage_warm(address, slot)
    cost = WARM_STORAGE_READ_COST if warm else COLD_SLOAD_COST
    if cost > g.gas_remaining:
        return None
    if not warm:
        state.mark_storage_warm(address, slot)
    g.gas_remaining -= cost
    found: int = state.get_storage(address, slot)
    return found


def store_slot(c: Any, g: Any, slot: int, value: int) -> bool:
    """SSTORE, by EIP-2200, 2929 and 3529."""
    if c.msg.is_static or g.gas_remaining <= SSTORE_RESERVE:
        return False
    state, address = c.state._account_db, c.msg.storage_address
    if isinstance(state, AccountDatabase):
        current, original = state.current_and_original(address, slot)
    else:  # py-evm's own, under a chain from elsewhere
        current, original = state.get_storage(address, slot), state.get_storage(address, slot, False)
    cost, refund = _store_price(current, original, value)
    warm = state.is_storage_warm(address, slot)
    if not warm:
        cost += COLD_SLOAD_COST
    if cost > g.gas_remaining:
        return False
    g.gas_remaining -= cost
    if refund:
        c.refund_gas(refund)
    state.set_storage(address, slot, value)
    if not warm:
        state.mark_storage_warm(address, slot)
    return True


def _store_price(current: int, original: int, value: int) -> tuple[int, int]:
    """Gas and refund of writing `value`, without what a cold slot costs."""
    if current == value:
        return _NO_CHANGE
    if original == current:
        if original == 0:
            return _NEW
        return _SCHEDULE.sstore_reset_gas, _SCHEDULE.sstore_clears_schedule if value == 0 else 0
    refund = 0
    if original != 0:
        if current == 0:
            refund -= _SCHEDULE.sstore_clears_schedule
        if value == 0:
            refund += _SCHEDULE.sstore_clears_schedule
    if original == value:
        back = _SCHEDULE.sstore_set_gas if original == 0 else _SCHEDULE.sstore_reset_gas
        refund += back - _SCHEDULE.sload_gas
    return _SCHEDULE.sload_gas, refund


def load_transient(c: Any, slot: int) -> int:
    """TLOAD, by EIP-1153."""
    return int.from_bytes(c.state.get_transient_storage(c.msg.storage_address, slot), "big")


def store_transient(c: Any, slot: int, value: int) -> bool:
    """TSTORE."""
    if c.msg.is_static:
        return False
    c.state.set_transient_storage(c.msg.storage_address, slot, value.to_bytes(32, "big"))
    return True


def write_log(c: Any, g: Any, m: Any, start: int, size: int, topics: tuple[int, ...]) -> bool:
    """LOG0 to LOG4; what each topic costs has been paid."""
    if c.msg.is_static or not pay(g, LOG_BYTE_GAS * size):
        return False
    if size and len(m._bytes) < start + size and not grow(g, m, start, size):
        g.gas_remaining += LOG_BYTE_GAS * size
        return False
    data = bytes(m._bytes[start : start + size])
    counter = c.transaction_context.get_next_log_counter()
    c._log_entries.append((counter, c.msg.storage_address, topics, data))
    return True


def copy_in(g: Any, m: Any, source: bytes, target: int, start: int, size: int) -> bool:
    """CALLDATACOPY and CODECOPY: beyond the source's end there are zeros."""
    if not size:
        return True
    cost = COPY_WORD_GAS * ((size + 31) >> 5)
    if not pay(g, cost):
        return False
    if len(m._bytes) < target + size and not grow(g, m, target, size):
        g.gas_remaining += cost
        return False
    m._bytes[target : target + size] = source[start : start + size].ljust(size, b"\0")
    return True


def copy_returned(c: Any, g: Any, m: Any, target: int, start: int, size: int) -> bool:
    """RETURNDATACOPY: beyond the end it fails."""
    if start + size > len(c.return_data):
        return False
    return copy_in(g, m, c.return_data, target, start, size)


def copy_within(g: Any, m: Any, target: int, start: int, size: int) -> bool:
    """MCOPY, by EIP-5656."""
    if not size:
        return True
    cost = COPY_WORD_GAS * ((size + 31) >> 5)
    furthest = max(target, start)
    if not pay(g, cost):
        return False
    if len(m._bytes) < furthest + size and not grow(g, m, furthest, size):
        g.gas_remaining += cost
        return False
    m._bytes[target : target + size] = bytes(m._bytes[start : start + size])
    return True


def normalise(s: list[Any]) -> None:
    """Make the stack all integers: py-evm also pushes bytes."""
    for index, value in enumerate(s):
        if type(value) is not int:
            s[index] = int.from_bytes(value, "big")


def normalise_top(s: list[Any]) -> None:
    """The same where one stock instruction has pushed one value."""
    if s and type(s[-1]) is not int:
        s[-1] = int.from_bytes(s[-1], "big")


def hashed(data: bytes) -> int:
    """KECCAK256."""
    return int.from_bytes(keccak(data), "big")


def signed(value: int) -> int:
    """A word as two's complement."""
    return value - CEILING if value & SIGN else value


def divided(numerator: int, denominator: int) -> int:
    """SDIV: towards zero; by zero it is zero."""
    if denominator == 0:
        return 0
    one, other = signed(numerator), signed(denominator)
    quotient = abs(one) // abs(other)
    return -quotient % CEILING if (one < 0) != (other < 0) else quotient


def remainder(value: int, modulus: int) -> int:
    """SMOD: the sign is the value's."""
    if modulus == 0:
        return 0
    one = signed(value)
    rest = abs(one) % abs(signed(modulus))
    return -rest % CEILING if one < 0 else rest


def extended(size: int, value: int) -> int:
    """SIGNEXTEND: `size` is the number of the byte that holds the sign."""
    if size > 31:
        return value
    bit = 1 << (size * 8 + 7)
    return value | (CEILING - bit) if value & bit else value & (bit - 1)


def shifted_right(shift: int, value: int) -> int:
    """SAR."""
    one = signed(value)
    if shift >= 256:
        return CEILING - 1 if one < 0 else 0
    return (one >> shift) % CEILING
