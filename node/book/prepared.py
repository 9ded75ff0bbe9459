"""Statements that are compiled once and run on the driver itself: on SQLite most of a statement's time is ours.

A prepared statement gives the same rows, raises the same errors and converts by the same types as any other. On
databases other than SQLite it is run by SQLAlchemy, which knows how to tell a lost connection.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError, InterfaceError, PendingRollbackError, ResourceClosedError

Statement = Select[Any] | Insert | Update | Delete
_Convert = Callable[[Any], Any] | None
_NOTHING: Final[Mapping[str, Any]] = {}


class Prepared:
    """A statement whose text never changes: all that differs from one run to the next are its named parameters."""

    def __init__(self, statement: Statement) -> None:
        """Nothing is compiled before the first run."""
        self.statement = statement
        self._forms: dict[tuple[str, ...], _Form] = {}

    def form(self, names: tuple[str, ...], dialect: Dialect) -> _Form:
        """The statement compiled for parameters of these names; raises TypeError where it cannot be."""
        found = self._forms.get(names)
        if found is None:
            found = self._forms[names] = _Form(self.statement, names, dialect)
        return found


class _Form:
    """One compiled text: which parameter stands where, and how values are converted on their way in and out."""

    def __init__(self, statement: Statement, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        if compiled.post_compile_params:
            raise TypeError(f"this statement cannot be prepared: {statement}")
        if compiled.insert_prefetch or compiled.update_prefetch:
            raise TypeError(f"a column of this statement has a default that Python gives: {statement}")
        self.text = compiled.string
        fixed = {name: value for name, value in compiled.params.items() if name not in names}
        self._places: list[tuple[str, _Convert]] = []
        self._fixed: dict[str, Any] = {}
        for name in compiled.positiontup or ():
            kind = compiled.binds[name].type
            self._places.append((name, kind.dialect_impl(dialect).bind_processor(dialect)))
            if name in fixed:
                self._fixed[name] = fixed[name]
        columns = list(statement.selected_columns) if isinstance(statement, Select) else []
        self._row: Any = _row_type(tuple(column.key for column in columns)) if columns else None
        processors = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
        self._converts = [(place, convert) for place, convert in enumerate(processors) if convert is not None]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        given = {**self._fixed, **parameters} if self._fixed else parameters
        return [given[name] if convert is None else convert(given[name]) for name, convert in self._places]

    def row(self, found: Sequence[Any]) -> Any:
        values = list(found)
        for place, convert in self._converts:
            values[place] = convert(values[place])
        return self._row._make(values)


@cache
def _row_type(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)


class Answer:
    """What a prepared statement gave: rows by the names of their columns, or what it changed."""

    def __init__(self, cursor: sqlite3.Cursor, form: _Form) -> None:
        """Made by Hand."""
        self._form = form
        self._rows = cursor.fetchall()
        self.rowcount = cursor.rowcount
        self.inserted_primary_key = (cursor.lastrowid,)

    def __iter__(self) -> Iterator[Any]:
        """The rows, in order."""
        return map(self._form.row, self._rows)

    def all(self) -> list[Any]:
        """The rows, in order."""
        return list(self)

    def first(self) -> Any:
        """The first row, None where there is none."""
        return next(iter(self), None)

    def one(self) -> Any:
        """The row; raises ValueError where there is none, or several."""
        (row,) = self.all()
        return row

    def one_or_none(self) -> Any:
        """The row, None where there is none; raises ValueError where there are several."""
        if len(self._rows) > 1:
            raise ValueError(f"{len(self._rows)} rows were found where there may be one")
        return self.first()


class Hand:
    """What writes a unit's statements into the book: prepared ones at once, any other through SQLAlchemy."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit; the connection's transaction has begun."""
        self.connection = connection
        self._dialect = connection.dialect
        driver = connection.connection.driver_connection if self._dialect.name == "sqlite" else None
        self._driver: sqlite3.Connection | None = driver

    def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Run a statement; raises as SQLAlchemy does."""
        if not isinstance(statement, Prepared):
            return self.connection.execute(statement, parameters)
        if self._driver is None:
            return self.connection.execute(statement.statement, parameters)
        self._assert_open(self._driver)
        given: Mapping[str, Any] = _NOTHING if parameters is None else parameters
        form = statement.form(tuple(given), self._dialect)
        values = form.values(given)
        try:
            return Answer(self._driver.execute(form.text, values), form)
        except sqlite3.Error as error:
            raise _told(error, form.text, self._dialect) from error

    def execute_many(self, statement: Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement that gives no rows once for each of these parameters, whose names are the same."""
        if not rows:
            return
        if self._driver is None:
            self.connection.execute(statement.statement, rows)
            return
        self._assert_open(self._driver)
        form = statement.form(tuple(rows[0]), self._dialect)
        try:
            self._driver.executemany(form.text, [form.values(row) for row in rows])
        except sqlite3.Error as error:
            raise _told(error, form.text, self._dialect) from error

    def _assert_open(self, driver: sqlite3.Connection) -> None:
        if self.connection.closed:
            raise ResourceClosedError("the unit of work has ended")
        if not driver.in_transaction:
            raise PendingRollbackError("the database has undone this unit of work by itself; nothing can be added")

    def scalar(self, statement: Any, parameters: Any = None) -> Any:
        """The first column of the first row, None where there is no row."""
        if not isinstance(statement, Prepared):
            return self.connection.scalar(statement, parameters)
        row = self.execute(statement, parameters).first()
        return None if row is None else row[0]

    def scalars(self, statement: Any, parameters: Any = None) -> Any:
        """The first columns of all rows."""
        if not isinstance(statement, Prepared):
            return self.connection.scalars(statement, parameters)
        return (row[0] for row in self.execute(statement, parameters))

    def begin_nested(self) -> AbstractContextManager[Any]:
        """Let one statement fail without the unit: SQLite undoes such a statement by itself, others need help."""
        return self.connection.begin_nested() if self._driver is None else nullcontext()


def _told(error: sqlite3.Error, text: str, dialect: Dialect) -> BaseException:
    """The driver's error as SQLAlchemy would raise it, without the parameters, which are customers' data."""
    try:
        base: Any = dialect.loaded_dbapi.Error
    except AttributeError:
        return InterfaceError(text, None, error, hide_parameters=True)
    return DBAPIError.instance(text, None, error, base, hide_parameters=True, dialect=dialect)
