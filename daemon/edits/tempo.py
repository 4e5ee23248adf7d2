"""The operation `tempo`: a grid of bars and beats over a strand. It changes no cell."""

from daemon.edits.lengths import resized
from daemon.edits.values import Grid, Outcome, Retimed, Step
from protocol.edits import Edit
from protocol.tempo import read_tempo


def retime(edit: Edit, grid: Grid) -> Step:
    """Set the tempo of a strand, or remove it."""
    before = grid.meta.tempo
    tempo = read_tempo(edit.args[0], edit.options.get("beats", ""), before)
    if tempo is None:
        return Outcome(retimed=Retimed(None), notes=["no tempo: times are counted in seconds and frames"])
    meta = resized(grid.meta, grid.frames)
    bars = f"{meta.samples / meta.sample_rate / float(tempo.bar_s):.2f}".rstrip("0").rstrip(".")
    long = f"{bars} bar{'' if bars == '1' else 's'} long"
    return Outcome(retimed=Retimed(tempo), notes=[f"{tempo}: {meta.name} is {long}"])
