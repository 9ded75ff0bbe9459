"""Translations of whole contracts, made as their places turn out to be used often, and a bounded store of them."""

from collections.abc import Mapping
from typing import Any

from lru import LRU

from node.chain.translation.stretch import Stretch, jumpdests, translate

MAX_PROGRAMS = 256
MAX_STRETCHES = 4_000
USES_BEFORE = 12  # translating takes about as long as running so often


class Translator:
    """The translations of one chain; the least used contracts are forgotten, and all when there are too many."""

    def __init__(self, opcodes: Mapping[int, Any], uses_before: int = USES_BEFORE) -> None:
        self.opcodes = opcodes
        self.uses_before = uses_before
        self.stretches = 0
        self._programs: LRU[bytes, Program] = LRU(MAX_PROGRAMS, callback=self._forgotten)

    def __len__(self) -> int:
        return len(self._programs)

    def program(self, code: bytes) -> "Program":
        """What there is of a contract's code; it grows as it is used."""
        found = self._programs.get(code)
        if found is None:
            found = self._programs[code] = Program(code, self)
        return found

    def made_one(self) -> None:
        """Keep count of stretches; beyond the most, begin anew."""
        self.stretches += 1
        if self.stretches > MAX_STRETCHES:
            self._programs.clear()
            self.stretches = 0

    def _forgotten(self, _: bytes, program: "Program") -> None:
        self.stretches = max(0, self.stretches - len(program.stretches))


class Program:
    """One contract's stretches, by entry."""

    def __init__(self, code: bytes, translator: Translator) -> None:
        self.places = jumpdests(code)
        self.stretches: dict[int, Stretch] = {}
        self.opcodes = translator.opcodes
        self._code = code
        self._translator = translator
        self._uses: dict[int, int] = {}

    def stretch(self, pc: int) -> Stretch | None:
        """The stretch that begins here; None, and a use counted, as long as it is not worth its while."""
        found = self.stretches.get(pc)
        if found is not None:
            return found
        uses = self._uses.get(pc, 0) + 1
        if uses < self._translator.uses_before:
            self._uses[pc] = uses
            return None
        found = self.stretches[pc] = translate(self._code, pc, self.places, self.opcodes)
        self._translator.made_one()
        return found
