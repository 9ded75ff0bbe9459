"""An outside auditor: reads chain and books separately, each by its plain means, and says what does not fit.

It imports nothing of the product, so a mistake there cannot hide itself here. Each sentence it returns begins
with the number of the invariant of the design that is broken.
"""

from tests.audit.auditor import audit

__all__ = ["audit"]
