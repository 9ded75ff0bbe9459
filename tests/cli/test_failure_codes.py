"""Every failure that has an exit code is there under its name, and its nearest class decides."""

from __future__ import annotations

from importlib import import_module

import pytest

from cli.exit_codes import ExitCode
from cli.failure_codes import NETWORK, WALLET, code_of
from wallet.address import BadAddress


@pytest.mark.parametrize("name", sorted({*NETWORK, *WALLET}))
def test_every_name_is_a_failures_own(name: str) -> None:
    module, _, short = name.rpartition(".")
    kind = getattr(import_module(module), short)
    assert issubclass(kind, Exception)
    assert f"{kind.__module__}.{kind.__qualname__}" == name


def test_a_class_below_has_the_code_of_the_one_above() -> None:
    class WorseAddress(BadAddress):
        """A kind of its own."""

    assert code_of(WorseAddress(), WALLET) == ExitCode.BAD_INPUT
    assert code_of(ValueError(), WALLET) is None
