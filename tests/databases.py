"""On which database the tests run: `--database sqlite` or `--database postgresql`.

Without the option the book's tests run on both, all others on SQLite but for those that say otherwise. What asks
for PostgreSQL is skipped, with a line that says so, where no server is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.postgresql import PostgresServer, running_server, server_programs

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# The fixtures through which every test comes to its books; a test's fixtures are named with all that they use.
_WITH_A_BOOK = frozenset({"database", "new_database", "postgres"})


def add_options(parser: pytest.Parser) -> None:
    """The option of the databases."""
    parser.addoption("--database", choices=(SQLITE, POSTGRESQL), help="the one database to run the tests on")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this session's own."""
    if server_programs() is None:
        pytest.skip("PostgreSQL is not installed: its tests need `apt-get install postgresql`")
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest) -> Callable[[], str | None]:
    """Makes a database for a whole network of institutions; None stands for SQLite files in their folders."""
    if request.config.getoption("--database") != POSTGRESQL:
        return lambda: None
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database


def without_a_database(config: pytest.Config, items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Tests that have no book: on PostgreSQL they would prove what they prove without it."""
    if config.getoption("--database") != POSTGRESQL:
        return []
    return [item for item in items if not _WITH_A_BOOK & set(getattr(item, "fixturenames", ()))]


def databases_asked_for(config: pytest.Config) -> list[str]:
    """The databases on which tests of the book run."""
    asked = config.getoption("--database")
    return [asked] if asked else [SQLITE, POSTGRESQL]
