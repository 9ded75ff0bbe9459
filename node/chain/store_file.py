"""The store's file: its schema, how it is locked, and how a foreign or damaged one is told from ours.

The lock is a second SQLite file held in an exclusive transaction: it works on every system, and a killed
process lets go of it.
"""

import sqlite3
from pathlib import Path

from node.chain.errors import ForeignStore, StoreDamaged, StoreInUse
from node.chain.redo_log import RedoLog, begins_with_a_record

FILE_NAME = "chain.sqlite"
LOCK_NAME = "chain.lock"
LOG_NAME = "chain.log"
APPLICATION_ID = 0x436F7272  # "Corr"
SCHEMA_VERSION = 2
VERSION_WITHOUT_LOG = 1  # its file alone is the whole store

# Nodes are appended as they come and found by a narrow index. Kept in the order of their hashes, which is none,
# each would go to a page of its own, and pages hold few. (Stores begun that way stay so; the statements fit both.)
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE node (hash BLOB PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE block (number INTEGER PRIMARY KEY, hash BLOB NOT NULL, header BLOB NOT NULL, size INTEGER NOT NULL,
                    body BLOB NOT NULL);
CREATE UNIQUE INDEX block_hash ON block (hash);
CREATE TABLE txn (id INTEGER PRIMARY KEY, hash BLOB NOT NULL, sender BLOB NOT NULL, raw BLOB NOT NULL,
                  succeeded INTEGER NOT NULL, gas_used INTEGER NOT NULL, cumulative_gas_used INTEGER NOT NULL,
                  first_log_index INTEGER NOT NULL, log_count INTEGER NOT NULL, post_state BLOB);
CREATE UNIQUE INDEX txn_hash ON txn (hash);
CREATE TABLE log (id INTEGER PRIMARY KEY, transaction_index INTEGER NOT NULL, address BLOB NOT NULL,
                  topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL);
CREATE INDEX log_address ON log (address, id);
CREATE INDEX log_topic ON log (topic0, id);
CREATE TABLE amended (number INTEGER PRIMARY KEY, root BLOB NOT NULL);
CREATE TABLE queued (position INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, raw BLOB NOT NULL);
"""


def open_memory() -> sqlite3.Connection:
    """A store that lives and dies with the process."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript(SCHEMA)
    return connection


def open_store_file(directory: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """Open or create the store in a directory; returns its connection and the lock's.

    Raises StoreInUse when another process holds it, ForeignStore when the file is not ours, StoreDamaged when it
    cannot be read.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = _take_lock(directory)
    try:
        return _open_database(directory / FILE_NAME), lock
    except BaseException:
        lock.close()
        raise


def open_log(connection: sqlite3.Connection, directory: Path, generation: int) -> RedoLog:
    """The redo log of a store that is open; made for a new store, and for one from before there were logs.

    Raises StoreDamaged when it is missing.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    log = RedoLog.open(directory / LOG_NAME, generation, create=version < SCHEMA_VERSION)
    if version < SCHEMA_VERSION:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    return log


def _take_lock(directory: Path) -> sqlite3.Connection:
    lock = sqlite3.connect(directory / LOCK_NAME, timeout=0, check_same_thread=False, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise StoreInUse(f"{directory} is in use by another process; one chain, one process") from error
    except sqlite3.DatabaseError as error:
        lock.close()
        raise ForeignStore(f"{directory / LOCK_NAME} is not a lock of this program: {error}") from error
    return lock


def _open_database(file: Path) -> sqlite3.Connection:
    fresh = not file.exists() or file.stat().st_size == 0
    if fresh and begins_with_a_record(file.with_name(LOG_NAME)):
        text = (
            f"{file} is missing beside {LOG_NAME}, which is of a chain: put it back, or remove both to begin anew"
        )
        raise StoreDamaged(text)
    connection = sqlite3.connect(file, check_same_thread=False)
    try:
        _prepare(connection, file, fresh=fresh)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreDamaged(f"{file} cannot be read as a store: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, file: Path, *, fresh: bool) -> None:
    if fresh:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _check_origin(connection, file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -16384")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")  # 16 MB: fewer pauses to copy the log back
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION_WITHOUT_LOG}; COMMIT;")


def _check_origin(connection: sqlite3.Connection, file: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        raise ForeignStore(f"{file} was not written by this program (application id {application:#x})")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in {0, VERSION_WITHOUT_LOG, SCHEMA_VERSION}:
        raise ForeignStore(f"{file} has store version {version}; this program reads version {SCHEMA_VERSION}")
