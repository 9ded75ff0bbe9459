"""python-ecdsa never touches a secret: its authors state that it does not resist timing attacks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("cli", "api", "node", "wallet", "contracts")
PUBLIC_NAMES = {
    "ecdsa": {"SECP256k1", "VerifyingKey"},
    "ecdsa.errors": {"MalformedPointError"},
    "ecdsa.keys": {"BadSignatureError"},
    "ecdsa.curves": {"UnknownCurveError"},
    "ecdsa.der": {"UnexpectedDER"},
    "ecdsa.util": {"sigdecode_der", "sigencode_der"},
}


def faults(source: str) -> list[str]:
    """Return what a module does with ecdsa beyond importing public names: the list of the allowed is closed."""
    found = ["SigningKey"] if "SigningKey" in source.replace("Ed25519", "") else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] == "ecdsa"]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ecdsa":
            allowed = PUBLIC_NAMES.get(node.module or "", set())
            found += [alias.name for alias in node.names if alias.name not in allowed]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [node.value] if node.value.split(".")[0] == "ecdsa" else []
    return found


def test_the_product_imports_only_public_names_of_ecdsa() -> None:
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(modules) > 20
    assert [f"{path}: {fault}" for path in modules for fault in faults(path.read_text())] == []


@pytest.mark.parametrize(
    "source",
    [
        "from ecdsa import SigningKey",
        "from ecdsa.keys import SigningKey as Key",
        "import ecdsa",
        "import ecdsa.keys as k",
        "from ecdsa import *",
        "from ecdsa import keys",
        "from ecdsa.ecdsa import Private_key",
        "import importlib; importlib.import_module('ecdsa')",
        "k = __import__('ecdsa.keys')",
        "getattr(module, 'SigningKey')",
    ],
)
def test_every_spelling_is_found(source: str) -> None:
    assert faults(source)
