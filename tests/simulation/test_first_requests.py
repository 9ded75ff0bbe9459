"""The first messages of a fresh process may come all at once, as they do after every restart under load.

libxml2 sets its schema types up when the first schema is compiled, and not safely for threads: of 300 fresh
processes that compiled in eight threads at once, 12 refused every schema from then on, until they were restarted.
The kills found it: a creditor agent that answered 500 for good.
"""

from __future__ import annotations

import threading
import time

import pytest
from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.definition import MessageDefinition
from api.iso20022.schema import compile_schema

THREADS = 4


def test_schemas_are_compiled_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = [0], [0]

    def slowly(definition: MessageDefinition) -> etree.XMLSchema:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.05)
        inside[0] -= 1
        return compile_schema(definition)

    monkeypatch.setattr("api.iso20022.catalogue.compile_schema", slowly)
    catalogue = Catalogue()
    threads = [threading.Thread(target=catalogue.validator, args=("pacs.008.001.08",)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
