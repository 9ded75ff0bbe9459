"""How this very command can be typed again where the user stands, for whatever tells them what to do next."""

from __future__ import annotations

import shutil
from pathlib import Path


def command_to_type(program: str, here: Path) -> str:
    """`corridor` where the shell finds this program by that name, else its path, relative to `here` if inside it.

    `program` is what the process was started as (`sys.argv[0]`).
    """
    path = Path(program).absolute()
    found = shutil.which("corridor")
    if path.stem != "corridor" or (found is not None and Path(found).absolute() == path):
        return "corridor"
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
