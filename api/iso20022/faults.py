"""Turns what the schema says against a message into findings: element, value, rule, and a sentence to act on.

libxml2 names elements by a path of its own and speaks of facets; an engineer at a bank wants the element's
name, what stood there and what may stand there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from api.iso20022.tree import children, name_of, path_of, shown
from node.domain.reasons import Finding, Reason

MOST_FAULTS = 20

_STEP = re.compile(r"(?:\w[\w.-]*:)?(?P<name>\w[\w.-]*|\*)(?:\[(?P<position>\d+)\])?")
_EXPECTED = re.compile(r"Expected is (?:one of )?\( (?P<names>.+) \)")
_NAMESPACE = re.compile(r"\{(?:urn|http|##)[^}]*\}\*?")
_QUOTED = re.compile(r"'([^']*)'")
_CODES = re.compile(r"of the set \{(?P<codes>.*)\}\.$", re.DOTALL)
_ATTRIBUTE = re.compile(r"[Tt]he attribute '(?P<name>[^']+)'|, attribute '(?P<other>[^']+)'")


@dataclass(frozen=True)
class _Wording:
    """The rule a kind of fault breaks and its sentence; {last} and {before} are the last values it quotes."""

    rule: str
    sentence: str


_WORDINGS = {
    "SCHEMAV_ELEMENT_CONTENT": _Wording("schema.content", "{content}"),
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": _Wording(
        "schema.content", "has text between its elements; none may stand there"
    ),
    "SCHEMAV_CVC_ELT_1": _Wording("schema.root", "is not the root element of this message"),
    "SCHEMAV_CVC_MINLENGTH_VALID": _Wording("schema.length", "must not be empty"),
    "SCHEMAV_CVC_MAXLENGTH_VALID": _Wording(
        "schema.length", "has {before} characters; at most {last} are allowed"
    ),
    "SCHEMAV_CVC_PATTERN_VALID": _Wording("schema.pattern", "does not have the form {last}"),
    "SCHEMAV_CVC_ENUMERATION_VALID": _Wording("schema.code", "is none of the codes {codes}"),
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": _Wording("schema.type", "is not a valid {last}"),
    "SCHEMAV_CVC_TOTALDIGITS_VALID": _Wording("schema.digits", "has more than {last} digits"),
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": _Wording("schema.digits", "has more than {last} digits after the point"),
    "SCHEMAV_CVC_MININCLUSIVE_VALID": _Wording("schema.range", "is less than {last}"),
    "SCHEMAV_CVC_COMPLEX_TYPE_4": _Wording("schema.attribute", "is required and missing"),
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": _Wording("schema.attribute", "is not allowed here"),
}
_OTHER = _Wording("schema.invalid", "{message}")


def faults_of(message: etree._Element, validator: etree.XMLSchema) -> tuple[Finding, ...]:
    """What is wrong with a message by its schema, the first faults first; empty where it is valid."""
    if validator.validate(message):
        return ()
    found: list[Finding] = []
    for entry in validator.error_log:
        found.append(_finding(message, entry))
        if len(found) == MOST_FAULTS:
            break
    return tuple(found)


def _finding(message: etree._Element, entry: etree._LogEntry) -> Finding:
    node = _node_at(message, entry.path or "")
    attribute = _ATTRIBUTE.search(entry.message)
    element = path_of(node, message)
    value = None if len(node) else node.text
    if attribute is not None:
        name = attribute["name"] or attribute["other"]
        element, value = f"{element}/@{name}", node.get(name)
    wording = _WORDINGS.get(entry.type_name, _OTHER)
    text = f"{element} {_sentence(wording, entry.message)}."
    return Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, element, shown(value), wording.rule)


def _node_at(message: etree._Element, path: str) -> etree._Element:
    """The element that libxml2's path means; a step is a name or `*`, and a position among its likes."""
    node = message
    for step in path.split("/")[2:]:
        match = _STEP.fullmatch(step)
        if match is None:
            break
        likes = [child for child in children(node) if match["name"] in ("*", name_of(child))]
        position = int(match["position"] or 1)
        if position > len(likes):
            break
        node = likes[position - 1]
    return node


def _sentence(wording: _Wording, message: str) -> str:
    plain = _NAMESPACE.sub("", message)
    quoted = ["", "", *_QUOTED.findall(plain)]
    codes = _CODES.search(plain)
    return wording.sentence.format(
        last=quoted[-1].removeprefix("xs:"),
        before=quoted[-2],
        codes=codes["codes"].replace("'", "") if codes else "allowed here",
        content=_about_content(plain),
        message=plain.rstrip("."),
    )


def _about_content(message: str) -> str:
    expected = _EXPECTED.search(message)
    names = expected["names"] if expected else ""
    if "Missing child" in message:
        return f"is incomplete; it still needs {_one_of(names)}" if names else "is incomplete"
    return f"is not expected here; {_one_of(names)} may stand here" if names else "is not expected here"


def _one_of(names: str) -> str:
    listed = names.split(", ")
    return listed[0] if len(listed) == 1 else "one of " + ", ".join(listed)
