"""The questions that edits ask of a model, by name.

`daemon.edits.values.Computation` says them, the engine passes them on with a codec.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daemon.blending.alignment import align
from daemon.blending.blend import blend
from daemon.blending.mosaic import mosaic
from daemon.blending.mutation import mutate
from daemon.codec.codec import Codec, Codes
from daemon.codec.errors import CodecError

KINDS: Mapping[str, Callable[..., Any]] = {"align": align, "blend": blend, "mosaic": mosaic, "mutate": mutate}


def compute(codec: Codec, kind: str, settings: Mapping[str, Any], inputs: Sequence[Codes]) -> Any:
    """Answer one question: new codes or frame numbers.

    Raises:
        CodecError: no such question, or codes that do not fit this codec.
    """
    if kind not in KINDS:
        raise CodecError(f"nothing is known of a computation called {kind}.")
    return KINDS[kind](codec, *inputs, **settings)
