"""The table of every command with its arguments and JSON keys. The parser, docs/cli.md and the tests use it.

Only value types for argparse are imported here, because `allele --help` must be quick. A command's handler is named as
"module:function" and imported when it is called.
"""

from protocol.training import OPTIONS
from tui.cli import json_keys, values
from tui.cli.command import Command
from tui.cli.command import argument as _arg
from tui.cli.generation_commands import GENERATION_COMMANDS
from tui.cli.job_commands import JOB_COMMANDS
from tui.cli.options import option_argument
from tui.cli.strand_commands import STRAND_COMMANDS
from tui.cli.strand_questions import STRAND_QUESTIONS

KEYMAPS = ("vim", "tracker")


GROUPS = {
    "daemon": "the background process that trains, encodes and decodes",
    "corpus": "named sets of recordings",
    "jobs": "the daemon's current and past work",
    "model": "trained codecs",
    "preset": "named options of generating with a model",
    "strand": "strand files: what they contain",
}

COMMANDS: tuple[Command, ...] = (
    Command(
        words=("doctor",),
        summary="check device, audio, terminal, folders and versions, and say what to do",
        handler="tui.cli.doctor:doctor",
        details="Exit 1 only when something essential fails. It starts no daemon.",
        keys={
            "ok": "whether nothing essential fails",
            "checks": "each with name, status (ok, warn, fail), detail, hint",
        },
    ),
    Command(
        words=("keymap",),
        summary="list the editor's keys and the names of its actions",
        handler="tui.cli.keymap:keymap",
        details="As in docs/keys.md, with your own changes. It starts no daemon.",
        arguments=(_arg("--name", choices=KEYMAPS, metavar="vim|tracker", help="which keymap (the one in use)"),),
        keys={"keymap": "its name", "actions": "each with id, title, group, screens, keys, help"},
    ),
    Command(
        words=("daemon", "start"),
        summary="start the daemon, or find it running",
        handler="tui.cli.daemon:start",
        keys={"started": "false when it was already running"} | json_keys.STATUS,
    ),
    Command(
        words=("daemon", "stop"),
        summary="stop the daemon; running jobs are interrupted and can be resumed",
        handler="tui.cli.daemon:stop",
        keys={"stopped": "false when none ran", "pid": "of the one that was stopped, or null"},
    ),
    Command(
        words=("daemon", "status"),
        summary="show the daemon's status; exit 1 when none runs",
        handler="tui.cli.daemon:status",
        keys=json_keys.STATUS,
    ),
    Command(
        words=("daemon", "restart"),
        summary="stop and start the daemon",
        handler="tui.cli.daemon:restart",
        keys={"started": "true"} | json_keys.STATUS,
    ),
    Command(
        words=("daemon", "logs"),
        summary="show the end of the daemon's log, and of worker logs written in the last day",
        handler="tui.cli.logs:logs",
        details="A worker's log shows what went wrong in a model or a job. Each part names its file.",
        arguments=(_arg("--lines", type=values.lines, default=100, metavar="N", help="how many lines of each (100)"),),
        keys={
            "path": "the daemon's log file",
            "lines": "its last lines",
            "workers": "each with path and lines: worker logs written in the last day, the newest last",
        },
    ),
    Command(
        words=("corpus", "add"),
        summary="add files and folders to a corpus, which is created if it does not exist",
        handler="tui.cli.corpus:add",
        details="A file that cannot be used is reported on stderr and skipped; exit 1 when none can be used. The "
        "readable part of a damaged file is kept, with a note. One line counts the files in folders that were not "
        "read, by kind: other files, hidden ones, links to folders (not followed; name them to add them).",
        arguments=(
            _arg("name", type=values.name, metavar="NAME", help="the corpus"),
            _arg(
                "paths",
                type=values.path,
                nargs="+",
                metavar="PATH",
                help="files or folders: wav flac ogg opus mp3 aiff caf au w64 m4a aac wv and others",
            ),
        ),
        keys=json_keys.CORPUS
        | {
            "added": "files added now, by path",
            "problems": "files that were skipped, are damaged or have a note, each with path, status, problem, hint",
            "not_read": "files in folders that were not read: kinds (a count for each suffix, hidden, AppleDouble), "
            "linked_folders (each with path, target, is_loop), hidden_folders",
            "notes": "notes for the user",
        },
    ),
    Command(
        words=("corpus", "list"),
        summary="list all corpora",
        handler="tui.cli.corpus:list_",
        keys={"corpora": "each with name, files, skipped, seconds, frames, path"},
    ),
    Command(
        words=("corpus", "show"),
        summary="show one corpus, file by file",
        handler="tui.cli.corpus:show",
        arguments=(_arg("name", type=values.name, metavar="NAME", help="the corpus"),),
        keys=json_keys.CORPUS
        | {
            "recordings": "each with path, status, seconds, sample_rate, channels, peak_db, loudness_db, clipped, "
            "silence, problem, hint"
        },
    ),
    Command(
        words=("corpus", "remove"),
        summary="move a corpus to the trash; models trained on it stay",
        handler="tui.cli.corpus:remove",
        arguments=(_arg("name", type=values.name, metavar="NAME", help="the corpus"),),
        keys={"removed": "its name", "detail": "where it went"},
    ),
    Command(
        words=("train",),
        summary="train a codec on a corpus",
        handler="tui.cli.train:train",
        details="Follows the job until it is done. Ctrl-C stops the training at its next step and keeps what was "
        "learned: --resume continues from there. With --detach, --json prints job and model alone.",
        arguments=(
            _arg("corpus", type=values.name, metavar="CORPUS", help="what to train on"),
            _arg("--name", type=values.name, required=True, metavar="MODEL", help="name of the model"),
            *map(option_argument, OPTIONS),
            _arg("--resume", action="store_true", help="resume a training that did not finish"),
            _arg("--detach", action="store_true", help="return at once and print the job's id"),
        ),
        keys=json_keys.TRAIN,
    ),
    *GENERATION_COMMANDS,
    *JOB_COMMANDS,
    Command(
        words=("model", "list"),
        summary="list all models",
        handler="tui.cli.model:list_",
        keys={"models": "each as model show gives it, without atlas"},
    ),
    Command(
        words=("model", "show"),
        summary="show one model",
        handler="tui.cli.model:show",
        arguments=(_arg("name", type=values.name, metavar="NAME", help="the model"),),
        keys={**json_keys.MODEL, "atlas": "what model atlas prints, without model"},
    ),
    Command(
        words=("model", "atlas"),
        summary="measure again what each code of a model does to the sound (training does it too)",
        details="Needs the corpus that the model learned from. The editor and nudge use the result.",
        handler="tui.cli.model:atlas",
        arguments=(_arg("name", type=values.name, metavar="NAME", help="the model"),),
        keys=json_keys.ATLAS,
    ),
    Command(
        words=("model", "delete"),
        summary="move a model, or a training that did not finish, to the trash",
        details="Strands made with it stay, and are silent until it is restored. While open strands need it, they are "
        "named and nothing is moved, except with --force. A model that a job works on is never moved.",
        handler="tui.cli.model:delete",
        arguments=(
            _arg("name", type=values.name, metavar="NAME", help="the model"),
            _arg("--force", action="store_true", help="also if open strands need it"),
        ),
        keys={
            "deleted": "its name",
            "detail": "where it went",
            "restore": "the command that restores it",
            "strands": "names of the open strands that are silent now",
        },
    ),
    Command(
        words=("model", "rename"),
        summary="give a model another name",
        details="Its strands find it under any name.",
        handler="tui.cli.model:rename",
        arguments=(
            _arg("name", type=values.name, metavar="NAME", help="the model"),
            _arg("new_name", type=values.name, metavar="NEW", help="its new name"),
        ),
        keys={"renamed": "its name now", "before": "its name before", "detail": "where it is"},
    ),
    Command(
        words=("model", "restore"),
        summary="restore a model from the trash; of several with one name, the one deleted last",
        handler="tui.cli.model:restore",
        arguments=(
            _arg("name", type=values.name, metavar="NAME", help="the model"),
            _arg("--as", dest="new_name", type=values.name, metavar="NEW", help="its new name"),
        ),
        keys={"restored": "its name now", "detail": "where it is"},
    ),
    *STRAND_COMMANDS,
    *STRAND_QUESTIONS,
)
