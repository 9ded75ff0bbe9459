"""Our verdict on a message is the official schema's: on the corpus, on mutations of it, and in structure."""

from __future__ import annotations

from random import Random

import pytest
from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.schema import schema_document
from tests.conformance.iso20022.corpus import (
    Sample,
    folder,
    has_official,
    official_schema,
    official_tree,
    samples_of,
)
from tests.conformance.iso20022.mutation import mutate
from tests.conformance.iso20022.structure import differences

CATALOGUE = Catalogue()
IDENTIFIERS = sorted(CATALOGUE.identifiers)


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_grammar_is_the_official_grammar(identifier: str) -> None:
    folder()
    ours = schema_document(CATALOGUE.definition(identifier))

    assert list(differences(ours, official_tree(identifier))) == []


def test_every_official_schema_has_a_definition_of_ours() -> None:
    assert {path.stem for path in (folder() / "xsd").glob("*.xsd")} - CATALOGUE.identifiers == set()


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_verdict_on_the_corpus_is_the_official_verdict(identifier: str) -> None:
    folder()
    for sample in samples_of(identifier):
        tree = sample.tree()
        ours = CATALOGUE.validator(identifier).validate(tree)
        assert ours == official_schema(identifier).validate(tree), sample.path


def test_corpus_holds_messages_of_the_first_three_kinds() -> None:
    folder()

    counts = {name: len(samples_of(name)) for name in ("head.001.001.02", "pacs.002.001.10", "pacs.008.001.08")}

    assert counts["head.001.001.02"] >= 170
    assert counts["pacs.002.001.10"] >= 38
    assert counts["pacs.008.001.08"] >= 42


def test_verdict_on_5000_mutations_is_the_official_verdict() -> None:
    folder()

    invalid = _judge_mutations(5_000, seed=20022)

    assert 2_500 < invalid < 4_750


@pytest.mark.long
def test_verdict_on_100000_mutations_is_the_official_verdict() -> None:
    folder()

    invalid = _judge_mutations(100_000, seed=8583)

    assert 50_000 < invalid < 95_000


def _judge_mutations(count: int, seed: int) -> int:
    """Compare verdicts on `count` mutations; returns how many were invalid, so that the mix can be checked."""
    random = Random(seed)
    pool = [
        (name, sample)
        for name in IDENTIFIERS
        if has_official(name) and (found := samples_of(name))
        for sample in found[:60]
    ]
    by_name: dict[str, list[Sample]] = {}
    for name, sample in pool:
        by_name.setdefault(name, []).append(sample)
    names = sorted(by_name)
    invalid = 0
    for number in range(count):
        identifier = random.choice(names)
        sample = random.choice(by_name[identifier])
        invalid += not _agree(identifier, sample, random, number)
    return invalid


def _agree(identifier: str, sample: Sample, random: Random, number: int) -> bool:
    tree = sample.tree()
    done = [mutate(tree, random) for _ in range(random.choice((1, 1, 1, 2)))]
    # Parsed again from text: only what can stand in a file counts.
    tree = etree.fromstring(etree.tostring(tree))
    official = official_schema(identifier).validate(tree)
    ours = CATALOGUE.validator(identifier).validate(tree)
    assert ours == official, f"mutation {number} of {sample.path.name}: {done}, officially valid: {official}"
    return official
