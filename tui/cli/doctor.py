"""The command `allele doctor`: checks what works on this machine, and what to do about the rest.

Every check runs independently: an exception in one becomes its line, and the next one runs. No daemon is started.
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
CheckFunction = Callable[[], Check | list[Check]]


def doctor(arguments: Namespace, output: Output) -> int:
    """Run all checks. Exits with 1 when an essential one fails."""
    checks: list[Check] = []
    for names, function in check_functions(arguments):
        found = guarded(names, function)
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


def guarded(names: Sequence[str], function: CheckFunction) -> list[Check]:
    """Run a check function. An exception becomes a warning for each of these names."""
    try:
        found = function()
    except AlleleError as error:
        return [Check(name, "fail", error.message, error.hint) for name in names]
    except Exception as problem:  # noqa: BLE001 - the doctor runs to its end
        why = " ".join(str(problem).split()) or type(problem).__name__
        return [Check(name, "warn", f"this could not be checked: {why}") for name in names]
    return found if isinstance(found, list) else [found]


def check_functions(arguments: Namespace) -> list[tuple[Sequence[str], CheckFunction]]:
    """Return every check function, with the names of its checks in case it raises."""
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
    """Return the home or daemon that the arguments name, or the error that prevents finding it."""
    try:
        return find(arguments)
    except AlleleError as error:
        return error
    except (OSError, RuntimeError, KeyError) as problem:  # no HOME and no entry in the user database
        return AlleleError("E_IO", f"no home folder is known ({problem})", hint=NAME_A_HOME)


def _at(place: T | AlleleError, check: Callable[[T], Check]) -> Check:
    """Check a home or daemon. If it is unknown, the check fails and says why."""
    if isinstance(place, AlleleError):
        raise place
    return check(place)


def _if_known(name: str, place: T | AlleleError, check: Callable[[T], Check]) -> Check:
    """Check a home or daemon. If it is unknown, only warn, because the check of the home says why."""
    if isinstance(place, AlleleError):
        return Check(name, "warn", "not checked: the home is unknown")
    return check(place)
