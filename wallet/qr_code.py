"""A text as a QR code (ISO/IEC 18004), so that a phone reads an address off the screen and nobody types it.

Byte mode, error correction level M, versions 1 to 10: up to 213 bytes, enough for addresses and payment links.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

Modules = list[list[bool]]  # rows of dark (true) and light

# Per version: correction codewords a block, and the data codewords of each block (level M).
_BLOCKS: Final[dict[int, tuple[int, list[int]]]] = {
    1: (10, [16]),
    2: (16, [28]),
    3: (26, [44]),
    4: (18, [32] * 2),
    5: (24, [43] * 2),
    6: (16, [27] * 4),
    7: (18, [31] * 4),
    8: (22, [38] * 2 + [39] * 2),
    9: (22, [36] * 3 + [37] * 2),
    10: (26, [43] * 4 + [44]),
}
_FINDER_RUN: Final = [True, False, True, True, True, False, True]


class TooLongForQrCode(ValueError):
    """A text of more than 213 bytes."""


def qr_code(text: str, mask: int | None = None) -> Modules:
    """Return the modules of `text`, without the light border of four that readers need around them.

    The mask is the one with the fewest patterns that mislead readers, unless one is given. Raises
    TooLongForQrCode.
    """
    version, codewords = _codewords(text.encode())
    candidates = [_drawn(version, codewords, number) for number in (range(8) if mask is None else (mask,))]
    return min(candidates, key=_penalty)


def in_blocks(modules: Modules) -> str:
    """Return modules as lines of half blocks with their border: dark is blank, light is filled.

    It is readable where letters are lighter than the background, as in most terminals.
    """
    size = len(modules) + 8
    light = [[True] * size for _ in range(size + size % 2)]
    for row, line in enumerate(modules):
        for column, dark in enumerate(line):
            light[row + 4][column + 4] = not dark
    glyphs = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    pairs = zip(light[::2], light[1::2], strict=True)
    return "\n".join("".join(glyphs[pair] for pair in zip(*lines, strict=True)) for lines in pairs)


def _codewords(data: bytes) -> tuple[int, bytes]:
    for version, (correction, blocks) in _BLOCKS.items():
        length_bits = 8 if version < 10 else 16
        if 4 + length_bits + 8 * len(data) <= 8 * sum(blocks):
            content = _padded(data, length_bits, sum(blocks))
            return version, _interleaved(content, correction, blocks)
    raise TooLongForQrCode(f"{len(data)} bytes are more than a QR code of ours holds")


def _padded(data: bytes, length_bits: int, capacity: int) -> bytes:
    bits = f"0100{len(data):0{length_bits}b}" + "".join(f"{byte:08b}" for byte in data)
    bits += "0" * min(4, 8 * capacity - len(bits))
    bits += "0" * (-len(bits) % 8)
    content = bytes(int(bits[place : place + 8], 2) for place in range(0, len(bits), 8))
    return content + (b"\xec\x11" * capacity)[: capacity - len(content)]


def _interleaved(content: bytes, correction: int, sizes: list[int]) -> bytes:
    blocks, start = [], 0
    for size in sizes:
        blocks.append(content[start : start + size])
        start += size
    corrections = [_correction(block, correction) for block in blocks]
    columns = [block[place : place + 1] for place in range(max(sizes)) for block in blocks]
    columns += [block[place : place + 1] for place in range(correction) for block in corrections]
    return b"".join(columns)


@cache
def _powers() -> tuple[list[int], list[int]]:
    """The powers of 2 in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1, and their logarithms."""
    powers, logarithms, value = [], [0] * 256, 1
    for exponent in range(255):
        powers.append(value)
        logarithms[value] = exponent
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return powers, logarithms


def multiply(one: int, other: int) -> int:
    """Return the product of two elements of GF(256)."""
    powers, logarithms = _powers()
    return powers[(logarithms[one] + logarithms[other]) % 255] if one and other else 0


def _correction(block: bytes, count: int) -> bytes:
    generator = [1]
    for exponent in range(count):
        shifted, scaled = [*generator, 0], [0, *(multiply(g, _powers()[0][exponent]) for g in generator)]
        generator = [a ^ b for a, b in zip(shifted, scaled, strict=True)]
    remainder = [*block, *[0] * count]
    for place in range(len(block)):
        factor = remainder[place]
        for offset, coefficient in enumerate(generator):
            remainder[place + offset] ^= multiply(coefficient, factor)
    return bytes(remainder[len(block) :])


def _drawn(version: int, codewords: bytes, mask: int) -> Modules:
    modules = _frame(version)
    size = len(modules)
    bits = iter("".join(f"{byte:08b}" for byte in codewords))
    for row, column in _data_path(modules):
        modules[row][column] = (next(bits, "0") == "1") != _flips(mask, row, column)
    _draw_format(modules, mask)
    return [[bool(module) for module in line[:size]] for line in modules]


def _flips(mask: int, row: int, column: int) -> bool:
    """Whether a mask turns the module at this place over."""
    diagonal, product = row + column, row * column
    return (
        diagonal % 2,
        row % 2,
        column % 3,
        diagonal % 3,
        (row // 2 + column // 3) % 2,
        product % 2 + product % 3,
        (product % 2 + product % 3) % 2,
        (diagonal % 2 + product % 3) % 2,
    )[mask] == 0


def _frame(version: int) -> list[list[bool | None]]:
    """Everything but the data; what is still None is free for it."""
    size = 17 + 4 * version
    modules: list[list[bool | None]] = [[None] * size for _ in range(size)]
    for row, column in ((3, 3), (3, size - 4), (size - 4, 3)):
        _draw_rings(modules, row, column, radius=4, dark={0, 1, 3})
    for place in range(8, size - 8):
        modules[6][place] = modules[place][6] = place % 2 == 0
    for row, column in _alignments(version, size):
        _draw_rings(modules, row, column, radius=2, dark={0, 2})
    _draw_format(modules, 0)
    if version >= 7:
        _draw_version(modules, version)
    return modules


def _draw_rings(modules: list[list[bool | None]], row: int, column: int, radius: int, dark: set[int]) -> None:
    size = len(modules)
    for down in range(-radius, radius + 1):
        for right in range(-radius, radius + 1):
            if 0 <= row + down < size and 0 <= column + right < size:
                modules[row + down][column + right] = max(abs(down), abs(right)) in dark


def _alignments(version: int, size: int) -> Iterator[tuple[int, int]]:
    if version == 1:
        return
    places = [6, size - 7] if version < 7 else [6, (size - 1) // 2, size - 7]
    for row in places:
        for column in places:
            if (row, column) not in {(6, 6), (6, size - 7), (size - 7, 6)}:
                yield row, column


def _draw_format(modules: list[list[bool | None]], mask: int) -> None:
    size = len(modules)
    bits = (mask << 10 | _remainder(mask << 10, 0x537)) ^ 0x5412  # level M is 00
    upright = [(row, 8) for row in (0, 1, 2, 3, 4, 5, 7, 8)] + [(8, column) for column in (7, 5, 4, 3, 2, 1, 0)]
    beside = [(8, size - 1 - place) for place in range(8)] + [(size - 7 + place, 8) for place in range(7)]
    for place in range(15):
        for row, column in (upright[place], beside[place]):
            modules[row][column] = bits >> place & 1 == 1
    modules[size - 8][8] = True


def _draw_version(modules: list[list[bool | None]], version: int) -> None:
    size = len(modules)
    bits = version << 12 | _remainder(version << 12, 0x1F25)
    for place in range(18):
        row, column = place // 3, size - 11 + place % 3
        modules[row][column] = modules[column][row] = bits >> place & 1 == 1


def _remainder(value: int, divisor: int) -> int:
    while value.bit_length() >= divisor.bit_length():
        value ^= divisor << (value.bit_length() - divisor.bit_length())
    return value


def _data_path(modules: list[list[bool | None]]) -> list[tuple[int, int]]:
    """The free modules in the order of the data: columns in pairs from the right, up and down in turn."""
    size = len(modules)
    path, upwards = [], True
    for right in (column for column in range(size - 1, 0, -2)):
        left_pair = right if right > 6 else right - 1  # the timing column is passed over
        rows = range(size - 1, -1, -1) if upwards else range(size)
        path += [(row, column) for row in rows for column in (left_pair, left_pair - 1)]
        upwards = not upwards
    return [(row, column) for row, column in path if modules[row][column] is None]


def _penalty(modules: Modules) -> int:
    lines = [*modules, *(list(column) for column in zip(*modules, strict=True))]
    dark = sum(map(sum, modules)) * 100 // len(modules) ** 2
    return sum(map(_line_penalty, lines)) + _square_penalty(modules) + abs(dark - 50) // 5 * 10


def _line_penalty(line: list[bool]) -> int:
    penalty, run = 0, 1
    for before, after in zip(line, [*line[1:], None], strict=True):
        if before == after:
            run += 1
            continue
        penalty += run - 2 if run >= 5 else 0
        run = 1
    for place in range(len(line) - 10):
        window = line[place : place + 11]
        if window in (_FINDER_RUN + [False] * 4, [False] * 4 + _FINDER_RUN):
            penalty += 40
    return penalty


def _square_penalty(modules: Modules) -> int:
    return 3 * sum(
        upper[place] == upper[place + 1] == lower[place] == lower[place + 1]
        for upper, lower in pairwise(modules)
        for place in range(len(upper) - 1)
    )
