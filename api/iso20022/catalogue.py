"""All messages this product can read or write, compiled when first needed and kept.

An lxml schema shares its error log between threads, so each thread compiles its own; a compilation takes a few
milliseconds and happens once per thread and message.
"""

from __future__ import annotations

import threading
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from lxml import etree

from api.iso20022.definition import Content, MessageDefinition
from api.iso20022.notation import NotationError, read_definitions
from api.iso20022.schema import compile_schema

# libxml2 sets its schema types up while the first schema is compiled, and not safely for threads: compiled in
# several at once, a process may refuse every schema from then on. So one at a time, whoever the catalogue's owner.
_COMPILING: Final = threading.Lock()


class UnknownMessage(KeyError):
    """There is no definition of this message."""


class BadSchemas(ValueError):
    """The folder of official schemas, or a schema in it, cannot be used; the text says which and why."""


class Catalogue:
    """The message definitions that ship with the product; make one and pass it to whoever reads messages.

    `official_schemas` may name a folder of official schemas (`pacs.008.001.08.xsd`): where it has the schema of
    a message that is defined here, that one judges instead of ours. Raises BadSchemas where one cannot be used.
    """

    def __init__(self, official_schemas: Path | None = None) -> None:
        self._official_schemas = official_schemas
        self._folder = resources.files("api.iso20022") / "definitions"
        self._definitions: dict[str, MessageDefinition] = {}
        self._of_thread = threading.local()
        if official_schemas is not None:
            self._try_out(official_schemas)

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """The identifiers of all messages defined, such as `pacs.008.001.08`."""
        return frozenset(file.name.removesuffix(".txt") for file in _texts(self._folder / "messages"))

    def definition(self, identifier: str) -> MessageDefinition:
        """The definition of a message; raises UnknownMessage."""
        if identifier not in self.identifiers:
            raise UnknownMessage(identifier)
        if identifier not in self._definitions:
            self._definitions[identifier] = self._read(identifier)
        return self._definitions[identifier]

    def validator(self, identifier: str) -> etree.XMLSchema:
        """This thread's own validator of a message; raises UnknownMessage."""
        validators: dict[str, etree.XMLSchema] = self._of_thread.__dict__
        if identifier not in validators:
            with _COMPILING:
                validators[identifier] = self._compiled(identifier)
        return validators[identifier]

    def _try_out(self, folder: Path) -> None:
        """Compile every official schema once, so that a broken one is found now and not by a payment."""
        found = [identifier for identifier in sorted(self.identifiers) if (folder / f"{identifier}.xsd").is_file()]
        if not found:
            text = f"{folder} has no official schema of a message defined here, such as pacs.008.001.08.xsd"
            raise BadSchemas(text)
        for identifier in found:
            try:
                self.validator(identifier)
            except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
                raise BadSchemas(f"{folder}/{identifier}.xsd is no XML Schema that can be used: {error}") from None

    def _compiled(self, identifier: str) -> etree.XMLSchema:
        definition = self.definition(identifier)
        if self._official_schemas is not None:
            official = self._official_schemas / f"{identifier}.xsd"
            if official.is_file():
                return etree.XMLSchema(etree.parse(official))
        return compile_schema(definition)

    @cached_property
    def _shared(self) -> dict[str, Content]:
        parts: dict[str, Content] = {}
        for file in _texts(self._folder / "shared"):
            for name, content in read_definitions(file.read_text("utf-8")).parts.items():
                if name in parts:
                    raise NotationError(f"{file.name}: {name} is defined twice")
                parts[name] = content
        return parts

    def _read(self, identifier: str) -> MessageDefinition:
        file = read_definitions((self._folder / "messages" / f"{identifier}.txt").read_text("utf-8"))
        if file.message is None or file.message[0] != identifier:
            raise NotationError(f"{identifier}.txt does not define the message {identifier}")
        _, root, body = file.message
        parts = {**self._shared, **file.parts}
        parts.update({name: parts[other] for name, other in file.uses.items()})
        return MessageDefinition(identifier, root, body, parts)


def _texts(folder: Traversable) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.name.endswith(".txt")), key=lambda file: file.name)
