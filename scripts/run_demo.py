"""The first run: add the demo corpus, train a model on it, edit two of its sounds, and make a new one.

With a terminal a DemoPlan is passed to the TUI, which shows every step. With --headless this script runs the commands
of the public command line one after another and reads their JSON. If a command fails, it prints the reason to stderr,
and this script ends with its exit status.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from protocol.training import PRESETS

DEMO = Path(__file__).resolve().parent / "demo"
CORPUS = MODEL = "demo"
A, B = "loop_amen_full", "loop_tabla"
SWAPPED_LEVELS = "0-1"
LOOP = ("--seconds", "4", "--loop", "--seed", "1")
REPORT_S = 10.0


def main() -> int:
    """Run the demo; returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/run", description="Train on the demo corpus, then edit two sounds.")
    parser.add_argument("--headless", action="store_true", help="without a terminal; prints the WAV that it made")
    parser.add_argument("--home", help="where everything is kept ($ALLELE_HOME)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="headless: folder for strands and the WAV (out)")
    parser.add_argument("--budget", default="90s", help="time to train, as in 90s or 10m (90s)")
    parser.add_argument(
        "--preset", choices=(*PRESETS, "toy"), default="auto", help="size of the codec, as for allele train (auto)"
    )
    arguments = parser.parse_args()
    try:
        return headless(arguments) if arguments.headless else edit(arguments)
    except subprocess.CalledProcessError as failed:
        return 1 if failed.returncode != 2 else 2
    except KeyboardInterrupt:
        print("run: interrupted; run it again to continue", file=sys.stderr)
        return 1


def edit(arguments: argparse.Namespace) -> int:
    """Open the TUI on the demo."""
    from protocol.places import default_home
    from tui.cli.values import budget

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("error: the editor needs a terminal (without one: scripts/run --headless)", file=sys.stderr)
        return 1
    try:
        budget_s = budget(arguments.budget)
    except argparse.ArgumentTypeError as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2
    from tui.app import DemoPlan, run_app

    plan = DemoPlan(
        corpus=CORPUS, paths=[DEMO], model=MODEL, budget_s=budget_s, preset=arguments.preset,
        a=DEMO / f"{A}.flac", b=DEMO / f"{B}.flac",
    )  # fmt: skip
    return run_app(Path(arguments.home).absolute() if arguments.home else default_home(), demo=plan)


def headless(arguments: argparse.Namespace) -> int:
    """Run all steps by the command line, without a terminal; returns the exit status."""
    shared = ["--json", *(["--home", arguments.home] if arguments.home else [])]

    def allele(*words: str) -> dict[str, Any]:
        return run_allele([*words, *shared])

    corpora = allele("corpus", "list")["corpora"]
    if any(corpus["name"] == CORPUS and corpus["files"] for corpus in corpora):
        print(f"corpus {CORPUS} exists already")
    else:
        corpus = allele("corpus", "add", CORPUS, str(DEMO))
        print(f"corpus {CORPUS}: {corpus['files']} files, {corpus['seconds']:.1f} s")
    model = next((model for model in allele("model", "list")["models"] if model["name"] == MODEL), None)
    if model is not None and model["problem"]:
        print(f"model {MODEL} cannot be read by this version of Allele: {allele('model', 'delete', MODEL)['detail']}")
        model = None
    if model is not None:
        print(f"model {MODEL} exists already")
    else:
        print(f"training {MODEL} for {arguments.budget}")
        options = ["--budget", arguments.budget, "--preset", arguments.preset]
        made = allele("train", CORPUS, "--name", MODEL, *options, *resume(arguments))
        held_out = ", ".join(f"{name} {value:.3f}" for name, value in made["held_out"].items() if value is not None)
        print(f"model {MODEL}: {made['steps']} steps, {made['levels']} levels of {made['codebook']} codes; {held_out}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    strands = [arguments.out / f"{name}.alle" for name in (A, B)]
    for name, strand in zip((A, B), strands, strict=True):
        encoded = allele("encode", str(DEMO / f"{name}.flac"), "--model", MODEL, "-o", str(strand), "--force")
        print(f"{strand}: {encoded['levels']} levels, {encoded['frames']} frames")
    swapped = arguments.out / f"{A}-with-{B}.alle"
    allele("swap", *map(str, strands), "--levels", SWAPPED_LEVELS, "-o", str(swapped), "--force")
    print(f"{swapped}: levels {SWAPPED_LEVELS} of {A} exchanged for those of {B}")
    wav = allele("decode", str(swapped), "-o", str(swapped.with_suffix(".wav")), "--force")
    print(f"{wav['wav']}  {wav['seconds']:.2f} s  peak {decibels(wav['peak_db'])}  mean {decibels(wav['rms_db'])}")
    made = allele("generate", MODEL, *LOOP, "-o", str(arguments.out / "generated"), "--force")["outputs"][0]
    print(f"{made['audio']}  {made['seconds']:.2f} s  new material, engine {made['engine']}, seed {made['seed']}")
    return 0


def resume(arguments: argparse.Namespace) -> list[str]:
    """`--resume` if an earlier run is unfinished, by the same files as the daemon checks."""
    from protocol.places import default_home

    folder = (Path(arguments.home) if arguments.home else default_home()) / "models" / MODEL
    is_begun, is_finished = ((folder / name).exists() for name in ("run.json", "model.json"))
    return ["--resume"] if is_begun and not is_finished else []


def run_allele(words: list[str]) -> dict[str, Any]:
    """Run one command and return its JSON object. Its stderr (errors, notes, progress) goes to the user."""
    command = [sys.executable, "-P", "-m", "tui", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    started_s = reported_s = time.monotonic()
    try:
        while True:
            try:
                printed, _ = process.communicate(timeout=1.0)
                break
            except subprocess.TimeoutExpired:
                now_s = time.monotonic()
                if not sys.stderr.isatty() and now_s - reported_s >= REPORT_S:
                    reported_s = now_s
                    print(f"  … {words[0]}: {now_s - started_s:.0f} s", flush=True)
    except KeyboardInterrupt:
        process.wait()  # it received the same Ctrl-C and ends by itself
        raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return json.loads(printed)


def decibels(level: float | None) -> str:
    """A level in dBFS, or "silence"."""
    return "silence" if level is None else f"{level:.1f} dBFS"


if __name__ == "__main__":
    sys.exit(main())
