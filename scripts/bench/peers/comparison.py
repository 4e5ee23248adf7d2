"""The table of one corpus and budget: every model, every figure, the best of the trained codecs in bold."""

from collections.abc import Callable

import numpy as np

from peers.records import Outcome
from peers.rows import Row, is_older, mean, spread

_BEST = {"mel": min, "stft": min, "SI-SDR": max, "aligned": max, "ViSQOL": max, "Zimtohrli": min, "enc+dec": max}


def comparison(rows: list[Row]) -> str:
    """The rows in Markdown."""
    columns: dict[str, Callable[[Outcome], float | None]] = {
        "mel": lambda o: o.figures.mel,
        "stft": lambda o: o.figures.stft,
        "SI-SDR": lambda o: o.figures.sisdr_db,
        "aligned": lambda o: o.figures.aligned_sisdr_db,
        "> 20 kHz": lambda o: o.figures.above_20_khz_db,
        "ViSQOL": lambda o: o.figures.visqol,
        "Zimtohrli": lambda o: o.figures.zimtohrli,
        "enc+dec": lambda o: o.speeds.both if o.speeds else None,
    }
    formats = {"mel": "{:.3f}", "stft": "{:.2f}", "ViSQOL": "{:.2f}", "Zimtohrli": "{:.3f}", "enc+dec": "{:.1f}"}
    suffix = {"SI-SDR": " dB", "aligned": " dB", "> 20 kHz": " dB", "enc+dec": "×"}
    winners = {name: _winner(rows, name, take) for name, take in columns.items()}
    lines = [
        f"| model | folds | {' | '.join(columns)} | enc / dec | kbps | size | steps | loss | memory | CPU | load |",
        "|---" * (len(columns) + 10) + "|",
    ]
    for row in rows:
        cells = [row.name + ("†" if is_older(row) else ""), str(len(row.outcomes))]
        for name, take in columns.items():
            text = spread(row.values(take), formats.get(name, "{:.0f}"), suffix.get(name, ""))
            cells.append(f"**{text}**" if winners[name] == row.name else text)
        lines.append("| " + " | ".join([*cells, *_effort_cells(row)]) + " |")
    return "\n".join(lines)


def _winner(rows: list[Row], column: str, take: Callable[[Outcome], float | None]) -> str:
    """The best of the trained codecs at a matched bitrate."""
    means = {row.name: mean(row.values(take)) for row in rows if row.is_trained and "published" not in row.name}
    known = {name: value for name, value in means.items() if value is not None}
    if column not in _BEST or len(known) < 2:
        return ""
    return _BEST[column](known, key=known.__getitem__)


def _effort_cells(row: Row) -> list[str]:
    kbps = spread(row.values(lambda o: o.figures.kbps or None), "{:.2f}")
    speeds = [o.speeds for o in row.outcomes if o.speeds]
    efforts = [o.effort for o in row.outcomes if o.effort]
    both = f"{np.mean([s.encode for s in speeds]):.0f} / {np.mean([s.decode for s in speeds]):.0f}×" if speeds else "–"
    if not efforts:
        return [both, kbps, "–", "–", "–", "–", "–", "–"]
    loads = [f"{effort.load_before:.1f}–{effort.load_after:.1f}" for effort in efforts]
    return [
        both,
        kbps,
        f"{np.mean([o.parameters for o in row.outcomes]) / 1e6:.1f} M",
        f"{np.mean([e.steps for e in efforts]):.0f}",
        f"{np.mean([e.first_loss for e in efforts]):.1f} → {np.mean([e.last_loss for e in efforts]):.1f}",
        f"{max(e.peak_mib for e in efforts):.0f} MiB",
        f"{np.mean([e.cpu_s / e.wall_s for e in efforts]):.2f}",
        loads[0] if len(loads) == 1 else f"{loads[0]} …",
    ]
