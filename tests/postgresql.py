"""A throw-away PostgreSQL server: made in a folder of its own, reached by a socket there, gone with the session.

PostgreSQL refuses to run as root, so a root's tests run it as the system user `postgres`, or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pg8000.native  # type: ignore[import-untyped]

from node.book.book import Book
from tests.keys import MASTER
from tests.undertaker import ends_with_us

PATIENCE_S = 180.0
# Nothing of it outlives the session: no write waits for a disk, and nobody cleans up or keeps a standby informed.
_FOR_A_SHORT_LIFE = (
    "max_connections=300",
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
)
_CLUSTER = ("-U", "corridor", "-E", "UTF8", "--locale=C")


def server_programs() -> Path | None:
    """The folder of `postgres` and `initdb`: on the PATH, or where Debian keeps them, the newest first."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


@dataclass(frozen=True)
class PostgresServer:
    """A running server; every book gets a schema of its own."""

    folder: Path
    process: subprocess.Popen[bytes]
    numbers: count[int]

    @property
    def socket(self) -> str:
        return str(self.folder / ".s.PGSQL.5432")

    def new_url(self) -> str:
        """Where a new book can be kept: a schema that is not there yet."""
        return f"{self.address()}&schema=book_{next(self.numbers)}"

    def emptied_url(self) -> str:
        """The one book that tests may use in turn: its tables are made already, and empty now."""
        url = f"{self.address()}&schema=shared"
        names = [row[0] for row in self.run("SELECT tablename FROM pg_tables WHERE schemaname = 'shared'")]
        if not names:
            Book.open(url, MASTER).close()
        tables = ", ".join(f"shared.{name}" for name in names if name != "alembic_version")
        if tables:
            self.run(f"TRUNCATE {tables} RESTART IDENTITY")
        return url

    def new_database(self) -> str:
        """An empty database, for institutions that keep a schema each."""
        name = f"network_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.address(name)

    def address(self, database: str = "postgres") -> str:
        """A database, without a schema."""
        return f"postgresql://corridor@/{database}?unix_sock={self.socket}"

    def run(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement as the server's owner, beside any book."""
        with pg8000.native.Connection("corridor", unix_sock=self.socket, database="postgres") as connection:
            return list(connection.run(statement, **values) or ())


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A server of its own; raises LookupError where PostgreSQL is not installed."""
    programs = server_programs()
    if programs is None:
        raise LookupError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="corridor-pg-"))
    identity = _unprivileged(folder)
    try:
        subprocess.run(
            [str(programs / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-N", *_CLUSTER],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **identity,
        )
        settings = ("listen_addresses=", f"unix_socket_directories={folder}", *_FOR_A_SHORT_LIFE)
        options = [part for setting in settings for part in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", *options], cwd=folder, stderr=log, **identity
            )
        ends_with_us(process.pid, signal.SIGQUIT)
        server = PostgresServer(folder, process, count())
        try:
            _await(server)
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=PATIENCE_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _await(server: PostgresServer) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            server.run("SELECT 1")
        except (pg8000.native.InterfaceError, pg8000.native.DatabaseError):
            assert server.process.poll() is None, (server.folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.02)
        else:
            return
