"""What an operator has set in an institution's description outlives a new start of the network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.institution import BadInstitution, read_description
from cli.folders import chosen_members


def test_choices_are_kept_and_addresses_are_not(tmp_path: Path) -> None:
    said = {"bic": "JHCBCNB0XXX", "api_address": "http://127.0.0.1:1", "name_check": "refuse", "calendars": {}}
    (tmp_path / "institution.json").write_text(json.dumps(said))

    assert chosen_members(tmp_path) == {"name_check": "refuse", "calendars": {}}


def test_a_folder_that_is_new_has_chosen_nothing(tmp_path: Path) -> None:
    assert chosen_members(tmp_path) == {}


def test_a_member_that_there_is_not_is_named_beside_those_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "institution.json").write_text('{"bic": "JHCBCNB0XXX", "spread_bp": 5}')

    with pytest.raises(BadInstitution, match=r"there is no member spread_bp; there are bic, .*spread_bps"):
        read_description(tmp_path)


def test_a_description_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "institution.json").write_text("{")

    with pytest.raises(BadInstitution, match=r"institution\.json cannot be used"):
        chosen_members(tmp_path)
