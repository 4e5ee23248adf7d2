"""Bars and beats on the command line: ranges that are read with a strand's tempo, or with that of --tempo.

A range is first read by the parser, which knows no strand. It is read again here, when the strand's tempo is known.
"""

from argparse import Namespace

from protocol.ranges import FrameRange, SampleRange
from protocol.strands import StrandMeta
from protocol.tempo import MOST_BEATS, Tempo
from protocol.times import Span, read_span

ANY_TEMPO = Tempo(bpm=120, beats=MOST_BEATS)
"""Reads every range that some tempo reads, for checks before there is a strand."""


def tempo_for(arguments: Namespace, meta: StrandMeta | None) -> Tempo | None:
    """Return the tempo that counts bars: that of --tempo, with the beats of the strand's bars, or the strand's own.

    Args:
        meta: None for a recording, which has no tempo of its own.
    """
    own = None if meta is None else meta.tempo
    if arguments.tempo is None:
        return own
    return arguments.tempo if own is None else Tempo(bpm=arguments.tempo.bpm, beats=own.beats)


def span_for(arguments: Namespace, meta: StrandMeta | None) -> Span | None:
    """Return the range of --frames, or None.

    Raises:
        AlleleError: E_BAD_EDIT if it has bars and there is no tempo.
    """
    return None if arguments.frames is None else read_span(arguments.frames.text, tempo_for(arguments, meta))


def samples_for(arguments: Namespace, meta: StrandMeta) -> SampleRange | None:
    """Return the samples of --frames, or None for the whole strand.

    Raises:
        AlleleError: E_BAD_EDIT or E_RANGE if the strand has no such part.
    """
    span = span_for(arguments, meta)
    return None if span is None else span.samples(meta.samples, meta.hop_length)


def frames_for(arguments: Namespace, meta: StrandMeta) -> FrameRange | None:
    """Return the frames of --frames, or None for the whole strand.

    Raises:
        AlleleError: E_BAD_EDIT if the range is empty, or has bars and there is no tempo.
    """
    span = span_for(arguments, meta)
    return None if span is None else span.frames(meta.frame_rate)
