"""What is looked for in messages of one profile only can say nothing in those of another."""

from __future__ import annotations

import ast
import inspect
import textwrap

import pytest

from api.iso20022.rulebook import RULES, Profile
from api.iso20022.rules import _CHECKS_OF, Check


@pytest.mark.parametrize(
    ("profile", "check"), [(profile, check) for profile, checks in _CHECKS_OF.items() for check in checks]
)
def test_a_profiles_checks_tell_of_its_rules_only(profile: Profile, check: Check) -> None:
    told = _rules_named_in(check)
    assert told
    assert {RULES[rule].only_in for rule in told} == {profile}


def _rules_named_in(check: Check) -> set[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(check)))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and text in RULES}
