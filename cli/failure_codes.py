"""Which expected failure ends a command with which exit code.

The failures are named, not imported: a command would load every room to know what it might fail with, and the room
of a failure that did happen is loaded already. A test holds every name to be its class's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cli.exit_codes import ExitCode

FailureCodes = Mapping[str, ExitCode]

# Of the commands that run a network.
NETWORK: Final[FailureCodes] = {
    "cli.ports.PortTaken": ExitCode.PORT_TAKEN,
    "cli.claim.FolderInUse": ExitCode.FOLDER_IN_USE,
    "node.settlement.bell.WorkerNameTaken": ExitCode.FOLDER_IN_USE,
    "cli.demo_payment.DemoFailed": ExitCode.NO,
    "node.ledger.orders.DeploymentFailed": ExitCode.NO,
    "cli.openings.OpeningRefused": ExitCode.NO,
    "node.book.records.BookBusy": ExitCode.FOLDER_IN_USE,
    "node.book.records.BookFull": ExitCode.NO,
    "node.book.records.BookUnreachable": ExitCode.UNREACHABLE,
    "node.ledger.errors.LedgerUnreachable": ExitCode.UNREACHABLE,
    "node.book.vault.WrongMasterKey": ExitCode.NO_KEY,
    "node.book.sealing.BadMasterKey": ExitCode.NO_KEY,
    "wallet.encryption.KeystoreRefused": ExitCode.NO_KEY,
    "wallet.private_file.UnsafeFile": ExitCode.NO_KEY,
    "wallet.signature.SignatureRefused": ExitCode.NO_KEY,
    "wallet.signer.SignerUnreachable": ExitCode.UNREACHABLE,
    "api.institution.BadInstitution": ExitCode.BAD_INPUT,
    "api.iso20022.catalogue.BadSchemas": ExitCode.BAD_INPUT,
    "api.tls.BadCertificate": ExitCode.BAD_INPUT,
    "builtins.FileExistsError": ExitCode.BAD_INPUT,
    "builtins.FileNotFoundError": ExitCode.BAD_INPUT,
    "node.settings.BadSetting": ExitCode.BAD_INPUT,
    "node.chain.errors.StoreError": ExitCode.BAD_INPUT,
    "node.chain.errors.StoreInUse": ExitCode.FOLDER_IN_USE,
    "builtins.NotADirectoryError": ExitCode.BAD_INPUT,
    "builtins.IsADirectoryError": ExitCode.BAD_INPUT,
    "builtins.PermissionError": ExitCode.BAD_INPUT,
}

# Of the wallet's commands.
WALLET: Final[FailureCodes] = {
    "cli.wallet_view.Declined": ExitCode.NOT_AGREED,
    "cli.wallet_view.StillOpen": ExitCode.NO,
    "cli.wallet_view.NotAllowed": ExitCode.NO,
    "wallet.audit.AuditBusy": ExitCode.FOLDER_IN_USE,
    "wallet.audit.AuditBroken": ExitCode.NO_KEY,
    "node.book.records.BookBusy": ExitCode.FOLDER_IN_USE,
    "node.book.records.BookFull": ExitCode.NO,
    "node.book.records.BookUnreachable": ExitCode.UNREACHABLE,
    "node.ledger.errors.LedgerUnreachable": ExitCode.UNREACHABLE,
    "wallet.signer.SignerUnreachable": ExitCode.UNREACHABLE,
    "node.ledger.errors.EngineRefused": ExitCode.UNREACHABLE,
    "node.ledger.client.ReadRefused": ExitCode.NO,
    "node.book.vault.WrongMasterKey": ExitCode.NO_KEY,
    "node.book.sealing.BadMasterKey": ExitCode.NO_KEY,
    "wallet.encryption.KeystoreRefused": ExitCode.NO_KEY,
    "wallet.private_file.UnsafeFile": ExitCode.NO_KEY,
    "wallet.secret_input.NoSecret": ExitCode.NO_KEY,
    "builtins.FileNotFoundError": ExitCode.NO_KEY,
    "builtins.FileExistsError": ExitCode.NO_KEY,
    "builtins.NotADirectoryError": ExitCode.BAD_INPUT,
    "builtins.IsADirectoryError": ExitCode.BAD_INPUT,
    "builtins.PermissionError": ExitCode.BAD_INPUT,
    "node.settings.BadSetting": ExitCode.BAD_INPUT,
    "wallet.address.BadAddress": ExitCode.BAD_INPUT,
    "wallet.amount.BadAmount": ExitCode.BAD_INPUT,
    "wallet.network.BadNetwork": ExitCode.BAD_INPUT,
    "wallet.policy_document.BadPolicy": ExitCode.BAD_INPUT,
    "wallet.contacts.BadContact": ExitCode.BAD_INPUT,
    "wallet.intent.BadIntent": ExitCode.BAD_INPUT,
    "wallet.key_place.BadKeyPlace": ExitCode.BAD_INPUT,
    "wallet.payment_request.BadRequest": ExitCode.BAD_INPUT,
    "wallet.transaction.BadTransaction": ExitCode.BAD_INPUT,
    "wallet.typed_data.BadTypedData": ExitCode.BAD_INPUT,
    "wallet.signature.SignatureRefused": ExitCode.BAD_INPUT,
}


def code_of(failure: BaseException, codes: FailureCodes) -> ExitCode | None:
    """The code of a failure by its own class or the nearest one above it; None for what is not expected."""
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(failure).__mro__)
    return next((codes[name] for name in names if name in codes), None)


def sentence_of(failure: BaseException) -> str:
    """What a failure says; one of the file system names the file first and says what is the matter with it."""
    if isinstance(failure, OSError) and failure.strerror and failure.filename is not None:
        return f"{failure.filename}: {failure.strerror[0].lower()}{failure.strerror[1:]}"
    return str(failure)
