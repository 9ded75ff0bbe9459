"""QR codes: read back as a reader does it, module by module, with the correction codewords proved right."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet.qr_code import TooLongForQrCode, in_blocks, multiply, qr_code

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
# ISO/IEC 18004, table 9, level M: blocks by version, and correction codewords a block.
BLOCKS = [(1, 10), (1, 16), (1, 26), (2, 18), (2, 24), (4, 16), (4, 18), (4, 22), (5, 22), (5, 26)]
ALIGNMENTS: list[list[int]] = [
    [], [18], [22], [26], [30], [34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50],
]  # fmt: skip
MASKS: list[Callable[[int, int], int]] = [
    lambda r, c: (r + c) % 2,
    lambda r, c: r % 2,
    lambda r, c: c % 3,
    lambda r, c: (r + c) % 3,
    lambda r, c: (r // 2 + c // 3) % 2,
    lambda r, c: r * c % 2 + r * c % 3,
    lambda r, c: (r * c % 2 + r * c % 3) % 2,
    lambda r, c: ((r + c) % 2 + r * c % 3) % 2,
]


def reserved(size: int) -> set[tuple[int, int]]:
    """The modules that hold no data, by the standard's drawing rather than by ours."""
    version = (size - 17) // 4
    taken = {(r, c) for r in range(9) for c in range(9)}
    taken |= {(r, c) for r in range(9) for c in range(size - 8, size)}
    taken |= {(c, r) for r in range(9) for c in range(size - 8, size)}
    taken |= {(6, c) for c in range(size)} | {(c, 6) for c in range(size)}
    places = ALIGNMENTS[version - 1]
    for r, c in ((r, c) for r in places for c in places):
        if (r, c) not in {(6, 6), (6, places[-1]), (places[-1], 6)}:
            taken |= {(r + i, c + j) for i in range(-2, 3) for j in range(-2, 3)}
    if version >= 7:
        taken |= {(r, c) for r in range(6) for c in range(size - 11, size - 8)}
        taken |= {(c, r) for r in range(6) for c in range(size - 11, size - 8)}
    return taken


def read(modules: list[list[bool]]) -> str:
    """Read a code as a phone does."""
    size = len(modules)
    format_bits = "".join(str(int(modules[8][c])) for c in (0, 1, 2, 3, 4)) + str(int(modules[8][5]))
    assert int(format_bits[:2], 2) ^ 0b10 == 0  # level M, after its own mask
    mask = MASKS[int(format_bits[2:5], 2) ^ 0b101]
    taken, bits, upwards = reserved(size), "", True
    for right in chain(range(size - 1, 6, -2), range(5, 0, -2)):
        for r in range(size - 1, -1, -1) if upwards else range(size):
            for c in (right, right - 1):
                if (r, c) not in taken:
                    bits += str(int(modules[r][c] != (mask(r, c) == 0)))
        upwards = not upwards
    codewords = [int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8)]
    count, correction = BLOCKS[(size - 17) // 4 - 1]
    return decoded(codewords, count, correction)


def decoded(codewords: list[int], count: int, correction: int) -> str:
    """Take the blocks apart, check each as a codeword of the Reed-Solomon code, and read the bytes."""
    data, tail = codewords[: len(codewords) - count * correction], codewords[len(codewords) - count * correction :]
    short, longer = len(data) // count, len(data) % count
    content: list[int] = []
    for number in range(count):
        block = [data[place * count + number] for place in range(short)]
        if number >= count - longer:
            block.append(data[short * count + number - (count - longer)])
        word = block + tail[number::count]
        root = 1
        for _ in range(correction):
            value = 0
            for coefficient in word:
                value = multiply(value, root) ^ coefficient
            assert value == 0  # every root of the generator is a root of the word
            root = multiply(root, 2)
        content += block
    bits = "".join(f"{byte:08b}" for byte in content)
    assert bits[:4] == "0100"
    width = 8 if len(content) < 216 else 16
    length = int(bits[4 : 4 + width], 2)
    return bytes(int(bits[i : i + 8], 2) for i in range(4 + width, 4 + width + 8 * length, 8)).decode()


@given(st.text(max_size=213).filter(lambda text: len(text.encode()) <= 213), st.integers(0, 7))
@settings(max_examples=40, deadline=None)
def test_what_is_drawn_is_read_back(text: str, mask: int) -> None:
    assert read(qr_code(text, mask)) == text


@pytest.mark.parametrize("length", [14, 15, 26, 42, 62, 84, 106, 122, 152, 180, 213])
def test_every_version_is_read_back_full(length: int) -> None:
    text = (ADDRESS * 6)[:length]
    assert read(qr_code(text)) == text


def test_an_address_fits_version_3_and_is_drawn_as_ever() -> None:
    modules = qr_code(ADDRESS, mask=2)
    assert len(modules) == 29
    drawn = "".join(str(int(dark)) for line in modules for dark in line)
    # The same modules as two other encoders draw with this mask.
    assert (
        hashlib.sha256(drawn.encode()).hexdigest()
        == "374a5dd30570bf994355abe5432043203d8ba2a2bf802dbe5570b119d20d0d21"
    )


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(TooLongForQrCode):
        qr_code("x" * 214)


def test_lines_have_the_border_that_readers_need() -> None:
    lines = in_blocks(qr_code(ADDRESS)).splitlines()
    assert {len(line) for line in lines} == {29 + 8}
    assert len(lines) == (29 + 8 + 1) // 2
    assert lines[0] == lines[1] == "█" * 37
    assert all(line.startswith("████") and line.endswith("████") for line in lines)
