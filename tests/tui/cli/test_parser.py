"""The command line as a contract: what is accepted where, what is refused, and that its document says the same."""

import argparse
import importlib
import inspect
import json
import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from protocol.messages.models import Atlas, ModelInfo, ShowModel
from protocol.ranges import FrameRange, LevelRange
from protocol.training import OPTIONS, TrainingOptions
from tui.cli import values
from tui.cli.commands import COMMANDS, GROUPS, Command
from tui.cli.parser import parse

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = {
    "place": "2",
    "name": "rain",
    "new_name": "wind",
    "paths": "a.wav",
    "file": "a.wav",
    "strand": "a.alle",
    "other": "b.alle",
    "corpus": "rain",
    "model": "rain",
    "id": "1",
    "ops": "'set 1'",
    "codes": "17",
}
REQUIRED = {"train": "--name m", "generate": "-o d", "encode": "--model m", "blend": "--amount 0.5"}


def minimal(command: Command) -> list[str]:
    """A call of the command with nothing optional."""
    positional = [argument.flags[0] for argument in command.arguments if not argument.flags[0].startswith("-")]
    return shlex.split(" ".join([*(SAMPLES[name] for name in positional), REQUIRED.get(command.words[0], "")]))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: "-".join(command.words))
def test_shared_options_are_taken_before_and_after(command: Command) -> None:
    shared = ["--json", "--home", "/h"]
    for at in range(len(command.words) + 1):
        parsed = parse([*command.words[:at], *shared, *command.words[at:], *minimal(command)])
        assert (parsed.json, parsed.home, parsed.connect) == (True, "/h", None)
        assert parsed.command is command
    parsed = parse([*command.words, *minimal(command), "--connect", "/run"])
    assert (parsed.json, parsed.home, parsed.connect) == (False, None, "/run")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: "-".join(command.words))
def test_every_handler_exists(command: Command) -> None:
    module, _, function = command.handler.partition(":")
    handler = getattr(importlib.import_module(module), function)
    assert list(inspect.signature(handler).parameters) == ["arguments", "output"]
    assert get_type_hints(handler)["return"] is int


def test_jobs_alone_lists_them_and_a_group_alone_is_usage() -> None:
    assert parse(["jobs"]).command.words == ("jobs", "list")
    assert parse(["jobs", "--json"]).json
    for group in set(GROUPS) - {"jobs"}:
        with pytest.raises(SystemExit) as left:
            parse([group])
        assert left.value.code == 2


@pytest.mark.parametrize(
    "line",
    [
        "bogus",
        "corpus bogus",
        "corpus add rain",
        "corpus add ../up a.wav",
        "corpus add .hidden a.wav",
        "corpus add rain ''",
        "train rain",
        "train rain --name m --budget 90",
        "train rain --name m --budget 0s",
        "train rain --name m --budget -5s",
        "train rain --name m --budget 90s --steps 5",
        "train rain --name m --steps 0",
        "train rain --name m --preset huge",
        "train rain --name m --levels 0",
        "train rain --name m --seed x",
        "encode a.wav",
        "decode a.alle --levels 3-1",
        "decode a.alle --levels q0",
        "edit a.alle",
        "swap a.alle",
        "swap a.alle b.alle --frames 10",
        "swap a.alle b.alle --frames 10:10",
        "swap a.alle b.alle --lev 0",
        "daemon logs --lines 0",
        "--json",
        "--home /a --connect /b jobs",
        "jobs --home ''",
    ],
)
def test_wrong_usage_exits_2_with_two_lines_on_stderr(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(shlex.split(line))
    out, err = capsys.readouterr()
    assert left.value.code == 2
    assert out == ""
    usage, error = err.splitlines()
    assert usage.startswith("usage: allele") and error.startswith("error: ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("trian rain", "'trian' is no command, file or open strand; did you mean train?"),
        ("encod kick.wav --model m", "did you mean encode?"),
        ("bogus", "'bogus' is no command, file or open strand"),
        ("model lst", "allele model has no command 'lst'; did you mean list?"),
        ("kick.wav --model m", "to open files there is no option --model"),
        ("kick.wav --json", "--json needs a command"),
    ],
)
def test_a_mistyped_command_is_called_that(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(shlex.split(line))
    assert left.value.code == 2 and said in capsys.readouterr().err.splitlines()[1]


def test_files_and_strands_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kick").touch()
    assert parse(["kick", "gone.wav", "--home", "/h"]).opens == ["kick", "gone.wav"]
    assert parse(["--home", "/h", "folder/x"]).opens == ["folder/x"]
    assert parse(["--", "kick"]).opens == ["kick"] and parse(["jobs"]).opens == []
    asked = list[tuple[str, str]]()

    def is_strand(parsed: argparse.Namespace, word: str) -> bool:
        asked.append((parsed.home, word))
        return word == "my kick"

    assert parse(["my kick", "--home", "/h"], is_strand).opens == ["my kick"]
    assert asked == [("/h", "my kick")]
    with pytest.raises(SystemExit):
        parse(["my snare"], is_strand)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--seed -1", "from 0 to 4294967295"),
        ("--seed 4294967296", "from 0 to 4294967295"),
        ("--seed 1_0", "from 0 to 4294967295"),
        ("--seed ١٧", "from 0 to 4294967295"),
        ("--levels 33", "from 1 to 32"),
        ("--codebook 1", "from 2 to 65536"),
        ("--codebook 65537", "from 2 to 65536"),
        ("--steps 0", "from 1 to 10000000"),
        ("--steps 10000001", "from 1 to 10000000"),
        ("--budget -5s", "like 90s"),
        ("--budget ٩s", "like 90s"),
    ],
)
def test_a_number_out_of_range_is_refused_with_the_range(
    option: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        parse(["train", "rain", "--name", "m", *option.split()])
    assert left.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


FILE_COMMANDS = (
    "encode {} --model m",
    "encode --model m {}",
    "decode {}",
    "decode a.alle -o {}",
    "edit {} reverse",
    "edit a.alle reverse -o {}",
    "swap {} b.alle",
    "swap a.alle {}",
    "blend a.alle {} --amount 0.5",
    "corpus add rain {}",
    "corpus add rain a.wav {}",
    "--json encode {} --model m",
)


@pytest.mark.parametrize("name", ["-kick.wav", "-old.alle", "--json.wav", "-5.wav", "-o x.wav", "-folder", "-é"])
@pytest.mark.parametrize("line", FILE_COMMANDS)
def test_a_file_with_a_dash_is_refused_with_the_name_that_works(
    line: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    words = [name if word == "{}" else word for word in line.split()]
    with pytest.raises(SystemExit) as left:
        parse(words)
    out, err = capsys.readouterr()
    assert (left.value.code, out) == (2, "")
    assert err.splitlines()[-1].startswith("error: ") and f"./{name}" in err.splitlines()[-1]
    parse([f"./{name}" if word == "{}" else word for word in line.split()])


@pytest.mark.parametrize("line", [line for line in FILE_COMMANDS if "-o" not in line])
def test_a_name_with_a_dash_that_is_not_there_is_explained(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(line.format("-gone.wav").split())
    assert left.value.code == 2 and "./-gone.wav" in capsys.readouterr().err


def test_after_two_dashes_every_word_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-kick.wav").touch()
    assert parse(["encode", "--model", "m", "--", "-kick.wav"]).file == [Path("-kick.wav")]
    assert parse(["edit", "--", "-a.alle", "reverse"]).strand == Path("-a.alle")
    assert parse(["decode", "a.alle", "-oout.wav"]).out == Path("out.wav")


def test_a_wrong_option_is_not_taken_for_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["encode", "a.wav", "--modle", "m"])
    assert "./" not in capsys.readouterr().err


def test_a_path_is_what_exists_under_it_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert values.path("~/x.wav") == Path.home() / "x.wav"
    assert values.path("~nobody-at-all.wav") == Path("~nobody-at-all.wav")
    Path("~").mkdir()
    Path("~/x.wav").touch()
    assert values.path("~/x.wav") == Path("~/x.wav")
    Path("u\u0308.wav").touch()
    assert str(values.path("\u00fc.wav")) == "u\u0308.wav"
    assert str(values.path("a \u00e9.wav")) == "a \u00e9.wav"


def test_what_the_parser_takes_the_protocol_takes() -> None:
    for options in ("--seed 4294967295 --levels 32 --codebook 65536 --steps 10000000", "--levels 1 --codebook 2"):
        parsed = parse(["train", "rain", "--name", "m", *options.split()])
        options = TrainingOptions(**{option.name: getattr(parsed, option.name) for option in OPTIONS})
        options.check()
        assert options != TrainingOptions()


def test_values_mean_what_they_say() -> None:
    assert [values.budget(text) for text in ("90s", "10m", "2h", "0.5s")] == [90, 600, 7200, 0.5]
    assert [values.levels(text) for text in ("0-2", "1", "3-3")] == [
        LevelRange(0, 2),
        LevelRange(1, 1),
        LevelRange(3, 3),
    ]
    assert [values.span(text).frames() for text in ("10:40", "@10:", ":40", ":", "1.2s:3.4s", "@1200ms:")] == [
        FrameRange(10, 40),
        FrameRange(10),
        FrameRange(0, 40),
        FrameRange(),
        FrameRange(56, 159),
        FrameRange(56),
    ]


@pytest.mark.parametrize(
    "text", ["rain", "Rain 2", "a.b_c+d-e", "ü", "_", "x" * 64, "x" * 65, "", " x", "a/b", "..", "-a", "a\n"]
)
def test_names_are_the_protocols(text: str) -> None:
    try:
        values.name(text)
        is_taken = True
    except argparse.ArgumentTypeError:
        is_taken = False
    try:
        msgspec.convert({"name": text}, ShowModel)
        is_wanted = True
    except msgspec.ValidationError:
        is_wanted = False
    assert is_taken == is_wanted


@pytest.mark.parametrize("text", ["--help", "train --help", "--version"])
def test_help_is_quick_and_goes_to_stdout(text: str) -> None:
    times: list[float] = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-P", "-m", "tui", *text.split()]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Of the processor, not of the clock: other tests run meanwhile.
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        assert done.returncode == 0 and done.stdout and not done.stderr
    assert min(times) < 0.3


def test_the_document_is_the_parsers() -> None:
    command = [sys.executable, "scripts/cli_reference.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_the_document_names_every_command_and_key() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        heading = f"# allele {' '.join(command.words)}\n"
        assert heading in text
        body = re.split(r"^##", text.split(heading)[1], maxsplit=1, flags=re.MULTILINE)[0]
        assert set(re.findall(r"^\| `(\w+)` \| ", body, flags=re.MULTILINE)) >= set(command.keys)


def test_the_help_of_train_tells_what_training_does_by_itself() -> None:
    from daemon.codec.config import CodecConfig
    from daemon.runs.clock import DEFAULT_BUDGET_S
    from daemon.training.sizing import STEREO

    command = next(command for command in COMMANDS if command.words == ("train",))
    helps = {argument.flags[0]: argument.settings["help"] for argument in command.arguments}
    assert f"({DEFAULT_BUDGET_S / 60:.0f}m; ended early" in helps["--budget"]
    assert f"({CodecConfig().levels}, in stereo {STEREO['small'].levels})" in helps["--levels"]
    followers = [flag for flag, text in helps.items() if "amount of audio" in text or "size of the corpus" in text]
    assert followers == ["--codebook"]


def test_the_json_keys_that_are_told_are_those_that_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A daemon that would only hand out a job's id is stood in for."""
    from tui.cli import model, train
    from tui.cli.output import Output

    told = {command.words: command for command in COMMANDS}
    atlas = Atlas(model="m", codec_id="c", state="absent")
    left_out = told["model", "show"].keys["atlas"].partition("without ")[2]
    assert model._atlas_facts(atlas).keys() == told["model", "atlas"].keys.keys() - {left_out}
    left_out = told["model", "list"].keys["models"].partition("without ")[2]
    listed = {field.name for field in msgspec.structs.fields(ModelInfo)}
    assert listed == told["model", "show"].keys.keys() - {left_out}
    monkeypatch.setattr(train, "with_daemon", lambda *_: "j1")
    train.train(parse(["train", "rain", "--name", "m", "--detach"]), Output(as_json=True))
    words = re.search(r"With --detach, --json prints (\w+) and (\w+) alone", told["train",].details)
    assert words is not None and set(words.groups()) == json.loads(capsys.readouterr().out).keys()
