"""Where translation is used and where it is not, and that what it keeps is bounded."""

from pathlib import Path

import pytest
from eth.vm.forks.prague.computation import PragueComputation
from eth_account.signers.local import LocalAccount

from node.chain.bench.beside import InProcess
from node.chain.bench.workload import spin
from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.genesis import Genesis
from node.chain.rpc import JsonRpc
from node.chain.simulation import CallRequest
from node.chain.translation import program as programs
from node.chain.translation.computation import TranslatedComputation
from node.chain.translation.instructions import EXPRESSIONS
from node.chain.translation.program import Translator
from node.chain.translation.stretch import JUMP, JUMPI, RETURN, STOCK, STOP
from tests.node.chain.assembly import creation, keeper
from tests.node.chain.signing import dynamic_fee


def computation_class(chain: LocalChain) -> type:
    found: type = chain.new_state.computation_class
    return found


def test_a_chain_translates_unless_told_not_to(genesis: Genesis) -> None:
    on, off = LocalChain.open(None, genesis), LocalChain.open(None, genesis, translate=False)
    assert issubclass(computation_class(on), TranslatedComputation)
    assert computation_class(off) is PragueComputation
    on.close()
    off.close()


def test_both_settings_make_the_same_blocks(genesis: Genesis, debtor: LocalAccount, tmp_path: Path) -> None:
    """Also after a restart with the other setting: nothing about it is kept."""
    heads = []
    for translate in (True, False):
        folder = tmp_path / str(translate)
        chain = LocalChain.open(
            folder, genesis, ChainClock(lambda: 1_800_000_000.0, strict=True), translate=translate
        )
        chain.send_raw_transaction(dynamic_fee(debtor, 0, data=creation(keeper())))
        record = chain.transaction_at(1, 0)
        assert record is not None
        address = "0x" + JsonRpc(chain).dispatch("eth_getTransactionReceipt", ["0x" + record.hash.hex()])[
            "contractAddress"
        ].removeprefix("0x")
        for nonce in range(1, 30):
            chain.send_raw_transaction(dynamic_fee(debtor, nonce, to=address, data=nonce.to_bytes(32, "big")))
        heads.append(chain.head.hash)
        chain.close()
        LocalChain.open(folder, genesis, translate=not translate).close()
    assert heads[0] == heads[1]


def test_a_trace_is_py_evms_own(genesis: Genesis) -> None:
    """A traced call has every step, though the same call has been translated before."""
    chain = LocalChain.open(None, genesis)
    inside = InProcess(chain)
    for _ in range(2):
        chain.call(CallRequest(to=inside.token, data=spin(40)))
    request = {"to": "0x" + inside.token.hex(), "data": "0x" + spin(40).hex()}
    traced = JsonRpc(chain).dispatch("debug_traceCall", [request, "latest"])
    assert len(traced["structLogs"]) > 40 * 20
    chain.close()


def test_every_instruction_of_the_fork_has_its_way() -> None:
    """Written, run by py-evm in the middle, or handed over; a new one would be handed over, and told here."""
    pushes_and_moves = set(range(0x60, 0xA0))
    known = set(EXPRESSIONS) | set(STOCK) | pushes_and_moves | {STOP, JUMP, JUMPI, RETURN}
    assert set(PragueComputation.opcodes) - known == {0xFD, 0xFF}


def test_a_place_is_translated_when_it_is_used_often() -> None:
    translator = Translator(PragueComputation.opcodes, uses_before=3)
    program = translator.program(b"\x5b\x00")
    assert [program.stretch(0) is not None for _ in range(4)] == [False, False, True, True]
    assert translator.stretches == 1


def test_translations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "MAX_PROGRAMS", 3)
    monkeypatch.setattr(programs, "MAX_STRETCHES", 5)
    translator = Translator(PragueComputation.opcodes, uses_before=1)
    for number in range(20):
        translator.program(bytes([0x5B, 0x60, number])).stretch(0)
        assert len(translator) <= 3
        assert translator.stretches <= 5
