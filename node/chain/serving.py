"""Running an ASGI application in a thread of this process, on a port that is known once it listens.

Tests, `corridor up` and the demo use it; a node on its own runs uvicorn in the foreground.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import uvicorn

from node.chain.timed_http import TimedHttp

START_LIMIT_S = 60.0
# How long a connection may rest between two requests. Clients commonly keep theirs for five seconds (httpx does);
# a server that closes at the same time now and then resets a connection with a request already on its way.
KEEP_ALIVE_S = 15


class BackgroundServer:
    """A server in a thread. Use it as a context manager, or `start` and `stop` it."""

    def __init__(
        self,
        app: Callable[..., Any],
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._socket = listening_socket(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        config = uvicorn.Config(
            app,
            http=getattr(app, "http_protocol", TimedHttp),
            log_config=None,  # or it would write faults to standard error by itself, with their text
            log_level="warning",
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=2,
            timeout_keep_alive=KEEP_ALIVE_S,
            ssl_context_factory=None if tls is None else lambda _config, _default: tls,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def start(self) -> Self:
        """Start, and return once requests are accepted. Raises RuntimeError when that takes too long."""
        self._thread.start()
        deadline = time.monotonic() + START_LIMIT_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop and wait until the port is free."""
        self._server.should_exit = True
        self._thread.join(START_LIMIT_S)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def listening_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one.

    It names its protocol: asyncio switches Nagle's delay off only for sockets that say they are TCP, and without
    that every answer waits 40 ms for the client's acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(256)
    except BaseException:
        opened.close()
        raise
    return opened
