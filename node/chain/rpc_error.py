"""JSON-RPC errors: the standard codes, and code 3 for a revert with its data."""

from dataclasses import dataclass

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
LIMIT_EXCEEDED = -32005
EXECUTION_REVERTED = 3


@dataclass(frozen=True)
class RpcError(Exception):
    """An answer that is an error; `data` is what JSON can hold, or None for no data member."""

    code: int
    message: str
    data: object = None

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


def invalid_params(message: str) -> RpcError:
    """The error for parameters that do not fit the method."""
    return RpcError(INVALID_PARAMS, message)
