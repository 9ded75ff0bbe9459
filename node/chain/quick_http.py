"""HTTP for the requests a chain gets most: one short JSON-RPC request in a POST, answered in one write, at once.

Whatever is not exactly that (another method or header, a page, a batch, a call that takes long) is handed, bytes
and all, to uvicorn's own protocol, which goes on from there: this one needs no answer for what is unusual.
"""

from typing import Any, Final

import h11

from node.chain.timed_http import TimedHttp

MAX_QUICK_BYTES: Final = 64 * 1024
MOST_KNOWN: Final = 16  # heads of one connection
HEAD_END: Final = b"\r\n\r\n"
PRINTABLE: Final = bytes(range(0x20, 0x7F)) + b"\t\r\n"
TARGET_BYTES: Final = bytes(range(0x21, 0x7F))
PLAIN_HEADERS: Final = frozenset(
    {b"host", b"user-agent", b"accept", b"accept-encoding", b"accept-language", b"connection", b"content-type"}
    | {b"content-length", b"cache-control", b"pragma"}
)


class Incomplete(Exception):
    """A request has begun as a plain one does, and is not all there yet."""


class QuickHttp(TimedHttp):
    """A connection. Its application's `answer_at_once(body, deliver)` is False when uvicorn is to ask it."""

    _held = b""
    _known: dict[bytes, int] | None = None

    def data_received(self, data: bytes) -> None:
        """Answer a plain request; hand over anything else."""
        if self._held:
            data, self._held = self._held + data, b""
        elif not self._is_idle():
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        if self._known is None:
            self._known = {}
        try:
            body = plain_body(data, self._known)
        except Incomplete:
            self._held = data
            self.await_head()
            return
        application: Any = self.config.app
        if body is None or not application.answer_at_once(body, self._respond):
            super().data_received(data)

    def _is_idle(self) -> bool:
        """Whether a request begins with the next byte."""
        cycle: Any = self.cycle
        between = cycle is None or cycle.response_complete
        return between and self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]

    def _respond(self, answer: bytes) -> None:
        self.head_came()
        parts = [b"HTTP/1.1 200 OK\r\n"]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer), answer)
        self.transport.write(b"".join(parts))
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


def plain_body(data: bytes, known: dict[bytes, int] | None = None) -> bytes | None:
    """The body of a plain request that is exactly `data`; None when it is another. Raises Incomplete.

    `known` are heads with the lengths they announce: a client repeats its few, and they are read once.
    """
    end = data.find(HEAD_END, 0, MAX_QUICK_BYTES)
    if end < 0:
        if len(data) < MAX_QUICK_BYTES and data[:6] == b"POST /"[: len(data)]:
            raise Incomplete
        return None
    head = data[:end]
    length = known.get(head) if known else None
    if length is None:
        length = _length(head)
        if length is not None and known is not None and len(known) < MOST_KNOWN:
            known[head] = length
    if length is None or (whole := end + len(HEAD_END) + length) > MAX_QUICK_BYTES or len(data) > whole:
        return None
    if len(data) < whole:
        raise Incomplete
    return data[end + len(HEAD_END) :]


def _length(head: bytes) -> int | None:
    """The size of the body that a plain head announces."""
    first, *lines = head.split(b"\r\n")
    if first[:6] != b"POST /" or first[-9:] != b" HTTP/1.1" or first[6:-9].translate(None, TARGET_BYTES):
        return None
    headers = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip(b" \t")
    length = headers.get(b"content-length", b"")
    plain = (
        len(headers) == len(lines)
        and headers.keys() <= PLAIN_HEADERS
        and b"host" in headers
        and length.isdigit()
        and len(length) < 6
        and headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
        and head.count(b"\n") == head.count(b"\r") == len(lines)
        and not head.translate(None, PRINTABLE)
    )
    return int(length) if plain else None
