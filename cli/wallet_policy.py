"""Policies and audit logs, for whoever answers for them: checked and put in words, without touching any key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.wallet_options import JsonOption
from cli.wallet_view import show_json, show_table, told
from wallet.audit import read_entries
from wallet.json_input import parse_json
from wallet.policy import Policy, Rule
from wallet.policy_document import BadPolicy, parse_policy
from wallet.private_file import UnsafeFile
from wallet.words import time_in_words

app = typer.Typer()

_MAX_POLICY_BYTES = 1024 * 1024


@app.command("policy")
@told
def show_policy(
    file: Annotated[Path, typer.Argument(help="A policy as JSON.")], as_json: JsonOption = False
) -> None:
    """Check a policy and say what it allows; its hash is what every audit entry names."""
    policy = parse_policy(_read_policy(file))
    if as_json:
        show_json({"version": policy.version, "hash": policy.hash, "rules": [rule.id for rule in policy.rules]})
        return
    typer.echo(f"version {policy.version}, SHA-256 {policy.hash}")
    show_table("What is looked at first", ["Rule", "Says"], _before(policy))
    rules = [[rule.id, _then(rule), _scope(rule)] for rule in policy.rules if rule.then != "deny"]
    show_table("Then the first of these that holds; none: denied", ["Rule", "Says", "About"], rules)


@app.command("audit")
@told
def show_audit(file: Annotated[Path, typer.Argument(help="An audit log.")], as_json: JsonOption = False) -> None:
    """Check an audit log's chain from its first entry to its last, and show what it says."""
    entries = list(read_entries(file.read_bytes()))
    newest = entries[-1].hash() if entries else ""
    if as_json:
        show_json({"entries": len(entries), "newest": newest})
        return
    rows = [
        [str(entry.number), time_in_words(entry.time_ms // 1000), entry.event, json.dumps(entry.body)]
        for entry in entries
    ]
    show_table("Audit log", ["Number", "Time", "Event", "Content"], rows)
    typer.echo(f"{len(entries)} entries, unbroken; the newest has SHA-256 {newest}")


def _read_policy(file: Path) -> object:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_POLICY_BYTES + 1)
        return parse_json(content, most_bytes=_MAX_POLICY_BYTES, most_objects=10_000)
    except OSError as error:
        raise UnsafeFile(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadPolicy(f"{file}: {error}") from error


def _before(policy: Policy) -> list[list[str]]:
    denials = [[rule.id, f"denied: {_scope(rule)}"] for rule in policy.rules if rule.then == "deny"]
    quiet = [
        [hours.id, f"denied from {_clock(hours.from_minute)} to {_clock(hours.to_minute)}: {_listed(hours.kinds)}"]
        for hours in policy.quiet_hours
    ]
    limits = [
        [
            limit.id,
            f"at most {limit.amount} minor units of {limit.currency} a day"
            + (" to each counterparty" if limit.per_counterparty else ""),
        ]
        for limit in policy.limits
    ]
    return [*denials, *quiet, *limits]


def _then(rule: Rule) -> str:
    if rule.then == "allow":
        return "allowed"
    return f"needs {rule.approvals} of {_listed(rule.roles)}"


def _scope(rule: Rule) -> str:
    scope = rule.scope
    parts = [_listed(scope.kinds) if scope.kinds else "anything"]
    if scope.currencies:
        parts.append(f"in {_listed(scope.currencies)}")
    if scope.counterparties:
        parts.append(f"with {_listed(scope.counterparties)}")
    if scope.at_most is not None:
        parts.append(f"up to {scope.at_most} minor units")
    return " ".join(parts)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
