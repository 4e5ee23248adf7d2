"""The table of edit operations: what each accepts, and every property that the daemon and its clients depend on.

An operation is one row here (those that cut and join, in `protocol.cutting`) and one function in
`daemon.edits.operations`; one that needs a model has a second function, of the same name, in
`daemon.blending.computations`. Everything else is derived from the row: the part of a selection that an edit applies
to, the editor's action and its question, the effect of a lock, the command line's list, and the documents.
"""

from protocol.atlas import DIRECTIONS
from protocol.cutting import CUTTING
from protocol.opspec import Count, OpSpec, Place, Prompt

BLEND_MODES = ("latent", "cells", "levels")
ALIGNMENTS = ("none", "stretch", "dtw")
LEVELS = ("own", "match")
ONLY = ("all", "dull", "odd")
_ONLY = {
    "only": "dull: the cells that surprise the model's prior least, on each level; odd: the most; all (default)",
    "share": "how much of each level's cells are dull or odd: 0 to 1 (0.25)",
}
_LEVEL = "own: cells of the body bring their loudness along (default); match: they take that of the cells they replace"

OPS: dict[str, OpSpec] = {
    spec.name: spec
    for spec in (
        OpSpec(
            name="set",
            summary="write a code into cells",
            action="Set a code",
            action_help="asks for the number",
            arguments=("CODE",),
            example="set 17 q0 @3:4",
        ),
        OpSpec(
            name="paint",
            summary="write codes along time, one for each frame; `.` leaves a cell",
            action="Paint mode: type codes along",
            action_help="a number and Space writes it and goes on; Esc ends",
            arguments=("CODE,CODE,…",),
            example="paint 17,17,.,4 q0 @3:",
        ),
        OpSpec(
            name="swap",
            summary="exchange cells with another strand; cropped to what both have",
            action="Swap with the other pane",
            action_help="the selection, or as many cells as the count",
            arguments=("OTHER",),
            options={"at": "first frame in the other strand (default: the same frame)", "level": _LEVEL},
            times=("at",),
            takes_strand=True,
            changes_other=True,
            example="swap OTHER.alle q0-1 @10:40 at=0",
        ),
        OpSpec(
            name="copy",
            summary="remember cells in a register",
            action="Copy into a register",
            action_help="register a unless one is named",
            arguments=("REGISTER",),
            fills_register=True,
            heeds_locks=False,
            repeatable=False,
            example="copy a q0 @0:8",
        ),
        OpSpec(
            name="put",
            summary="overwrite cells with a register, from the first frame on",
            action="Put a register here",
            action_help="on the levels it was copied from",
            arguments=("REGISTER",),
            options={"level": _LEVEL},
            reads_register=True,
            place=Place.FRAMES,
            example="put a @12:",
        ),
        OpSpec(
            name="mix",
            summary="as put, but only into gaps: the cells that hold the gap's code",
            action="Mix a register into gaps only",
            action_help="asks which code is a gap",
            arguments=("REGISTER",),
            reads_register=True,
            options={
                "gap": "the gap's code on every level, or @F: on each level the code at frame F (needed)",
                "level": _LEVEL,
            },
            times=("gap",),
            place=Place.FRAMES,
            example="mix a @12: gap=@3",
        ),
        OpSpec(
            name="flood",
            summary="a register again and again, over the whole range",
            action="Flood with a register, again and again",
            action_help="the selection, or from here to the end",
            arguments=("REGISTER",),
            options={"level": _LEVEL},
            reads_register=True,
            place=Place.FRAMES,
            example="flood a @0:64",
        ),
        OpSpec(
            name="blend",
            summary="AMOUNT of the way to another strand: 0 is this one exactly, 1 the other",
            action="Blend towards the other pane",
            action_help="the selection, or the whole sound; asks AMOUNT 0..1, mode and align",
            arguments=("OTHER", "AMOUNT"),
            options={
                "mode": "latent: between both sounds (default); cells: one or the other, by turns of at least 60 ms; "
                "levels: between both, with fine levels ahead of coarse ones",
                "align": "which frame goes with which. none: the same (default); stretch: the other as a whole over "
                "the range; dtw: frames that sound alike, which move from their time here to their time there",
                "at": "first frame in the other strand (default: the same frame; 0 with stretch and dtw)",
                "seed": "start of the random choices of mode=cells (0)",
                "level": _LEVEL,
            },
            times=("at",),
            takes_strand=True,
            takes_whole=True,
            needs_model=True,
            prompt=Prompt(
                f"AMOUNT 0..1 [mode={'|'.join(BLEND_MODES)}] [align={'|'.join(ALIGNMENTS)}]",
                "0.5 mode=latent align=none",
            ),
            example="blend OTHER.alle 0.5 mode=latent align=dtw",
        ),
        OpSpec(
            name="shift",
            summary="rotate cells in time inside the range: + is later",
            arguments=("FRAMES",),
            times=("FRAMES",),
            count=Count.AMOUNT,
            example="shift +2 @0:8",
        ),
        OpSpec(
            name="reverse",
            summary="flip the range in time",
            action="Reverse in time",
            example="reverse @0:16",
        ),
        OpSpec(
            name="stretch",
            summary="make the range FACTOR times as long, on all levels, with new frames between the old ones",
            action="Stretch in time",
            action_help="asks FACTOR; all levels, the length changes",
            arguments=("FACTOR",),
            place=Place.FRAMES,
            resizes=True,
            needs_model=True,
            prompt=Prompt("FACTOR", "2"),
            example="stretch 1.5",
        ),
        OpSpec(
            name="repeat",
            summary="insert N copies of the range after it; all levels",
            action="Repeat the frames: insert copies after them",
            action_help="all levels; as many as the count",
            arguments=("N",),
            place=Place.FRAMES,
            resizes=True,
            count=Count.AMOUNT,
            example="repeat 2 @0:4",
        ),
        OpSpec(
            name="mirror",
            summary="append the range's flip to it; all levels",
            action="Mirror: insert the flip after it",
            action_help="all levels",
            place=Place.FRAMES,
            resizes=True,
            example="mirror",
        ),
        *CUTTING,
        OpSpec(
            name="mutate",
            summary="send cells to near codes at random; STRENGTH 0.1 is light, 0.3 clear, 0.6 strong, 1 all cells",
            action="Mutate to near codes",
            action_help="asks STRENGTH 0..1; seed=N repeats a mutation",
            arguments=("STRENGTH",),
            options={
                "seed": "start of the random choices (default: a new one each time, shown with the edit)",
                **_ONLY,
            },
            needs_model=True,
            draws_seed=True,
            prompt=Prompt("STRENGTH 0..1 [seed=N] [only=dull|odd]", "0.3"),
            example="mutate 0.3 seed=1 only=odd",
        ),
        OpSpec(
            name="nudge",
            summary="a step in a DIRECTION, other qualities held: "
            + ", ".join(DIRECTIONS)
            + ". Level 0, the body of the sound, changes only if levels are named that include it."
            + " On all levels, louder and softer turn the volume of the frames, exactly and at once",
            action="Nudge: brighter, darker, ...",
            action_help="asks for the direction; by=0.5 is half a step",
            arguments=("DIRECTION",),
            options={"by": "so many steps, 0.1 to 20 (1); one is a clear change of the selection as a whole"},
            needs_model=True,
            needs_atlas=True,
            spares_body=True,
            is_slow=True,
            prompt=Prompt("DIRECTION [by=STEPS]", "brighter"),
            example="nudge brighter q1-2 @0:16 by=0.5",
        ),
        OpSpec(
            name="regenerate",
            summary="fill with new material that the model's prior draws, so that both sides and the other levels fit",
            action="Regenerate: new material from the prior",
            action_help="the selection; all of it is undone in one step",
            options={
                "creativity": "0 to 1: how far from the likely (0.5)",
                "focus": "0 to 1: how strongly fine levels keep to real frames (0.5)",
                "seed": "a whole number; without one a new one is drawn and shown",
                **_ONLY,
            },
            needs_selection=True,
            needs_model=True,
            needs_prior=True,
            is_slow=True,
            draws_seed=True,
            example="regenerate @40:80 creativity=0.6",
        ),
        OpSpec(
            name="mosaic",
            summary="rebuild from the frames of another strand that sound most alike",
            action="Mosaic: rebuild from the other pane's frames",
            action_help="the selection, or the whole sound; asks for the continuity",
            arguments=("OTHER",),
            options={
                "continuity": "0 to 1: how much to stay with frames that follow one another there (0.5)",
                "level": _LEVEL,
            },
            takes_strand=True,
            takes_whole=True,
            needs_model=True,
            prompt=Prompt("[continuity=0..1]", "continuity=0.5"),
            example="mosaic OTHER.alle continuity=0.5",
        ),
        OpSpec(
            name="lock",
            summary="keep levels as they are in every further operation; undo and redo still take back what was done",
            action="Lock or free this level for every edit",
            action_help="the selection's levels, or the cursor's",
            place=Place.LEVELS,
            heeds_locks=False,
            repeatable=False,
            example="lock q0-1",
        ),
        OpSpec(
            name="unlock",
            summary="let operations change levels again",
            place=Place.LEVELS,
            heeds_locks=False,
            repeatable=False,
            example="unlock q0-1",
        ),
        OpSpec(
            name="tempo",
            summary="lay a grid of bars and beats over the strand, from its start; the sound stays as it is, and undo "
            "leaves the tempo as it is",
            arguments=("BPM",),
            options={"beats": "beats of a bar (those it had, or 4)"},
            place=Place.STRAND,
            heeds_locks=False,
            repeatable=False,
            sets_tempo=True,
            example="tempo 120 beats=3",
        ),
    )
}

NOT_YET: dict[str, tuple[str, str]] = {
    "mute": (
        "mute is for listening and changes no cells",
        "M in the editor; allele decode --levels on the command line",
    ),
    "solo": ("solo is for listening and changes no cells", "allele decode --levels hears some levels only"),
}
"""Names that are refused as operations, each with the reason and a hint."""

OTHER_NAMES: dict[str, str] = {"trim": "crop", "delete": "cut"}
"""Everyday words that are read as an operation of another name."""
