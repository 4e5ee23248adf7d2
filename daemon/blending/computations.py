"""The table of the computations that edits need from a model, by name.

An edit names the computation in a `daemon.edits.values.Computation`. The engine calls `compute` with the codec. The
names are those of the operations, `silence` also for `pause`; and `align`, which a blend may need first, `compare`,
which measures a nudge, and `surprise`, which `only=` needs.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daemon.atlas.table import Atlas
from daemon.blending.alignment import align
from daemon.blending.blend import blend
from daemon.blending.loop_point import seamless
from daemon.blending.mosaic import mosaic
from daemon.blending.mutation import mutate
from daemon.blending.nudge import compare, nudge
from daemon.blending.regeneration import Filling, regenerate
from daemon.blending.silence import silence
from daemon.blending.stretch import stretch
from daemon.blending.surprise import Scoring, surprise
from daemon.codec.codec import Codec, Codes
from daemon.codec.errors import CodecError

COMPUTATIONS: Mapping[str, Callable[..., Any]] = {
    "align": align,
    "blend": blend,
    "compare": compare,
    "mosaic": mosaic,
    "mutate": mutate,
    "nudge": nudge,
    "regenerate": regenerate,
    "stretch": stretch,
    "silence": silence,
    "seamless": seamless,
    "surprise": surprise,
}


def compute(
    codec: Codec,
    kind: str,
    settings: Mapping[str, Any],
    inputs: Sequence[Codes],
    *given: Atlas | Filling | Scoring | None,
) -> Any:
    """Run one computation. Returns new codes, frame numbers or measurements.

    Args:
        given: for a computation that needs it, the codec's atlas (None if it is not measured yet) or its prior.

    Raises:
        CodecError: there is no such computation, or the codes do not match this codec.
    """
    if kind not in COMPUTATIONS:
        raise CodecError(f"no computation is called {kind}.")
    return COMPUTATIONS[kind](codec, *given, *inputs, **settings)
