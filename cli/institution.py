"""An institution as commands open it: by its folder, with what the settings of this process say of it."""

from __future__ import annotations

from pathlib import Path

from api.institution import Institution, open_institution
from api.limits import request_limits
from node.settings import Settings


def institution_in(folder: Path, settings: Settings, *, worker: str | None) -> Institution:
    """Open it and start nothing; `worker` is this process's name on the book, None where it does no work.

    Whoever opens it, API, worker or a look from outside, has the same book, keys, schemas and limits. Raises as
    `open_institution` does.
    """
    return open_institution(
        folder,
        limits=request_limits(settings),
        database=settings.database,
        worker=worker,
        master_key=settings.master_key,
        schemas=settings.schemas,
    )
