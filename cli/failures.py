"""How commands that run a network end badly: one sentence on standard error, and the exit code that fits."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import ParamSpec

import typer
from rich.console import Console
from rich.text import Text

from api.institution import BadInstitution
from api.tls import BadCertificate
from cli.claim import FolderInUse
from cli.demo_payment import DemoFailed
from cli.exit_codes import ExitCode
from cli.openings import OpeningRefused
from cli.running_network import PortTaken
from node.chain.errors import StoreError
from node.ledger.errors import LedgerUnreachable
from node.ledger.orders import DeploymentFailed
from node.settings import BadSetting
from wallet.encryption import KeystoreRefused
from wallet.private_file import UnsafeFile
from wallet.signer import SignatureRefused, SignerUnreachable

P = ParamSpec("P")

_CODES: Mapping[type[Exception], ExitCode] = {
    PortTaken: ExitCode.PORT_TAKEN,
    FolderInUse: ExitCode.FOLDER_IN_USE,
    DemoFailed: ExitCode.NO,
    DeploymentFailed: ExitCode.NO,
    OpeningRefused: ExitCode.NO,
    LedgerUnreachable: ExitCode.UNREACHABLE,
    KeystoreRefused: ExitCode.NO_KEY,
    UnsafeFile: ExitCode.NO_KEY,
    SignatureRefused: ExitCode.NO_KEY,
    SignerUnreachable: ExitCode.UNREACHABLE,
    BadInstitution: ExitCode.BAD_INPUT,
    BadCertificate: ExitCode.BAD_INPUT,
    FileExistsError: ExitCode.BAD_INPUT,
    FileNotFoundError: ExitCode.BAD_INPUT,
    BadSetting: ExitCode.BAD_INPUT,
    StoreError: ExitCode.BAD_INPUT,
}


def ends_well_or_says_why(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a command's expected failures into one sentence on standard error and their exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except tuple(_CODES) as error:
            sentence = Text("error: ", style="bold red") + Text(str(error))
            Console(stderr=True, highlight=False).print(sentence, soft_wrap=True)
            code = next(code for kind, code in _CODES.items() if isinstance(error, kind))
            raise typer.Exit(code) from error

    return run
