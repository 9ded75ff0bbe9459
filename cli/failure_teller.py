"""Which calls a failed transaction made, told by the node that ran it, as it happens."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from cli.call_tree import show_call_tree
from contracts import artifact, artifact_names
from node.chain.chain import LocalChain
from node.chain.records import BlockRecord
from node.chain.rpc import JsonRpc
from node.chain.rpc_error import RpcError
from node.ledger.call_trace import Call, path_to_origin, read_trace
from node.ledger.name_book import NameBook

MOST_WAITING: Final = 100
TRACER: Final = {"tracer": "callTracer"}

Ask = Callable[..., Any]


def our_names() -> NameBook:
    """The names in our own contracts."""
    return NameBook(artifact(name) for name in artifact_names())


def traced(ask: Ask, transaction_hash: str, book: NameBook) -> Call:
    """The named tree of a transaction, from an engine's debug_traceTransaction."""
    frame: Mapping[str, Any] = ask("debug_traceTransaction", transaction_hash, TRACER)
    return read_trace(frame, book, lambda address: bytes.fromhex(ask("eth_getCode", address, "latest")[2:]))


def title_of(transaction_hash: str, call: Call, block: str) -> Text:
    """What became of a transaction, in one line."""
    outcome = "succeeded" if call.failure is None else f"failed: {path_to_origin(call)[-1].failure}"
    colour = "bold green" if call.failure is None else "bold red"
    return Text.assemble(f"transaction {transaction_hash} {block} ", (outcome, colour))


class FailureTeller:
    """Prints the tree of every transaction that fails in a block, from a thread of its own.

    Sending does not wait for it. When more fail than it can tell, it says how many it has left out.
    """

    def __init__(self, chain: LocalChain, rpc: JsonRpc, console: Console) -> None:
        self._chain, self._rpc, self._console = chain, rpc, console
        self._book = our_names()
        self._failures: queue.Queue[tuple[int, list[bytes]] | None] = queue.Queue(MOST_WAITING)
        self._left_out = 0
        self._thread = threading.Thread(target=self._run, name="failure-teller", daemon=True)

    def start(self) -> None:
        """Listen to the chain from now on."""
        self._chain.block_listeners.append(self._note)
        self._thread.start()

    def stop(self) -> None:
        """Tell what is known so far, and end."""
        self._chain.block_listeners.remove(self._note)
        while self._thread.is_alive():
            with contextlib.suppress(queue.Full):
                self._failures.put(None, timeout=0.1)
                self._thread.join()

    def _note(self, block: BlockRecord) -> None:
        """Looked at while the block is at hand: the thread is woken only when there is something to tell."""
        if failed := self._chain.failed_in(block.number):
            try:
                self._failures.put_nowait((block.number, failed))
            except queue.Full:
                self._left_out += 1

    def _run(self) -> None:
        while (told := self._failures.get()) is not None:
            left_out, self._left_out = self._left_out, 0
            if left_out:
                self._console.print(Text(f"… failures in {left_out:,} blocks are left out", style="dim"))
            number, failed = told
            for transaction_hash in failed:
                self._tell("0x" + transaction_hash.hex(), f"in block {number}")

    def _tell(self, transaction_hash: str, block: str) -> None:
        def ask(method: str, *params: Any) -> Any:
            return self._rpc.dispatch(method, list(params))

        try:
            call = traced(ask, transaction_hash, self._book)
        except RpcError:
            return  # a developer has meanwhile gone back to before it
        with contextlib.suppress(OSError, SystemExit):  # rich wants to end where nobody reads; the node goes on
            show_call_tree(self._console, title_of(transaction_hash, call, block), call)
