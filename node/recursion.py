"""Python's recursion limit, kept where no JSON from outside can end the process.

py_ecc, which web3 and py-evm import, sets it to 100,000; then a hundred kilobytes of "[" in a request or an answer
overflow the C stack of Python's JSON parser. Bounded, they are a RecursionError, as Python means them to be.
"""

from __future__ import annotations

import sys
from typing import Final

LIMIT: Final = 12_288  # what py-evm needs for 1,024 nested calls; a parser's stack bears it in any thread


def bound_recursion() -> None:
    """Lower the limit, if it is higher. Call it where parts are constructed, for importing may have raised it."""
    sys.setrecursionlimit(min(sys.getrecursionlimit(), LIMIT))
