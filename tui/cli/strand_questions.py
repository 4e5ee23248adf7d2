"""The commands that look into strand files and play sounds, which are part of the table in tui.cli.commands."""

from tui.cli import values
from tui.cli.command import Command
from tui.cli.command import argument as _arg
from tui.cli.strand_commands import TEMPO

STRAND_QUESTIONS: tuple[Command, ...] = (
    Command(
        words=("play",),
        summary="play a recording or a strand",
        handler="tui.cli.play:play",
        details="Plays to the end, or until Ctrl-C. A strand sounds as allele decode writes it. ALLELE_SOUND names the "
        "device, as for the editor.",
        arguments=(
            _arg("file", type=values.path, metavar="FILE|STRAND", help="an audio file or an .alle file"),
            _arg("--frames", type=values.span, metavar="A:B", help="only this part, as in allele decode"),
            TEMPO,
            _arg("--levels", type=values.levels, metavar="0-2", help="hear these levels of a strand only (all)"),
            _arg("--loop", action="store_true", help="repeat until Ctrl-C"),
        ),
        keys={"file": "what was played", "seconds": "the length of what was played", "device": "where it was played"},
    ),
    Command(
        words=("novelty",),
        summary="say whether a sound copies a model's recordings, is close to one, or is new",
        handler="tui.cli.novelty:novelty",
        details="Compares the sound with every second of the recordings that the model learned from, at any gain. "
        "It informs and changes nothing. A strand is compared by its own model.",
        arguments=(
            _arg(
                "file", type=values.path, metavar="FILE|STRAND", help="an audio file, an .alle file or an open strand"
            ),
            _arg("--model", type=values.name, metavar="MODEL", help="the model (for a strand, its own)"),
        ),
        keys={
            "verdict": "copy, close, new or silent",
            "nearest": "the recording that it resembles most, or null for silence",
            "at_s": "the second of that recording",
            "overlap": "the share of the sound that reads copy, 0 to 1",
            "resembling": "the share of the sound that reads copy or close",
            "distance_db": "how far it is from the recordings, the median of all windows",
            "percentile": "where that distance lies among sounds that are no copies, 0 to 100",
            "seconds": "the length of the sound",
            "model": "the model",
            "notes": "notes for the user, such as that the verdict is rough",
        },
    ),
    Command(
        words=("strand", "show"),
        summary="show what a strand file contains",
        handler="tui.cli.strand_facts:show",
        details="Starts no daemon.",
        arguments=(_arg("strand", type=values.path, metavar="STRAND", help="an .alle file"),),
        keys={
            "strand": "the file",
            "name": "its name",
            "model": "the model of its codes",
            "codec_id": "SHA-256 of the codec's weights",
            "levels": "levels",
            "codebook": "codes to a level",
            "frames": "frames",
            "frame_rate": "frames to a second",
            "samples": "its length",
            "sample_rate": "Hz",
            "seconds": "its length",
            "channels": "1, or 2 for stereo",
            "tempo": "bpm and beats of a bar, or null",
            "source": "the recording that it was encoded from: path, sha256, sample_rate, channels",
            "edits": "the applied operations, as text, oldest first",
            "created": "when it was encoded, UTC",
        },
    ),
    Command(
        words=("strand", "tempo"),
        summary="estimate the tempo of a strand file, and find its onsets",
        handler="tui.cli.strand_tempo:tempo",
        details="The file stays as it is; allele edit STRAND 'tempo 120' sets a tempo. At the estimated tempos, "
        "the sound is a whole number of beats long, so they are right for loops only.",
        arguments=(_arg("strand", type=values.path, metavar="STRAND", help="an .alle file"),),
        keys={
            "strand": "the file",
            "tempo": "the tempo that it has: bpm and beats of a bar, or null",
            "estimates": "each with bpm and beats, the likeliest first; beats is the length of the sound",
            "onsets": "seconds at which something begins",
        },
    ),
    Command(
        words=("strand", "find"),
        summary="find a code or a sequence of codes in a strand file",
        handler="tui.cli.strand_facts:find",
        details="As :find in the editor; a point stands for any code. Starts no daemon. Exit 0 also when nothing is "
        "found.",
        arguments=(
            _arg("strand", type=values.path, metavar="STRAND", help="an .alle file"),
            _arg("codes", nargs="+", metavar="CODE", help="codes that follow one another, such as 17 . 4"),
            _arg("--level", type=values.level, default=0, metavar="Q", help="the level to look on (0)"),
        ),
        keys={
            "strand": "the file",
            "level": "the level",
            "codes": "what was looked for; null is any code",
            "places": "each with frame and seconds: where a match begins",
        },
    ),
)
