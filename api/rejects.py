"""What is refused as a message is kept, and answered with a message reject (admi.002) inside of its problem."""

from __future__ import annotations

from api.institution import Institution
from api.iso20022.admi002 import reference_in
from api.problems import Problem
from node.settlement.batch import keep_refused
from node.settlement.intake import BACK_OFFICE
from node.settlement.ports import Written


def rejected(
    institution: Institution, raw: bytes, problem: Problem, name: str | None, message_id: str | None = None
) -> Problem:
    """The same problem, with the admi.002 that says it, once both are kept in the inbox.

    `name` is what came as far as that could be read; an identification is looked for in the bytes.
    """
    reference = message_id or reference_in(raw)
    came = Written((name or "unknown")[:35], "" if reference == "NOTPROVIDED" else reference, raw)
    entry = keep_refused(institution.office, came, BACK_OFFICE, problem.findings)
    link = f'</v1/iso20022/messages/{entry.key}>; rel="describedby"'
    headers = {**(problem.headers or {}), "Link": link}
    return Problem(problem.kind, problem.text, problem.findings, headers, message=entry.answer)
