"""The commands that make, change and decode strands, which are part of the table in tui.cli.commands."""

from protocol.operations import ALIGNMENTS, BLEND_MODES, OPS
from tui.cli import json_keys, values
from tui.cli.command import Command
from tui.cli.command import argument as _arg

_OUT_STRAND = _arg(
    "-o",
    "--out",
    type=values.path,
    metavar="OUT.alle",
    help="write here, not over the first strand; - is standard output",
    alternative="place",
)
_OUT_DIR = _arg(
    "--out-dir",
    type=values.path,
    metavar="DIR",
    help="write into this folder, which is made if it does not exist",
    alternative="place",
)
_DRY_RUN = _arg("--dry-run", action="store_true", help="do everything except write, and say what would be written")
TEMPO = _arg(
    "--tempo",
    type=values.tempo,
    metavar="BPM",
    help="count bars and beats by this tempo (the strand's own, as the operation tempo sets it)",
)
_FORCE = _arg("--force", action="store_true", help="replace what -o names, where a file of that name exists")

STRAND_COMMANDS: tuple[Command, ...] = (
    Command(
        words=("encode",),
        summary="encode recordings as strands of codes",
        handler="tui.cli.strand:encode",
        details="Without -o the strand has the recording's name and is written to the current folder. An existing "
        "strand is replaced only with --force, another file never. The readable part of a damaged recording is "
        "encoded, with a note.",
        arguments=(
            _arg(
                "file",
                type=values.path,
                nargs="+",
                metavar="FILE",
                help="wav, flac, ogg, opus, mp3, aiff, caf, au, w64, m4a, aac, wv and others",
            ),
            _arg("--model", type=values.name, required=True, metavar="MODEL", help="the model that encodes"),
            _arg(
                "-o",
                "--out",
                type=values.path,
                metavar="STRAND.alle",
                help="write here; - is standard output",
                alternative="place",
            ),
            _OUT_DIR,
            _arg("--force", action="store_true", help="replace an existing strand"),
            _DRY_RUN,
        ),
        keys=json_keys.ENCODED | json_keys.BATCH,
    ),
    Command(
        words=("decode",),
        summary="decode strands to WAV: 48 kHz, 24 bit, the source's level and exact length",
        handler="tui.cli.strand:decode",
        details="Without -o the WAV has the strand's name and is written to the current folder. An existing file is "
        "replaced only with --force; the strand and its recording are never replaced. With --frames the file is that "
        "part of the whole, sample for sample.",
        arguments=(
            _arg("strand", type=values.path, nargs="+", metavar="STRAND", help="an .alle file"),
            _arg(
                "-o",
                "--out",
                type=values.path,
                metavar="OUT.wav",
                help="write here; - is standard output",
                alternative="place",
            ),
            _OUT_DIR,
            _arg("--force", action="store_true", help="replace an existing file"),
            _DRY_RUN,
            _arg("--levels", type=values.levels, metavar="0-2", help="hear these levels only (all)"),
            _arg(
                "--frames",
                type=values.span,
                metavar="A:B",
                help="only this part: frames 10:40, times 1.2s:3.4s or bars bar1:bar3, cut at the exact sample (all)",
            ),
            TEMPO,
        ),
        keys=json_keys.DECODED | json_keys.BATCH,
    ),
    Command(
        words=("edit",),
        summary="apply operations to strands, in order",
        handler="tui.cli.edit:edit",
        details="An operation is `NAME [arguments] [qA-B] [@F0:F1] [key=value …]`, as in the TUI's : line. Levels are "
        "inclusive, frames half-open; both default to all. A bound of frames may be a time, as in @1.2s:3.4s, or a "
        "bar or beat, as in @bar2 or @2.1:2.3; it goes to the nearest frame. Registers and locks last for one call. "
        "-o writes an .alle file, never over a strand that is read or a file that is not a strand.\n"
        f"Operations: {' '.join(OPS)}; docs/protocol.md says what each takes.",
        arguments=(
            _arg("strand", type=values.path, metavar="STRAND", help="an .alle file, replaced unless -o is given"),
            _arg(
                "ops",
                nargs="+",
                metavar="OP",
                help="an operation in quotes, such as 'set 17 q0 @3:4'; further .alle files may come before it",
            ),
            _arg(
                "--count",
                type=values.takes,
                metavar="N",
                help="make N takes with other seeds: take-01.alle and so on in --out-dir",
            ),
            TEMPO,
            _OUT_STRAND,
            _OUT_DIR,
            _FORCE,
            _DRY_RUN,
        ),
        keys=json_keys.EDITED | json_keys.BATCH,
    ),
    Command(
        words=("swap",),
        summary="exchange codes between two strands; only A changes",
        handler="tui.cli.edit:swap",
        arguments=(
            _arg("strand", type=values.path, metavar="A", help="an .alle file, replaced unless -o is given"),
            _arg("other", type=values.path, metavar="B", help="an .alle file of the same model"),
            _arg("--levels", type=values.levels, metavar="0-1", help="levels, inclusive (all)"),
            _arg(
                "--frames",
                type=values.span,
                metavar="A:B",
                help="frames 10:40, times 1.2s:3.4s or bars bar1:bar3 (all)",
            ),
            TEMPO,
            _OUT_STRAND,
            _FORCE,
            _DRY_RUN,
        ),
        keys=json_keys.EDITED | json_keys.BATCH,
    ),
    Command(
        words=("blend",),
        summary="blend one strand towards another; only A changes",
        handler="tui.cli.edit:blend",
        details="Amount 0 gives A's codes and 1 gives B's, exactly. For some levels or frames only, use the operation "
        "blend of allele edit.",
        arguments=(
            _arg("strand", type=values.path, metavar="A", help="an .alle file, replaced unless -o is given"),
            _arg("other", type=values.path, metavar="B", help="an .alle file of the same model"),
            _arg("--amount", type=values.share, required=True, metavar="0..1", help="how far to blend"),
            _arg(
                "--mode",
                choices=BLEND_MODES,
                default=BLEND_MODES[0],
                metavar="|".join(BLEND_MODES),
                help="mix the sounds; alternate between them; coarse levels of A, finer ones towards B (latent)",
            ),
            _arg(
                "--align",
                choices=ALIGNMENTS,
                default=ALIGNMENTS[0],
                metavar="|".join(ALIGNMENTS),
                help="frame by frame; stretch B over A; match frames that sound alike (none)",
            ),
            _OUT_STRAND,
            _FORCE,
            _DRY_RUN,
        ),
        keys=json_keys.EDITED | json_keys.BATCH,
    ),
)
