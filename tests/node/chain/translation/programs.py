"""Programs for two interpreters to disagree about: random bytes and instructions, and programs with a sense."""

from random import Random

from eth.vm.forks.prague.computation import PragueComputation

from tests.node.chain.translation.twin import FRIENDS

OPCODES = sorted(PragueComputation.opcodes)
PURE = [*range(0x01, 0x0C), *range(0x10, 0x1E)]
READS = [0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D, *range(0x41, 0x49), 0x4A, 0x58, 0x59, 0x5A]
INTERESTING = [0, 1, 2, 31, 32, 33, 64, 255, 256, 2**128, 2**255 - 1, 2**255, 2**255 + 1, 2**256 - 2, 2**256 - 1]
WORD_OFF = {0x35: 1, 0x31: 1, 0x3B: 1, 0x3F: 1, 0x40: 1, 0x49: 1, 0x5C: 1}
CALLS = {0xF1: True, 0xF2: True, 0xF4: False, 0xFA: False}


def push(value: int) -> bytes:
    """The shortest PUSH of a value."""
    size = (value.bit_length() + 7) // 8
    return bytes([0x5F + size]) + value.to_bytes(size, "big")


def noise(random: Random, length: int) -> bytes:
    """Bytes, most of them instructions, many of them pushes of something small and jumps to somewhere."""
    parts = bytearray()
    while len(parts) < length:
        drawn = random.random()
        if drawn < 0.45:
            parts += push(random.choice(INTERESTING) if random.random() < 0.3 else random.randrange(length + 8))
        elif drawn < 0.55:
            parts.append(0x5B)
        elif drawn < 0.97:
            parts.append(random.choice(OPCODES))
        else:
            parts.append(random.randrange(256))
    return bytes(parts)


class Composer:
    """Writes programs that run for a while: statements that leave the stack as it was, in blocks and loops."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.code = bytearray()

    def program(self, statements: int) -> bytes:
        """A program, ended in one of the ways there are."""
        for _ in range(self.random.randrange(3)):
            self.value()  # something deep on the stack for DUP and SWAP to reach
        self.block(statements, 0)
        self.code += self.random.choice(
            [
                b"\x00",
                b"",
                push(64) + push(0) + b"\xf3",
                push(40) + push(5) + b"\xfd",
                b"\xfe",
                push(9) + b"\x56",
                b"\x8f",
            ]
        )
        return bytes(self.code)

    def block(self, statements: int, depth: int) -> None:
        """Some statements."""
        kinds = [
            self.store,
            self.store,
            self.keep,
            self.copy,
            self.log,
            self.hash,
            self.juggle,
            self.call,
            self.plain,
        ]
        for _ in range(statements):
            drawn = self.random.random()
            if depth < 2 and drawn < 0.12:
                self.loop(depth)
            elif depth < 3 and drawn < 0.25:
                self.choice(depth)
            elif depth < 3 and drawn < 0.32:
                self.function(depth)
            else:
                self.random.choice(kinds)()

    def value(self) -> None:
        """Put one value on the stack."""
        drawn = self.random.random()
        if drawn < 0.35:
            self.code += push(self.random.choice(INTERESTING))
        elif drawn < 0.6:
            self.code += push(self.random.randrange(100))
        elif drawn < 0.7:
            self.code.append(self.random.choice(READS))
        elif drawn < 0.78:
            self.code += push(self.offset()) + b"\x51"
        elif drawn < 0.84:
            self.code += push(self.random.randrange(6)) + self.random.choice([b"\x54", b"\x5c"])
        elif drawn < 0.9:
            self.value()
            self.code.append(self.random.choice(sorted(WORD_OFF)))
        else:
            opcode = self.random.choice(PURE)
            for _ in range(1 if opcode in {0x15, 0x19} else 3 if opcode in {0x08, 0x09} else 2):
                self.value()
            self.code.append(opcode)

    def offset(self) -> int:
        """A place in memory, seldom an absurd one."""
        return self.random.randrange(200) if self.random.random() < 0.998 else self.random.choice(INTERESTING)

    def store(self) -> None:
        """Memory."""
        self.value()
        self.code += push(self.offset()) + self.random.choice([b"\x52", b"\x52", b"\x53"])

    def keep(self) -> None:
        """Storage, lasting or not."""
        self.value()
        self.code += push(self.random.randrange(6)) + self.random.choice([b"\x55", b"\x5d"])

    def copy(self) -> None:
        """From data, code, returned data, memory, or another's code."""
        size = self.random.randrange(90)
        self.code += push(size) + push(self.random.randrange(60)) + push(self.offset())
        opcode = self.random.choice([0x37, 0x39, 0x5E, 0x5E, 0x3C] if self.random.random() < 0.95 else [0x3E])
        if opcode == 0x3C:
            self.code += push(int.from_bytes(self.random.choice(FRIENDS), "big"))
        self.code.append(opcode)

    def log(self) -> None:
        """An event."""
        topics = self.random.randrange(5)
        for _ in range(topics):
            self.value()
        self.code += push(self.random.randrange(70)) + push(self.offset()) + bytes([0xA0 + topics])

    def hash(self) -> None:
        """A hash, into memory."""
        self.code += (
            push(self.random.randrange(100)) + push(self.offset()) + b"\x20" + push(self.offset()) + b"\x52"
        )

    def juggle(self) -> None:
        """Duplicates and swaps."""
        held = self.random.randrange(2, 6)
        for _ in range(held):
            self.value()
        for _ in range(self.random.randrange(4)):
            self.code.append(0x90 + self.random.randrange(held - 1))
        self.code.append(0x80 + self.random.randrange(held))
        self.code += b"\x50" * (held + 1)

    def plain(self) -> None:
        """A value nobody wants."""
        self.value()
        self.code.append(0x50)

    def call(self) -> None:
        """Another contract, one of the four ways; its answer goes to memory. Or a new one."""
        if self.random.random() < 0.1:
            self.code += push(self.random.randrange(40)) + push(0) + push(0) + b"\xf0\x50"
            return
        opcode = self.random.choice(sorted(CALLS))
        self.code += (
            push(self.random.randrange(64)) + push(self.offset()) + push(self.random.randrange(64)) + push(0)
        )
        if CALLS[opcode]:
            self.code += push(self.random.choice([0, 0, 1, 2_000]))
        target = self.random.choice([*FRIENDS, bytes(19) + b"\x04", b"\x11" * 20])
        self.code += push(int.from_bytes(target, "big")) + self.random.choice([b"\x5a", push(30_000), push(700)])
        self.code += bytes([opcode]) + push(self.offset()) + b"\x52"

    def loop(self, depth: int) -> None:
        """A counter down to zero."""
        self.code += push(self.random.randrange(1, 6))
        start = len(self.code)
        self.code.append(0x5B)
        self.block(self.random.randrange(1, 4), depth + 1)
        self.code += push(1) + b"\x90\x03\x80" + b"\x61" + start.to_bytes(2, "big") + b"\x57\x50"

    def choice(self, depth: int) -> None:
        """Something done only if a value is not zero, or is."""
        self.value()
        self.code += self.random.choice([b"", b"\x15", b"\x15\x15"])
        hole = self.hole()
        self.code.append(0x57)
        self.block(self.random.randrange(1, 3), depth + 1)
        self.fill(hole)

    def function(self, depth: int) -> None:
        """A jump to what follows, which jumps back by an address from the stack."""
        back, over = self.hole(), self.hole()
        self.code.append(0x56)
        self.fill(over)
        self.block(self.random.randrange(1, 3), depth + 1)
        self.code.append(0x56)
        self.fill(back)

    def hole(self) -> int:
        """A push of a place not known yet."""
        self.code += b"\x61\x00\x00"
        return len(self.code) - 2

    def fill(self, hole: int) -> None:
        """It is here."""
        self.code[hole : hole + 2] = len(self.code).to_bytes(2, "big")
        self.code.append(0x5B)


def composed(seed: int, statements: int) -> bytes:
    """A program by its seed."""
    return Composer(Random(seed)).program(statements)
