"""How each instruction is written: as an expression, as a call of the runtime, or as py-evm's own function.

An instruction not named here is run by py-evm in the middle of the function; its price is whatever py-evm takes.
"""

from collections.abc import Callable

from eth.vm.forks.spurious_dragon.constants import GAS_EXPBYTE_EIP160

from node.chain.translation.trace import MASK, Trace

Writer = Callable[[Trace], None]
WORD = 32
HASH_WORD_GAS = 6


def _value(text: str) -> Writer:
    """Nothing off, an expression on."""
    return lambda trace: trace.push(text)


def _binary(text: str) -> Writer:
    """Two off (a is topmost), an expression of them on."""

    def write(trace: Trace) -> None:
        a, b = trace.pop(), trace.pop()
        trace.push(text.format(a=a, b=b))

    return write


def _called(function: str) -> Writer:
    """Two off, the runtime's answer on."""

    def write(trace: Trace) -> None:
        a, b = trace.pop(), trace.pop()
        trace.put(trace.name(f"{function}({a}, {b})"))

    return write


def _compared(text: str) -> Writer:
    def write(trace: Trace) -> None:
        a, b = trace.pop(), trace.pop()
        trace.push_condition(text.format(a=a, b=b))

    return write


def _is_zero(trace: Trace) -> None:
    value = trace.pop()
    known = trace.conditions.get(value)
    trace.push_condition(f"not {value}" if known is None else f"not ({known})")


def _not(trace: Trace) -> None:
    trace.push(f"{MASK} ^ {trace.pop()}")


def _guarded(text: str, guard: str) -> Writer:
    """Two off; the expression where the guard on `b` or `a` holds, else zero."""

    def write(trace: Trace) -> None:
        a, b = trace.pop(), trace.pop()
        expression, condition = text.format(a=a, b=b), guard.format(a=a, b=b)
        subject = b if "{b}" in guard else a
        if subject.startswith("0x"):
            trace.push(expression if eval(condition) else "0x0")  # noqa: S307 - a literal compared with a literal
        else:
            trace.put(trace.name(f"{expression} if {condition} else 0"))

    return write


def _modular(operator: str) -> Writer:
    """ADDMOD and MULMOD."""

    def write(trace: Trace) -> None:
        a, b, modulus = trace.pop(), trace.pop(), trace.pop()
        trace.put(trace.name(f"({a} {operator} {b}) % {modulus} if {modulus} else 0"))

    return write


def _exp(trace: Trace) -> None:
    base, exponent = trace.pop(), trace.pop()
    trace.leave_unless(f"pay(g, {GAS_EXPBYTE_EIP160} * (({exponent}).bit_length() + 7 >> 3))", base, exponent)
    trace.put(trace.name(f"pow({base}, {exponent}, {1 << 256:#x})"))


def reach_memory(trace: Trace, start: str, size: str, *taken: str) -> None:
    """Have memory there, paid for; a size of zero needs none."""
    if size == "0x0":
        return
    literal = start.startswith("0x") and size.startswith("0x")
    end = hex(int(start, 16) + int(size, 16)) if literal else f"{start} + {size}"
    short = f"len(mem) < {end}" if size.startswith("0x") else f"{size} and len(mem) < {end}"
    trace.reach_memory(short, start, size, *taken)


def slice_of(start: str, size: str) -> str:
    """The expression for a piece of memory."""
    if start.startswith("0x") and size.startswith("0x"):
        return f"mem[{start}:{int(start, 16) + int(size, 16):#x}]"
    return f"mem[{start}:{start} + {size}]"


def _mload(trace: Trace) -> None:
    start = trace.pop()
    reach_memory(trace, start, hex(WORD), start)
    trace.put(trace.name(f"word({slice_of(start, hex(WORD))})"))


def _mstore(trace: Trace) -> None:
    start, value = trace.pop(), trace.pop()
    reach_memory(trace, start, hex(WORD), start, value)
    literal = value.startswith("0x")
    octets = repr(int(value, 16).to_bytes(WORD, "big")) if literal else f"{value}.to_bytes(32, 'big')"
    trace.write(f"{slice_of(start, hex(WORD))} = {octets}")


def _mstore8(trace: Trace) -> None:
    start, value = trace.pop(), trace.pop()
    reach_memory(trace, start, "0x1", start, value)
    trace.write(f"mem[{start}] = {value} & 0xff")


def _keccak(trace: Trace) -> None:
    start, size = trace.pop(), trace.pop()
    reach_memory(trace, start, size, start, size)
    trace.leave_unless(f"pay(g, {HASH_WORD_GAS} * ({size} + 31 >> 5))", start, size)
    trace.put(trace.name(f"hashed(bytes({slice_of(start, size)}))"))


def _calldata_load(trace: Trace) -> None:
    start = trace.pop()
    end = hex(int(start, 16) + WORD) if start.startswith("0x") else f"{start} + {WORD}"
    trace.put(trace.name(f"word(c.msg.data_as_bytes[{start}:{end}].ljust(32, b'\\0'))"))


def _sload(trace: Trace) -> None:
    slot = trace.pop()
    value = trace.name(f"load_slot(c, g, {slot})", acts=True)
    trace.leave_unless(f"{value} is not None", slot)
    trace.put(value)


def _sstore(trace: Trace) -> None:
    slot, value = trace.pop(), trace.pop()
    trace.leave_unless(f"store_slot(c, g, {slot}, {value})", slot, value)


def _tload(trace: Trace) -> None:
    trace.put(trace.name(f"load_transient(c, {trace.pop()})"))


def _tstore(trace: Trace) -> None:
    slot, value = trace.pop(), trace.pop()
    trace.leave_unless(f"store_transient(c, {slot}, {value})", slot, value)


def _log(topic_count: int) -> Writer:
    def write(trace: Trace) -> None:
        taken = [trace.pop() for _ in range(2 + topic_count)]
        topics = "".join(f"{topic}, " for topic in taken[2:])
        trace.leave_unless(f"write_log(c, g, m, {taken[0]}, {taken[1]}, ({topics}))", *taken)
        trace.write("mem = m._bytes")

    return write


def _copy(call: str) -> Writer:
    def write(trace: Trace) -> None:
        target, start, size = trace.pop(), trace.pop(), trace.pop()
        trace.leave_unless(f"{call}, {target}, {start}, {size})", target, start, size)
        trace.write("mem = m._bytes")

    return write


def _pop(trace: Trace) -> None:
    trace.pop()


def _nothing(_: Trace) -> None:
    """JUMPDEST costs gas and does nothing."""


def _gas(trace: Trace) -> None:
    trace.put(trace.name("g.gas_remaining", acts=True))


EXPRESSIONS: dict[int, Writer] = {
    0x01: _binary("({a} + {b}) & " + MASK),
    0x02: _binary("({a} * {b}) & " + MASK),
    0x03: _binary("({a} - {b}) & " + MASK),
    0x04: _guarded("{a} // {b}", "{b} != 0"),
    0x05: _called("divided"),
    0x06: _guarded("{a} % {b}", "{b} != 0"),
    0x07: _called("remainder"),
    0x08: _modular("+"),
    0x09: _modular("*"),
    0x0A: _exp,
    0x0B: _called("extended"),
    0x10: _compared("{a} < {b}"),
    0x11: _compared("{a} > {b}"),
    0x12: _compared(f"{{a}} ^ {1 << 255:#x} < {{b}} ^ {1 << 255:#x}"),
    0x13: _compared(f"{{a}} ^ {1 << 255:#x} > {{b}} ^ {1 << 255:#x}"),
    0x14: _compared("{a} == {b}"),
    0x15: _is_zero,
    0x16: _binary("{a} & {b}"),
    0x17: _binary("{a} | {b}"),
    0x18: _binary("{a} ^ {b}"),
    0x19: _not,
    0x1A: _guarded("({b} >> 8 * (31 - {a})) & 0xff", "{a} < 0x20"),
    0x1B: _guarded("({b} << {a}) & " + MASK, "{a} < 0x100"),
    0x1C: _guarded("{b} >> {a}", "{a} < 0x100"),
    0x1D: _called("shifted_right"),
    0x20: _keccak,
    0x30: _value("word(c.msg.storage_address)"),
    0x32: _value("word(c.transaction_context.origin)"),
    0x33: _value("word(c.msg.sender)"),
    0x34: _value("c.msg.value"),
    0x35: _calldata_load,
    0x36: _value("len(c.msg.data)"),
    0x37: _copy("copy_in(g, m, c.msg.data_as_bytes"),
    0x38: _value("len(c.code)"),
    0x39: _copy("copy_in(g, m, c.msg.code"),
    0x3A: _value("c.transaction_context.gas_price"),
    0x3D: _value("len(c.return_data)"),
    0x3E: _copy("copy_returned(c, g, m"),
    0x41: _value("word(c.state.coinbase)"),
    0x42: _value("c.state.timestamp"),
    0x43: _value("c.state.block_number"),
    0x44: _value("word(c.state.mix_hash)"),
    0x45: _value("c.state.gas_limit"),
    0x46: _value("c.state.execution_context.chain_id"),
    0x47: _value("c.state.get_balance(c.msg.storage_address)"),
    0x48: _value("c.state.base_fee"),
    0x50: _pop,
    0x51: _mload,
    0x52: _mstore,
    0x53: _mstore8,
    0x54: _sload,
    0x55: _sstore,
    0x58: lambda trace: trace.put(hex(trace.pc)),
    0x59: _value("len(mem)"),
    0x5A: _gas,
    0x5B: _nothing,
    0x5C: _tload,
    0x5D: _tstore,
    0x5E: _copy("copy_within(g, m"),
    0x5F: lambda trace: trace.put("0x0"),
    **{0xA0 + count: _log(count) for count in range(5)},
}
EXTRA_GAS = {0xA0 + count: 375 * count for count in range(5)}  # a log's topics, which py-evm takes with its data
# Their outcome depends on the gas that is left, so nothing may have been taken ahead of its turn.
SEE_GAS = frozenset({0x55, 0x5A})
