"""When each fork of Ethereum begins on a foreign chain, as the `config` of its genesis.json tells.

Only importing needs it: blocks made here follow Prague.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eth.abc import BlockHeaderAPI
from eth.chains.mainnet import MainnetHomesteadVM
from eth.consensus.applier import ConsensusApplier
from eth.consensus.noproof import NoProofConsensus
from eth.vm.base import VM
from eth.vm.forks.arrow_glacier import ArrowGlacierVM
from eth.vm.forks.berlin import BerlinVM
from eth.vm.forks.byzantium import ByzantiumVM
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.constantinople import ConstantinopleVM
from eth.vm.forks.frontier import FrontierVM
from eth.vm.forks.gray_glacier import GrayGlacierVM
from eth.vm.forks.homestead import HomesteadVM
from eth.vm.forks.istanbul import IstanbulVM
from eth.vm.forks.london import LondonVM
from eth.vm.forks.muir_glacier import MuirGlacierVM
from eth.vm.forks.paris import ParisVM
from eth.vm.forks.petersburg import PetersburgVM
from eth.vm.forks.shanghai import ShanghaiVM
from eth.vm.forks.spurious_dragon import SpuriousDragonVM
from eth.vm.forks.tangerine_whistle import TangerineWhistleVM
from eth_typing import BlockNumber

from node.chain.rules import LocalVM

BY_BLOCK: tuple[tuple[str, type[VM]], ...] = (
    ("homesteadBlock", HomesteadVM),
    ("eip150Block", TangerineWhistleVM),
    ("eip158Block", SpuriousDragonVM),
    ("byzantiumBlock", ByzantiumVM),
    ("constantinopleBlock", ConstantinopleVM),
    ("petersburgBlock", PetersburgVM),
    ("istanbulBlock", IstanbulVM),
    ("muirGlacierBlock", MuirGlacierVM),
    ("berlinBlock", BerlinVM),
    ("londonBlock", LondonVM),
    ("arrowGlacierBlock", ArrowGlacierVM),
    ("grayGlacierBlock", GrayGlacierVM),
    ("mergeNetsplitBlock", ParisVM),
)
BY_TIME: tuple[tuple[str, type[VM]], ...] = (
    ("shanghaiTime", ShanghaiVM),
    ("cancunTime", CancunVM),
    ("pragueTime", LocalVM),
)


@dataclass(frozen=True)
class ForkSchedule:
    """The forks of one chain: those that begin at a height, then those that begin at a time."""

    blocks: tuple[tuple[int, type[VM]], ...]
    times: tuple[tuple[int, type[VM]], ...]

    def machine_for(self, number: int, timestamp_s: int) -> type[VM]:
        """The rules of a block."""
        found: type[VM] = FrontierVM
        for start, machine in self.blocks:
            if number >= start:
                found = machine
        for start, machine in self.times:
            if timestamp_s >= start:
                found = machine
        return found

    def configuration(self, places: Iterable[tuple[int, int]]) -> tuple[tuple[BlockNumber, type[VM]], ...]:
        """py-evm's table of rules by height, for blocks given as (number, timestamp) in order."""
        table: list[tuple[BlockNumber, type[VM]]] = []
        for number, timestamp_s in places:
            machine = self.machine_for(number, timestamp_s)
            if not table or table[-1][1] is not machine:
                table.append((BlockNumber(number), machine))
        plain = tuple((number, _without_dao(machine)) for number, machine in table)
        return tuple(ConsensusApplier(NoProofConsensus).amend_vm_configuration(plain))  # type: ignore[arg-type]


def read_schedule(config: dict[str, Any]) -> ForkSchedule:
    """The schedule in a genesis.json's `config`."""
    return ForkSchedule(
        tuple((int(config[name]), machine) for name, machine in BY_BLOCK if config.get(name) is not None),
        tuple((int(config[name]), machine) for name, machine in BY_TIME if config.get(name) is not None),
    )


def _without_dao(machine: type[VM]) -> type[VM]:
    """No chain we import had the DAO's fork."""
    return MainnetHomesteadVM.configure(support_dao_fork=False) if machine is HomesteadVM else machine


def header_class(schedule: ForkSchedule, timestamp_s: int) -> type[BlockHeaderAPI]:
    """The form of header of block 0."""
    block: Any = schedule.machine_for(0, timestamp_s).get_block_class()
    form: type[BlockHeaderAPI] = dict(block._meta.fields)["header"]
    return form
