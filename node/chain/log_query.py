"""A question about logs, as eth_getLogs asks it, and the SQL that answers it.

Addresses and topics are alternatives within a position and conditions across positions; an empty position
matches anything.
"""

from dataclasses import dataclass

from node.chain.records import LogRecord


@dataclass(frozen=True)
class LogQuery:
    """Logs of blocks `first` to `last` (both included), by address and by topic position."""

    first: int
    last: int
    addresses: tuple[bytes, ...] = ()
    topics: tuple[tuple[bytes, ...], ...] = ()


def log_statement(query: LogQuery, logs_per_block: int) -> tuple[str, list[object]]:
    """The SELECT for a query and its values; only placeholders vary with the input."""
    conditions = ["id >= ?", "id < ?"]
    values: list[object] = [query.first * logs_per_block, (query.last + 1) * logs_per_block]
    if query.addresses:
        conditions.append(f"address IN ({_places(query.addresses)})")
        values.extend(query.addresses)
    for position, alternatives in enumerate(query.topics):
        if alternatives:
            conditions.append(f"topic{position} IN ({_places(alternatives)})")
            values.extend(alternatives)
        else:
            conditions.append(f"topic{position} IS NOT NULL")
    return f"SELECT * FROM log WHERE {' AND '.join(conditions)} ORDER BY id", values  # noqa: S608 - placeholders only


def _places(values: tuple[bytes, ...]) -> str:
    return ", ".join("?" * len(values))


def matches(query: LogQuery, log: LogRecord) -> bool:
    """Whether one log answers the query; for logs that are pushed rather than looked up."""
    if not query.first <= log.block_number <= query.last:
        return False
    if query.addresses and log.address not in query.addresses:
        return False
    if len(query.topics) > len(log.topics):
        return False
    return all(not wanted or topic in wanted for wanted, topic in zip(query.topics, log.topics, strict=False))
