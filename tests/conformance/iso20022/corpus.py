"""Finds the official schemas and the corpus, which are beside the checkout and never part of the product."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

NAMESPACE_PREFIX = "urn:iso:std:iso:20022:tech:xsd:"


def folder() -> Path:
    """The folder with xsd/, codesets/ and corpus/; skips the test where it is absent."""
    beside = Path(__file__).parents[4] / "shared" / "iso20022"
    found = Path(os.environ.get("CORRIDOR_CORPUS", beside))
    if not (found / "xsd").is_dir():
        pytest.skip(f"no official schemas at {found}: set CORRIDOR_CORPUS to run the conformance tests")
    return found


@cache
def official_schema(identifier: str) -> etree.XMLSchema:
    """The official schema of a message, as the oracle."""
    return etree.XMLSchema(official_tree(identifier))


@cache
def official_tree(identifier: str) -> etree._Element:
    """The official schema of a message as a tree; skips the test where that schema is not among them."""
    if not has_official(identifier):
        pytest.skip(f"no official schema of {identifier} at {folder() / 'xsd'}")
    return etree.parse(folder() / "xsd" / f"{identifier}.xsd").getroot()


def has_official(identifier: str) -> bool:
    """Whether the official schema of a message is there."""
    return (folder() / "xsd" / f"{identifier}.xsd").is_file()


@dataclass(frozen=True)
class Sample:
    """One message found somewhere in the corpus, as a tree of its own."""

    path: Path
    identifier: str
    raw: bytes

    def tree(self) -> etree._Element:
        """The message alone, parsed anew, so that a test may change it."""
        return etree.fromstring(self.raw)


@cache
def samples() -> tuple[Sample, ...]:
    """Every Document and AppHdr of the corpus that an ISO 20022 namespace names."""
    found: list[Sample] = []
    for path in sorted((folder() / "corpus").rglob("*.xml")):
        found += _samples_in(path)
    return tuple(found)


def _samples_in(path: Path) -> list[Sample]:
    try:
        root = etree.fromstring(path.read_bytes())
    except etree.XMLSyntaxError:
        return []
    found = []
    for node in root.iter("{*}Document", "{*}AppHdr"):
        namespace = etree.QName(node).namespace or ""
        if namespace.startswith(NAMESPACE_PREFIX):
            identifier = namespace.removeprefix(NAMESPACE_PREFIX)
            found.append(Sample(path, identifier, etree.tostring(node, with_tail=False)))
    return found


def samples_of(identifier: str) -> list[Sample]:
    """The corpus messages of one identifier."""
    return [sample for sample in samples() if sample.identifier == identifier]
