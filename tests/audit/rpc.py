"""Plain JSON-RPC over HTTP, with batches: all the auditor needs to ask any chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

BATCH = 100


class Rpc:
    """A line to one chain's JSON-RPC."""

    def __init__(self, url: str) -> None:
        """Nothing is sent yet."""
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, *params: Any) -> Any:
        """One answer; raises RuntimeError for a refusal."""
        return self.batch([(method, params)])[0]

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The answers to many questions, in their order."""
        answers: list[Any] = []
        for start in range(0, len(calls), BATCH):
            part = calls[start : start + BATCH]
            asked = [
                {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
                for number, (method, params) in enumerate(part)
            ]
            found = {item["id"]: item for item in self._http.post("", json=asked).json()}
            for number, (method, _) in enumerate(part):
                if "result" not in found[number]:
                    raise RuntimeError(f"{method}: {found[number].get('error')}")
                answers.append(found[number]["result"])
        return answers
