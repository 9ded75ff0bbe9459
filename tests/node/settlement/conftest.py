"""One town a test module; every test uses payments of its own and must leave the town sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.node.settlement.town import Town, found_town


@pytest.fixture(scope="module")
def shared_town(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]
) -> Iterator[Town]:
    town = found_town(Path(tmp_path_factory.mktemp("town")), new_database())
    yield town
    town.close()


@pytest.fixture
def town(shared_town: Town) -> Iterator[Town]:
    yield shared_town
    shared_town.board.fault = None
    shared_town.assert_sound()
