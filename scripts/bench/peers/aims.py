"""Targets and results of Allele against the peers of one table, and whether each target is met."""

from collections.abc import Callable

import numpy as np

from peers.records import Figures
from peers.rows import Row, mean

MEL_RATIO = {90.0: 0.5, 600.0: 0.7}
SPEED_RATIO = {"encodec": 10.0, "dac-like": 10.0, "snac": 10.0, "rave-like": 2.0}
MOST_ALIASING_DB = -60.0


def aims(rows: list[Row], amount: str) -> str:
    """Allele against the best peer, on the folds that both have, with the target."""
    named = {row.name: row for row in rows if row.is_trained}
    ours = named.get("ours")
    peers = [named[name] for name in SPEED_RATIO if name in named]
    if ours is None or not peers:
        return ""
    lines = ["| aim | reached | figure | |", "|---|---|---|---|"]
    mels = {peer.name: _ratio(ours, peer, lambda figures: figures.mel) for peer in peers}
    shared = {name: ratio for name, ratio in mels.items() if ratio is not None}
    if shared:
        best = max(shared, key=shared.__getitem__)
        budget = float(amount.split()[0]) if amount.endswith(" s") else None
        lines.append(
            _aim(
                "mel against the best peer",
                f"{shared[best]:.2f} ({best})",
                shared[best],
                MEL_RATIO.get(budget or 0),
                "≤",
            )
        )
    for peer in peers:
        lines += _speed_lines(ours, peer)
    worst = max(ours.values(lambda o: o.figures.above_20_khz_db))
    lines.append(_aim("energy above 20 kHz that the source lacks", f"{worst:.0f} dB", worst, MOST_ALIASING_DB, "≤"))
    return "\n".join(lines)


def _speed_lines(ours: Row, peer: Row) -> list[str]:
    """Speed against a peer as it was trained here, and against the same architecture at its published size.

    The first is reported without a verdict: cells are timed minutes apart on a shared machine, while `bench_speed.py`
    times in turns. It omits the published sizes, which are so much slower that noise does not matter.
    """
    own = mean(ours.values(lambda outcome: outcome.speeds.both if outcome.speeds else None))
    matched = mean(peer.values(lambda o: o.speeds.both if o.speeds else None))
    published = mean(peer.values(lambda o: o.published_speeds.both if o.published_speeds else None))
    lines: list[str] = []
    if own and matched:
        ratio = f"{own / matched:.1f}×"
        lines.append(f"| encode + decode against {peer.name} | {ratio} | judged by `bench_speed.py`, in turns | |")
    if own and published:
        what, ratio = f"encode + decode against {peer.name} at its published size", own / published
        lines.append(_aim(what, f"{ratio:.1f}×", ratio, SPEED_RATIO[peer.name], "≥"))
    return lines


def _ratio(ours: Row, peer: Row, take: Callable[[Figures], float]) -> float | None:
    theirs = {r.cell.fold: take(r.outcome.figures) for r in peer.records if r.outcome}
    own = {r.cell.fold: take(r.outcome.figures) for r in ours.records if r.outcome}
    both = sorted(set(theirs) & set(own))
    return float(np.mean([own[fold] for fold in both]) / np.mean([theirs[fold] for fold in both])) if both else None


def _aim(what: str, reached: str, value: float, figure: float | None, sign: str) -> str:
    if figure is None:
        return f"| {what} | {reached} | none for this budget | |"
    is_met = value <= figure if sign == "≤" else value >= figure
    return f"| {what} | {reached} | {sign} {figure:g} | {'met' if is_met else '**not met**'} |"
