"""The commands `allele jobs …`, which are part of the table in tui.cli.commands."""

from tui.cli import json_keys, values
from tui.cli.command import Command
from tui.cli.command import argument as _arg

JOB_COMMANDS: tuple[Command, ...] = (
    Command(
        words=("jobs", "list"),
        summary="list all jobs, newest first",
        handler="tui.cli.jobs:list_",
        default=True,
        keys={"jobs": "each as jobs show gives it"},
    ),
    Command(
        words=("jobs", "show"),
        summary="show one job",
        handler="tui.cli.jobs:show",
        arguments=(_arg("id", metavar="ID", help="the job"),),
        keys=json_keys.JOB,
    ),
    Command(
        words=("jobs", "watch"),
        summary="follow a job until it ends; exit 1 unless it is done. Ctrl-C leaves it running",
        handler="tui.cli.jobs:watch",
        arguments=(_arg("id", metavar="ID", help="the job"),),
        keys=json_keys.JOB,
    ),
    Command(
        words=("jobs", "cancel"),
        summary="cancel a job; a training can be resumed",
        handler="tui.cli.jobs:cancel",
        arguments=(_arg("id", metavar="ID", help="the job"),),
        keys=json_keys.JOB,
    ),
    Command(
        words=("jobs", "pause"),
        summary="pause a training: a checkpoint is kept, its process ends, and the next job begins",
        handler="tui.cli.jobs:pause",
        details="Returns at once; the process ends between two steps. A paused job outlives the daemon, and "
        "the time it is paused does not count towards its budget. A queued training can be paused too.",
        arguments=(_arg("id", metavar="ID", help="the job"),),
        keys=json_keys.JOB,
    ),
    Command(
        words=("jobs", "resume"),
        summary="resume a training that was paused, failed, cancelled or interrupted",
        handler="tui.cli.jobs:resume",
        details="A paused job is next in the queue. A training that had ended resumes as a new job, whose id is "
        "printed.",
        arguments=(_arg("id", metavar="ID", help="the job"),),
        keys=json_keys.JOB,
    ),
    Command(
        words=("jobs", "stop"),
        summary="end a training now and keep the model of what it learned",
        handler="tui.cli.jobs:stop",
        details="Answered at once; the last measures follow and the model says at which step it was stopped. A "
        "training that is paused, or ended without a model, makes it of its last checkpoint; where there is none it is "
        "refused.",
        arguments=(_arg("id", metavar="ID", help="the job"),),
        keys=json_keys.JOB,
    ),
    Command(
        words=("jobs", "move"),
        summary="move a queued job to another place in the queue",
        handler="tui.cli.jobs:move",
        arguments=(
            _arg("id", metavar="ID", help="the job"),
            _arg(
                "place", type=values.place, metavar="PLACE", help="1 is next; a larger number than the queue is its end"
            ),
        ),
        keys=json_keys.JOB,
    ),
)
