"""`corridor wallet lanes | resume-lane`, beside a node that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.exit_codes import ExitCode
from cli.network import BANK_CN, BANK_TH
from cli.running_network import RunningNetwork
from cli.wallet import app
from node.settlement.office import Office
from tests.network import BANK_HK, Transfer, bank, settled
from tests.wallet.shell import answer

WHY = "its nonce 0 was used by a transaction that is not in this book"


@pytest.fixture
def office(network: RunningNetwork) -> Iterator[Office]:
    """The office of a bank that no other test pays with; its lane runs again afterwards."""
    found = network.institutions[BANK_TH].office
    with found.book.unit() as unit:
        unit.lanes.begin(found.lane_signer.address, 0)
    yield found
    with found.book.unit() as unit:
        unit.lanes.stop(found.lane_signer.address, None)


def run(network: RunningNetwork, *arguments: str, bic: str = BANK_TH) -> Result:
    return CliRunner().invoke(app, [*arguments, "--institution", str(network.data / "institutions" / bic)])


def test_a_lane_is_shown(network: RunningNetwork, office: Office) -> None:
    (lane,) = answer(run(network, "lanes", "--json"))
    assert lane["lane"] == office.lane_signer.address
    assert (lane["waiting"], lane["state"], lane["stopped"]) == (0, "runs", None)
    assert office.lane_signer.address in run(network, "lanes").stdout


def test_a_stopped_lane_says_why_and_runs_again_once_a_person_says_so(
    network: RunningNetwork, office: Office
) -> None:
    lane = office.lane_signer.address
    stop(office, lane)
    (shown,) = answer(run(network, "lanes", "--json"))
    assert (shown["state"], shown["stopped"]) == ("stopped", WHY)
    unsure = run(network, "resume-lane", lane)
    assert unsure.exit_code == ExitCode.NOT_AGREED
    assert WHY in unsure.stderr
    assert answer(run(network, "lanes", "--json"))[0]["state"] == "stopped"
    done = answer(run(network, "resume-lane", lane, "--yes", "--json"))
    assert done == {"lane": lane, "was_stopped": True, "lost": 0}
    assert answer(run(network, "lanes", "--json"))[0]["state"] == "runs"
    assert answer(run(network, "resume-lane", lane, "--yes", "--json"))["was_stopped"] is False


def test_the_running_node_goes_on_with_a_resumed_lane(network: RunningNetwork) -> None:
    office = network.institutions[BANK_HK].office
    lane = office.lane_signer.address
    stop(office, lane)
    answer(run(network, "resume-lane", lane, "--yes", "--json", bic=BANK_HK))
    transfer = Transfer(
        amount="1.00",
        debtor_agent=BANK_HK,
        debtor_account="388104567156",
        creditor_agent=BANK_CN,
        creditor_account="6228901020030040051",
    )
    assert settled(bank(network, BANK_HK), transfer.body(), transfer.uetr)["state"] == "SETTLED"


def test_another_address_or_folder_is_refused(network: RunningNetwork, tmp_path: Path) -> None:
    assert run(network, "resume-lane", "0x" + "00" * 20, "--yes").exit_code == ExitCode.BAD_INPUT
    result = CliRunner().invoke(app, ["lanes", "--institution", str(tmp_path)])
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "no institution's folder" in result.stderr.replace("\n", " ")


def test_lanes_are_looked_up_in_the_database_that_is_set(
    network: RunningNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORRIDOR_DATABASE", "postgresql://corridor@127.0.0.1:1/nowhere")
    result = run(network, "lanes")
    assert result.exit_code == ExitCode.UNREACHABLE
    assert "127.0.0.1:1/nowhere" in result.stderr.replace("\n", "")


def stop(office: Office, lane: str) -> None:
    with office.book.unit() as unit:
        unit.lanes.begin(lane, office.client.next_nonce(lane))
        unit.lanes.stop(lane, WHY)
