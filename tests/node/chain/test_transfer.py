"""Export and import: the same blocks come out at the other end, or none that are not the same."""

from io import BytesIO
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount
from typer.testing import CliRunner

from cli.node import app
from node.chain.chain import LocalChain
from node.chain.development import development_genesis, development_signers
from node.chain.errors import ImportRefused
from node.chain.genesis import CHAIN_ID, Genesis
from node.chain.transfer import export_blocks, import_own_blocks
from tests.node.chain.assembly import creation, keeper
from tests.node.chain.signing import dynamic_fee, legacy


def exported(chain: LocalChain) -> bytes:
    file = BytesIO()
    export_blocks(chain, file)
    return file.getvalue()


def fill(chain: LocalChain, signer: LocalAccount) -> None:
    chain.send_raw_transaction(dynamic_fee(signer, 0, data=creation(keeper())))
    chain.send_raw_transaction(legacy(signer, 1))
    chain.mine()


def test_there_and_back(chain: LocalChain, genesis: Genesis, debtor: LocalAccount) -> None:
    fill(chain, debtor)
    other = LocalChain.open(None, genesis)
    assert import_own_blocks(other, exported(chain)) == 3
    assert other.head == chain.head
    assert import_own_blocks(other, exported(chain)) == 0
    chain.mine()
    assert import_own_blocks(other, exported(chain)) == 1


def test_a_changed_byte_is_found(chain: LocalChain, genesis: Genesis, debtor: LocalAccount) -> None:
    fill(chain, debtor)
    good = exported(chain)
    for position in range(60, len(good), 97):
        changed = bytearray(good)
        changed[position] ^= 1
        other = LocalChain.open(None, genesis)
        with pytest.raises(ImportRefused):
            import_own_blocks(other, bytes(changed))
        assert other.head.hash == chain.block(other.head.number).hash
        other.close()


def test_the_commands(tmp_path: Path, debtor: LocalAccount) -> None:
    chain = LocalChain.open(tmp_path / "one")
    fill(chain, debtor)
    head = chain.head.hash.hex()
    chain.close()
    run = CliRunner()
    file = str(tmp_path / "blocks.rlp")
    out = run.invoke(app, ["export", file, "--data", str(tmp_path / "one")])
    assert (out.exit_code, out.output.startswith("exported 3 blocks")) == (0, True)
    into = run.invoke(app, ["import", file, "--data", str(tmp_path / "two")])
    assert (into.exit_code, head in into.output) == (0, True)
    wrong = run.invoke(app, ["import", file, "--data", str(tmp_path / "three"), "--chain-id", "7"])
    assert wrong.exit_code == 1


def test_what_cannot_be_exported_is_refused_and_leaves_nothing(tmp_path: Path, debtor: LocalAccount) -> None:
    chain = LocalChain.open(tmp_path / "one")
    fill(chain, debtor)
    chain.close()
    run = CliRunner()
    for file, data, said in (
        (tmp_path / "blocks.rlp", tmp_path / "absent", "there is no chain"),
        (tmp_path / "absent" / "blocks.rlp", tmp_path / "one", "no such file or directory"),
    ):
        refused = run.invoke(app, ["export", str(file), "--data", str(data)])
        assert (refused.exit_code, said in refused.output) == (2, True), refused.output
    assert [entry.name for entry in tmp_path.iterdir()] == ["one"]


def test_the_commands_know_development_chains_too(tmp_path: Path) -> None:
    """They begin with rich accounts, so their blocks are no blocks of another chain."""
    signers = development_signers()
    chain = LocalChain.open(tmp_path / "one", development_genesis(CHAIN_ID, signers))
    fill(chain, next(iter(signers.values())))
    head = chain.head.hash.hex()
    chain.close()
    run, file = CliRunner(), str(tmp_path / "blocks.rlp")
    for options, code in (([], 2), (["--dev"], 0)):
        out = run.invoke(app, ["export", file, "--data", str(tmp_path / "one"), *options])
        assert out.exit_code == code, out.output
    for options, code in (([], 1), (["--dev"], 0)):
        into = run.invoke(app, ["import", file, "--data", str(tmp_path / f"two{code}"), *options])
        assert into.exit_code == code, into.output
    assert head in into.output
