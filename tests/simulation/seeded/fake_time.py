"""Time as the simulation has it: one true time, and for every institution a clock that may be wrong."""

from __future__ import annotations

BEGIN_S = 1_800_000_000.0


class WorldTime:
    """The true time, moved by the simulation only; the chain's blocks go by it."""

    def __init__(self) -> None:
        self.at_s = BEGIN_S

    def now_s(self) -> float:
        return self.at_s


class OfficeClock:
    """An institution's clock: true time plus its own error."""

    def __init__(self, world: WorldTime) -> None:
        self._world = world
        self.error_s = 0.0

    def now_s(self) -> float:
        return self._world.at_s + self.error_s
