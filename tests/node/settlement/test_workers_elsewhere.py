"""What a process that only serves knows of the workers: what the book says of the duty to follow the chain."""

from __future__ import annotations

from pathlib import Path

from node.settlement.bell import Bell
from node.settlement.duty import FOLLOWING, Duty
from node.settlement.workers_elsewhere import WorkersElsewhere
from tests.node.settlement.town import Town


def test_a_worker_is_alive_while_it_holds_its_duty(town: Town, tmp_path: Path) -> None:
    office = town.debtor_agent
    elsewhere = WorkersElsewhere(office, Bell(tmp_path / "bells"))
    elsewhere.start()
    elsewhere.wake()
    assert not elsewhere.status().alive
    duty = Duty(office.book, office.clock.now_s, FOLLOWING, "elsewhere", office.terms.duty_s)
    assert duty.is_ours()
    found = elsewhere.status()
    assert found.alive
    assert found.last_pass_s == office.clock.now_s()
    town.clock.forward(office.terms.duty_s + 1)
    assert not elsewhere.status().alive
    duty.leave()
    assert elsewhere.status().last_pass_s is None
    elsewhere.stop()
