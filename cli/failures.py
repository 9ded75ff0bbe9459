"""How commands that run a network end badly: one sentence on standard error, and the exit code that fits."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

import typer
from rich.console import Console
from rich.text import Text

from cli.failure_codes import NETWORK, code_of, sentence_of

P = ParamSpec("P")


def ends_well_or_says_why(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a command's expected failures into one sentence on standard error and their exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Exception as error:
            code = code_of(error, NETWORK)
            if code is None:
                raise
            sentence = Text("error: ", style="bold red") + Text(sentence_of(error))
            Console(stderr=True, highlight=False).print(sentence, soft_wrap=True)
            raise typer.Exit(code) from error

    return run
