"""How fast keys sign, against the library beneath them and against the clock. `make long` runs these."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from cli.bench import app
from wallet.bench import measure

pytestmark = pytest.mark.long


def test_everything_is_as_quick_as_it_has_to_be() -> None:
    for figure in measure(60):
        assert figure.holds is not False, figure


def test_the_command_tells_medians_with_their_spread() -> None:
    told = CliRunner().invoke(app, ["wallet", "--samples", "4", "--json"])
    figures = json.loads(told.stdout)
    assert len(figures) == 6
    held = [figure for figure in figures if figure["at_most"] is not None]
    assert len(held) == 4
    assert all(figure["holds"] is None for figure in figures if figure not in held)
    assert told.exit_code == (0 if all(figure["holds"] for figure in held) else 1)
    for figure in held:
        assert figure["ours"]["lower"] <= figure["ours"]["median"] <= figure["ours"]["upper"]
        assert figure["holds"] is (figure["ratio"]["median"] <= figure["at_most"])
