"""Logs and filters: looking events up, and polling for what is new."""

from typing import Any

from node.chain.filters import FilterNotFound
from node.chain.hexadecimal import data
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.parameters import LATEST_TAGS, Parameters, as_mapping, log_query
from node.chain.presentation import logs_json
from node.chain.rpc_error import LIMIT_EXCEEDED, SERVER_ERROR, RpcError, invalid_params

MAX_LOGS = 50_000


def get_logs(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getLogs: oldest first; more than 50,000 is an error rather than a cut."""
    with node.chain.lock:
        found = node.chain.logs(log_query(node.chain, parameters.required(0)), MAX_LOGS + 1)
        if len(found) > MAX_LOGS:
            raise RpcError(LIMIT_EXCEEDED, f"query returned more than {MAX_LOGS} results")
        return logs_json(node.chain, found)


def new_filter(node: RpcNode, parameters: Parameters) -> str:
    """eth_newFilter: logs from the next block on."""
    fields = as_mapping(parameters.required(0), "invalid argument 0")
    last = fields.get("toBlock")
    open_ended = last is None or (isinstance(last, str) and last in LATEST_TAGS)
    return node.filters.install("logs", log_query(node.chain, fields, future=True), open_ended=open_ended)


def new_block_filter(node: RpcNode, _: Parameters) -> str:
    """eth_newBlockFilter."""
    return node.filters.install("blocks")


def new_pending_filter(node: RpcNode, _: Parameters) -> str:
    """eth_newPendingTransactionFilter."""
    return node.filters.install("pending")


def changes(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getFilterChanges: hashes or logs since the last poll."""
    try:
        kind, found = node.filters.changes(_key(parameters))
    except FilterNotFound as missing:
        raise RpcError(SERVER_ERROR, "filter not found") from missing
    if kind == "hashes":
        return [data(one) for one in found if isinstance(one, bytes)]
    return logs_json(node.chain, [one for one in found if not isinstance(one, bytes)])


def filter_logs(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getFilterLogs: everything a log filter matches."""
    try:
        return logs_json(node.chain, node.filters.all_logs(_key(parameters)))
    except FilterNotFound as missing:
        raise RpcError(SERVER_ERROR, "filter not found") from missing


def uninstall(node: RpcNode, parameters: Parameters) -> bool:
    """eth_uninstallFilter."""
    return node.filters.uninstall(_key(parameters))


def _key(parameters: Parameters) -> str:
    key = parameters.required(0)
    if not isinstance(key, str):
        raise invalid_params("invalid argument 0: a filter id is a string")
    return key


METHODS: MethodTable = {
    "eth_getLogs": Method(get_logs, 1),
    "eth_newFilter": Method(new_filter, 1),
    "eth_newBlockFilter": Method(new_block_filter, 0),
    "eth_newPendingTransactionFilter": Method(new_pending_filter, 1),
    "eth_getFilterChanges": Method(changes, 1),
    "eth_getFilterLogs": Method(filter_logs, 1),
    "eth_uninstallFilter": Method(uninstall, 1),
}
