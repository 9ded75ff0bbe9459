"""`corridor wallet lanes | resume-lane`: the operator accounts that carry an institution's transactions.

A lane stops by itself when somebody else used its key, and only a person who knows why lets it run again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.wallet_options import JsonOption, YesOption
from cli.wallet_view import agree, note, show_json, show_lines, show_table, told

if TYPE_CHECKING:
    from node.settlement.lane import LaneStatus

app = typer.Typer()

FolderOption = Annotated[
    Path, typer.Option("--institution", help="The institution's folder: DIR/institutions/<BIC> of a network.")
]


@app.command("lanes")
@told
def show_lanes(institution: FolderOption, as_json: JsonOption = False) -> None:
    """Show an institution's lanes: what waits for a block, and what is the matter. Its node may be running."""
    from cli import lane_desk  # noqa: PLC0415  see there

    bic, lanes = lane_desk.lanes_of(institution)
    if as_json:
        show_json([_lane_json(lane) for lane in lanes])
        return
    rows = [[lane.lane, str(lane.waiting), _state(lane)] for lane in lanes]
    show_table(f"Lanes of {bic}", ["Address", "Waiting", "State"], rows)
    show_lines(*(f"{lane.lane}: {text}" for lane in lanes if (text := lane.stopped or lane.trouble)))


@app.command("resume-lane")
@told
def resume(
    lane: Annotated[str, typer.Argument(help="The lane's address, as `wallet lanes` shows it.")],
    institution: FolderOption,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let a stopped lane run again, behind whatever used its nonces; its running node goes on with it."""
    from cli import lane_desk  # noqa: PLC0415  see there

    def agreed(why: str) -> None:
        note(why)
        agree(f"Is it known who used the key of {lane}, and may the lane run again?", yes=yes)

    done = lane_desk.resume(institution, lane, agreed)
    if as_json:
        show_json({"lane": lane, "was_stopped": done.was_stopped, "lost": done.lost})
    elif done.was_stopped:
        show_lines(f"Lane {lane} runs again; {done.lost} of its transactions had lost their place.")
    else:
        show_lines(f"Lane {lane} is not stopped; nothing was done.")


def _state(lane: LaneStatus) -> str:
    if lane.stopped is not None:
        return "stopped"
    return "in trouble" if lane.trouble is not None else "runs"


def _lane_json(lane: LaneStatus) -> dict[str, object]:
    found = {"lane": lane.lane, "waiting": lane.waiting, "state": _state(lane)}
    return found | {"stopped": lane.stopped, "trouble": lane.trouble}
