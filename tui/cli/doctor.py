"""`allele doctor`: what works on this machine, what does not, and what to do about it.

Every check runs on its own: whatever one of them raises becomes its line, and the next one follows. No daemon is
started.
"""

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import TypeVar

from protocol.errors import AlleleError
from protocol.places import NAME_A_HOME
from tui.cli.checks import Check, check_daemon, check_home, check_python, check_space, check_terminal
from tui.cli.engine_checks import ENGINE, check_engine, check_sound
from tui.cli.output import Output, one_line
from tui.cli.session import locate, own_places

MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}

T = TypeVar("T")
Look = Callable[[], Check | list[Check]]


def doctor(arguments: Namespace, output: Output) -> int:
    """Look at everything; exit 1 when something essential fails."""
    checks: list[Check] = []
    for names, look in looks(arguments):
        found = guarded(names, look)
        checks += found
        for check in [] if output.as_json else found:
            hint = f"\n      {one_line(check.hint)}" if check.hint else ""
            print(f"{MARKS[check.status]}  {check.name:<11} {one_line(check.detail)}{hint}", flush=True)
    is_sound = all(check.status != "fail" for check in checks)
    if output.as_json:
        output.result({"ok": is_sound, "checks": [asdict(check) for check in checks]}, "")
    if not is_sound:
        failing = ", ".join(check.name for check in checks if check.status == "fail")
        raise AlleleError("E_INTERNAL", f"not fit to run: {failing}", hint="the lines above say what to do")
    return 0


def guarded(names: Sequence[str], look: Look) -> list[Check]:
    """The checks of these names, whatever goes wrong while they are made."""
    try:
        found = look()
    except AlleleError as error:
        return [Check(name, "fail", error.message, error.hint) for name in names]
    except Exception as problem:  # noqa: BLE001 - the doctor runs to its end
        why = " ".join(str(problem).split()) or type(problem).__name__
        return [Check(name, "warn", f"this could not be checked: {why}") for name in names]
    return found if isinstance(found, list) else [found]


def looks(arguments: Namespace) -> list[tuple[Sequence[str], Look]]:
    """Every check, with the names it has when it cannot be made."""
    places = where(arguments, own_places)
    target = where(arguments, locate)
    return [
        (("python",), check_python),
        (ENGINE, check_engine),
        (("sound",), check_sound),
        (("terminal",), check_terminal),
        (("home",), partial(_at, places, check_home)),
        (("disk",), partial(_if_known, "disk", places, check_space)),
        (("daemon",), partial(_if_known, "daemon", target, check_daemon)),
    ]


def where(arguments: Namespace, find: Callable[[Namespace], T]) -> T | AlleleError:
    """A home or a daemon that the arguments name, or why that cannot be found out."""
    try:
        return find(arguments)
    except AlleleError as error:
        return error
    except (OSError, RuntimeError, KeyError) as problem:  # no HOME and no entry in the user database
        return AlleleError("E_IO", f"no home folder is known ({problem})", hint=NAME_A_HOME)


def _at(place: T | AlleleError, check: Callable[[T], Check]) -> Check:
    """Make a check of a place; where it is not known, the check fails and says why."""
    if isinstance(place, AlleleError):
        raise place
    return check(place)


def _if_known(name: str, place: T | AlleleError, check: Callable[[T], Check]) -> Check:
    """Make a check of a place; where it is not known, only warn: the line of the home says why."""
    if isinstance(place, AlleleError):
        return Check(name, "warn", "not checked: there is no home to look at")
    return check(place)
