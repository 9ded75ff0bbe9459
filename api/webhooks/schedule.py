"""When a failed delivery is tried again: further apart each time, for three days, and then it is dead.

The times are spread at random, so that a receiver that comes back is not met by everything at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from node.book.records import DeliveryStatus
from node.book.webhooks import DeliveryRecord, EndpointRecord

DELAYS_S: Final = (5, 30, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
SPREAD: Final = 0.2
DISABLED_AFTER_S: Final = 5 * 86400
GONE: Final = 410


def delay_s(attempts: int, chance: float) -> float | None:
    """Seconds to wait after so many attempts, `chance` being from 0 up to 1; None when it was tried often enough.

    >>> [delay_s(1, 0.5), delay_s(2, 0.0), delay_s(11, 0.5)]
    [5.0, 24.0, None]
    """
    if attempts > len(DELAYS_S):
        return None
    return DELAYS_S[attempts - 1] * (1 - SPREAD + 2 * SPREAD * chance)


def after_success(delivery: DeliveryRecord, status: int) -> DeliveryRecord:
    """The delivery once its receiver has taken it."""
    return replace(
        delivery,
        status=DeliveryStatus.DELIVERED,
        attempts=delivery.attempts + 1,
        last_status=status,
        last_fault=None,
    )


def after_failure(
    delivery: DeliveryRecord, status: int | None, fault: str, now_s: float, chance: float
) -> DeliveryRecord:
    """The delivery once it has failed again: due later, or dead."""
    attempts = delivery.attempts + 1
    wait_s = delay_s(attempts, chance)
    return replace(
        delivery,
        status=DeliveryStatus.DEAD if wait_s is None else DeliveryStatus.WAITING,
        attempts=attempts,
        next_at_s=now_s if wait_s is None else now_s + wait_s,
        last_status=status,
        last_fault=fault,
    )


def endpoint_after(endpoint: EndpointRecord, status: int | None, now_s: float) -> EndpointRecord:
    """The endpoint after an attempt: disabled when it says it is gone, or has taken nothing for five days."""
    if status is not None and 200 <= status < 300:
        return replace(endpoint, failing_since_s=None)
    since_s = now_s if endpoint.failing_since_s is None else endpoint.failing_since_s
    disabled = endpoint.disabled
    if status == GONE:
        disabled = "The receiver answered 410 Gone."
    elif now_s - since_s >= DISABLED_AFTER_S:
        disabled = f"Nothing was taken for {DISABLED_AFTER_S // 86400} days."
    return replace(endpoint, failing_since_s=since_s, disabled=disabled)
