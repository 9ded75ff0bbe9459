"""One WebSocket connection to the chain: requests in, answers and subscribed events out."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from node.chain.rpc import JsonRpc, encode, error_answer
from node.chain.rpc_error import INVALID_REQUEST, RpcError
from node.chain.subscriptions import Subscriber

POLICY_VIOLATION = 1008
# A client whose buffers are full cannot even be told; it is not waited for longer than this.
FAREWELL_DEADLINE_S = 2.0
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def serve_web_socket(
    rpc: JsonRpc, workers: Executor, receive: Receive, send: Send, max_message_bytes: int
) -> None:
    """Talk to one client until it leaves, or is cut off for not reading."""
    await receive()  # the connect event
    await send({"type": "websocket.accept"})
    subscriber = Subscriber(rpc.node.chain, asyncio.get_running_loop())
    tasks = [
        asyncio.create_task(_read(rpc, workers, subscriber, receive, max_message_bytes)),
        asyncio.create_task(_write(subscriber, send)),
        asyncio.create_task(subscriber.too_slow.wait()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if subscriber.too_slow.is_set():
            subscriber.close()
            await _dismiss(send)
    finally:
        subscriber.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _dismiss(send: Send) -> None:
    farewell = {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "too slow a reader"}
    with suppress(TimeoutError):
        await asyncio.wait_for(send(farewell), FAREWELL_DEADLINE_S)


async def _read(
    rpc: JsonRpc, workers: Executor, subscriber: Subscriber, receive: Receive, max_message_bytes: int
) -> None:
    loop = asyncio.get_running_loop()
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        body = message.get("bytes") or (message.get("text") or "").encode()
        if len(body) > max_message_bytes:
            refusal = RpcError(INVALID_REQUEST, f"message too large: at most {max_message_bytes} bytes")
            subscriber.send(encode(error_answer(None, refusal)))
            continue
        answer = await loop.run_in_executor(workers, rpc.answer_body, body, subscriber.methods)
        if answer is not None:
            subscriber.send(answer)


async def _write(subscriber: Subscriber, send: Send) -> None:
    while True:
        message = await subscriber.outgoing.get()
        text = message.decode() if isinstance(message, bytes) else encode(message).decode()
        await send({"type": "websocket.send", "text": text})
