"""Compiles the bench's contract into workload.json; nothing imports this at run time.

`python -m node.chain.bench.compile` writes it. Vyper is a tool of development.
"""

import json
from pathlib import Path

from vyper.compiler import compile_from_file_input  # type: ignore[import-untyped]
from vyper.compiler.input_bundle import FilesystemInputBundle  # type: ignore[import-untyped]
from vyper.compiler.settings import OptimizationLevel, Settings  # type: ignore[import-untyped]

FOLDER = Path(__file__).parent


def compiled() -> str:
    """The text of workload.json as the source gives it."""
    bundle = FilesystemInputBundle([FOLDER])
    with bundle.search_path(FOLDER):
        output = compile_from_file_input(
            bundle.load_file(Path("Workload.vy")),
            input_bundle=bundle,
            settings=Settings(evm_version="prague", optimize=OptimizationLevel.GAS),
            output_formats=("bytecode", "method_identifiers"),
            no_bytecode_metadata=True,
        )
    document = {"bytecode": output["bytecode"].removeprefix("0x"), "selectors": output["method_identifiers"]}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    (FOLDER / "workload.json").write_text(compiled(), encoding="ascii")
