"""Every failure that has an exit code is there under its name, and its nearest class decides."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.exit_codes import ExitCode
from cli.failure_codes import NETWORK, WALLET, code_of, sentence_of
from cli.main import app
from node.chain.chain import LocalChain
from node.chain.serving import listening_socket
from wallet.address import BadAddress
from wallet.private_file import write_private


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


def test_what_the_file_system_says_begins_with_the_file(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    write_private(taken, b"first")
    for path, said in (
        (taken, f"{taken}: is there already and is not overwritten"),
        (tmp_path / "absent" / "file", f"{tmp_path / 'absent'}: no such file or directory"),
        (taken / "file", f"{taken}: not a directory"),
    ):
        with pytest.raises(OSError, match=r"\w") as failure:
            write_private(path, b"second")
        assert sentence_of(failure.value) == said
        assert code_of(failure.value, NETWORK) == ExitCode.BAD_INPUT
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("arguments", [["up", "--port", "0", "--rpc-port", "0"], ["node", "--port", "0"]])
def test_a_folder_that_can_be_none_is_named(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        ended = CliRunner().invoke(app, [*arguments, "--data", str(folder)])
        assert (ended.exit_code, isinstance(ended.exception, SystemExit)) == (ExitCode.BAD_INPUT, True)
        assert str(folder) in ended.output


def test_a_node_that_cannot_start_says_why_by_its_code(tmp_path: Path) -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        ended = CliRunner().invoke(app, ["node", "--data", str(tmp_path / "one"), "--port", port])
    assert ended.exit_code == ExitCode.PORT_TAKEN
    chain = LocalChain.open(tmp_path / "two")
    ended = CliRunner().invoke(app, ["node", "--data", str(tmp_path / "two"), "--port", "0"])
    chain.close()
    assert ended.exit_code == ExitCode.FOLDER_IN_USE


@pytest.mark.parametrize("command", ["up", "node", "api"])
def test_a_port_that_is_none_is_refused(command: str, tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, [command, "--data", str(tmp_path), "--port", "70000"])
    assert ended.exit_code == ExitCode.BAD_INPUT
