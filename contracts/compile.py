"""Compiles every deployable contract into contracts/artifacts, the same bytes on every machine.

`python -m contracts.compile` writes; with `--check` it only says whether what is shipped is what the source
gives. Nothing imports this at run time: Vyper is a tool of development.
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import vyper  # type: ignore[import-untyped]
from vyper.compiler import compile_from_file_input  # type: ignore[import-untyped]
from vyper.compiler.input_bundle import FilesystemInputBundle  # type: ignore[import-untyped]
from vyper.compiler.settings import OptimizationLevel, Settings  # type: ignore[import-untyped]

from contracts import ARTIFACTS

SOURCES = Path(__file__).parent
# The one place for the compiler's settings: default code generation, Prague rules.
EVM_VERSION = "prague"
OPTIMIZE = OptimizationLevel.GAS
# EIP-170: no larger contract can be deployed.
MAX_RUNTIME_BYTES = 24_576
IMPORT = re.compile(r"^from (\.+)(\w*) import (\w+)", re.MULTILINE)


def deployables() -> list[Path]:
    """The contracts that are deployed: CamelCase files; the snake_case ones are modules of them."""
    return sorted(SOURCES.glob("*.vy"))


def sources_of(contract: Path) -> list[Path]:
    """A contract's own source, and every module and interface it imports, directly or through another."""
    found: set[Path] = set()
    waiting = [contract]
    while waiting:
        source = waiting.pop()
        if source in found:
            continue
        found.add(source)
        for dots, folder, name in IMPORT.findall(source.read_text(encoding="ascii")):
            imported = source.parents[len(dots) - 1] / folder / name
            waiting += [path for kind in (".vy", ".vyi") if (path := imported.with_suffix(kind)).exists()]
    return sorted(found)


def source_digest(contract: Path) -> str:
    """One SHA-256 over the sources of a contract, names and contents, in order."""
    digest = hashlib.sha256()
    for source in sources_of(contract):
        digest.update(source.relative_to(SOURCES).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def compile_contract(path: Path) -> dict[str, Any]:
    """The artifact document of one contract.

    The compiler's metadata trailer is left out, so that the bytecode depends on the code alone. Raises
    ValueError when the contract is too large to deploy, and Vyper's own errors.
    """
    bundle = FilesystemInputBundle([SOURCES])
    with bundle.search_path(SOURCES):
        output = compile_from_file_input(
            bundle.load_file(Path(path.name)),
            input_bundle=bundle,
            settings=Settings(evm_version=EVM_VERSION, optimize=OPTIMIZE),
            output_formats=("abi", "bytecode", "bytecode_runtime", "layout"),
            no_bytecode_metadata=True,
        )
    runtime = output["bytecode_runtime"].removeprefix("0x")
    deployed = len(runtime) // 2 + _immutable_bytes(output["layout"].get("code_layout", {}))
    if deployed > MAX_RUNTIME_BYTES:
        raise ValueError(f"{path.stem} has {deployed} bytes of code, more than {MAX_RUNTIME_BYTES}")
    return {
        "name": path.stem,
        "compiler": f"vyper {vyper.__version__}",
        "settings": {"evm_version": EVM_VERSION, "optimize": str(OPTIMIZE), "metadata": False},
        "source_digest": source_digest(path),
        "abi": output["abi"],
        "bytecode": output["bytecode"].removeprefix("0x"),
        "runtime": runtime,
    }


def _immutable_bytes(layout: dict[str, Any]) -> int:
    """What the immutables add to the code when it is deployed; modules have theirs in layouts of their own."""
    if "length" in layout:
        return int(layout["length"])
    return sum(_immutable_bytes(part) for part in layout.values() if isinstance(part, dict))


def render(document: dict[str, Any]) -> str:
    """An artifact document as the text that is shipped."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Writes the artifacts, or with --check compares; the exit code is 1 when they differ."""
    parser = argparse.ArgumentParser(prog="python -m contracts.compile", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with what is shipped, write nothing")
    check = parser.parse_args(arguments).check
    stale = []
    for path in deployables():
        document = compile_contract(path)
        target = ARTIFACTS / f"{path.stem}.json"
        text = render(document)
        if not target.exists() or target.read_text(encoding="ascii") != text:
            stale.append(path.stem)
            if not check:
                target.write_text(text, encoding="ascii")
        sys.stdout.write(f"{path.stem}: {len(document['runtime']) // 2:,} bytes of code\n")
    if check and stale:
        sys.stderr.write(f"not what the source gives: {', '.join(stale)}; run python -m contracts.compile\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
