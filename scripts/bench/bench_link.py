"""Measure whether the editor stays responsive on a slow terminal: 60 KB/s, strands of half an hour, keys held down.

    .venv/bin/python scripts/bench/bench_link.py [--rate 60000] [--frames 90000] [--seconds 6] [--write | --json]

The real app runs in a pty on scripted strands (scripts/bench/scripted_app.py). Keys arrive 25 times a second:
moving, turning pages, zooming and drawing everything afresh, three times what the line takes. The terminal is
read at `--rate` bytes a second, and in a run before that as fast as possible, which gives the cost of the machine.

**stall** is the longest delay of a 5 ms timer in the app's event loop; **settled** is the time from the last key until
the terminal has the final picture. Budget: a stall of 50 ms beyond that of the fast line.
"""

import argparse
import json
import os
import select
import time

from benchmark_page import put_section
from counted_terminal import Terminal

KEY_S = 0.04
QUIET_S = 0.4
SLICE_S = 0.01
BUDGET_MS = 50.0
# a page, ten cells, a page back, the whole screen afresh, zoom out and in
KEYS = ["\x04", *"llllllllll", "\x15", "\x0c", *"jjkk", "zo", "zi", *"hhhh", "\x0c"]


def measure(rate: int | None, frames: int, seconds: float) -> dict[str, float]:
    """Type and read; stall and settling in milliseconds, bytes read."""
    terminal = Terminal({"TERM": "xterm-256color"}, frames)
    try:
        terminal.read(2.0)
        terminal.step("stall")
        began_s = time.monotonic()
        data = 0
        typed = 0
        last_key_s = last_byte_s = began_s
        while time.monotonic() - last_byte_s < QUIET_S or time.monotonic() - began_s < seconds:
            now_s = time.monotonic()
            if now_s - began_s < seconds and now_s - began_s > typed * KEY_S:
                os.write(terminal.master, KEYS[typed % len(KEYS)].encode())
                typed, last_key_s = typed + 1, now_s
            if select.select([terminal.master], [], [], SLICE_S)[0]:
                got = len(os.read(terminal.master, 1 << 16 if rate is None else max(1, int(rate * SLICE_S))))
                data, last_byte_s = data + got, time.monotonic()
                if rate is not None:
                    time.sleep(got / rate)
        stall = terminal.step("stall")[1]
        return {"stall ms": stall, "settled ms": (last_byte_s - last_key_s) * 1000, "bytes": data, "keys": typed}
    finally:
        terminal.close()


def main() -> None:
    """Measure, print, and write on request."""
    parser = argparse.ArgumentParser(description="Measure the editor on a slow terminal.")
    parser.add_argument("--rate", type=int, default=60_000, help="bytes a second that the terminal takes")
    parser.add_argument("--frames", type=int, default=90_000, help="length of both strands")
    parser.add_argument("--seconds", type=float, default=6.0, help="of typing")
    parser.add_argument("--json", action="store_true", help="the numbers")
    parser.add_argument("--write", action="store_true", help="also write docs/BENCHMARKS.md")
    arguments = parser.parse_args()
    fast = measure(None, arguments.frames, arguments.seconds)
    slow = measure(arguments.rate, arguments.frames, arguments.seconds)
    if arguments.json:
        print(json.dumps({"fast": fast, "slow": slow}))
        return
    what = f"{arguments.frames} frames, 211×50, {slow['keys']:.0f} keys in {arguments.seconds:g} s"
    lines = [
        f"| {what} | bytes | worst stall | settled |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {found['bytes']:.0f} | {found['stall ms']:.0f} ms | {found['settled ms']:.0f} ms |"
            for name, found in (("as fast as it comes", fast), (f"{arguments.rate / 1000:g} KB/s", slow))
        ),
        "",
        f"Budget: a stall of {BUDGET_MS:g} ms beyond the fast line's. Load {os.getloadavg()[0]:.1f}; "
        "`scripts/bench/bench_link.py --write`.",
    ]
    text = "\n".join(lines)
    print(text)
    if arguments.write:
        put_section("bench_link", "The editor on a slow line", text)


if __name__ == "__main__":
    main()
