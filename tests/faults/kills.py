"""Kills a short sweep over and over, has it go on, and holds what it left against one that nobody killed.

    python tests/faults/kills.py kills.jsonl --kills 300 --seed 0

Each kill is a SIGKILL of the command, of the zygote or of a worker: at a time drawn at random, or at a moment
of an append, a checkpoint, the predictions or the manifest (`dying/sitecustomize.py`). A sweep gets twenty
at most, several in one start; whenever the command has ended, its other processes must end by themselves, and
no record that was complete on disk may be missing or be there twice. Then it goes on with `--resume`, until
it ends well: with records, predictions and report equal, bit for bit but for times, to those of a sweep that
nobody killed. Rows are appended as they come, and a further call adds to them, also with another seed. It
takes about 7 seconds of a core a kill, and Linux.
"""

import contextlib
import csv
import ctypes
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "validation")]

from same_trials import found  # noqa: E402
from script import add_lines, arguments, read_lines  # noqa: E402

from alexnet_bench.cli.group import FINDING, NOTHING_MEASURED  # noqa: E402
from alexnet_bench.records.run_folder import RECORDS, RETRIED  # noqa: E402
from alexnet_bench.records.schema import FAULTS  # noqa: E402

BENCH = [sys.executable, "-P", "-c", "from alexnet_bench.cli import main; main()"]
SWEEP = ["--variants", "alexnet,no-lrn", "--measure", "accuracy", "--seeds", "2", "--epochs", "4"]
SWEEP += ["--jobs", "2", "--threads", "1"]
KILLS_A_SWEEP = 20
LOOK_SECONDS, LONGEST_SECONDS = 0.01, 900.0
PR_SET_CHILD_SUBREAPER = 36

COMMAND, ZYGOTE, WORKER = "command", "zygote", "worker"
APPEND = [(moment, RECORDS) for moment in ("opened", "torn", "written", "synced")] + [("removing", ".zip")]
SET_ASIDE = [("torn", RETRIED), ("replacing", f"{RECORDS}.new"), ("replaced", RECORDS)]
MANIFEST = [("replacing", "run.json.new"), ("replaced", "run.json")]
REPLACED_WHOLE = ("opened", "torn", "written", "synced", "replacing")
CHECKPOINT = [*((moment, ".zip.new") for moment in REPLACED_WHOLE), ("replaced", ".zip")]
PREDICTIONS = [*((moment, ".npz.new") for moment in REPLACED_WHOLE), ("replaced", ".npz")]


@dataclass(kw_only=True)
class Kill:
    """One that is to come.

    Args:
        role: of the process.
        moment: at which it dies; None for a time drawn at random.
        file: that it writes then: the end of its name.
        times: that the moment is passed before; or, of a random time, the share of what the whole sweep takes
            that is waited for after the process appeared.
        which: of several processes of the role, as a share of them.
        done_after: seconds after the command's start at which it was done; None before.
    """

    role: str
    moment: str | None = None
    file: str | None = None
    times: float = 0
    which: float = 0
    done_after: float | None = None

    @property
    def order(self):
        return f"{self.role} {self.moment} {self.file} {self.times}"


def planned(draw, has_faults, most):
    """The kills of one start: of workers, of which the sweep goes on, and mostly one that ends it."""
    ends = draw.random() < 0.6
    workers = [_of_worker(draw) for _ in range(draw.choice([0, 1, 2] if ends else [3, 4]))]
    return [*workers, *([_of_command(draw, has_faults)] if ends else [])][-most:]


def _of_worker(draw):
    if draw.random() < 0.3:
        return Kill(role=WORKER, times=0.3 * draw.random(), which=draw.random())
    moment, file = draw.choice(CHECKPOINT * 2 + PREDICTIONS)
    return Kill(role=WORKER, moment=moment, file=file, times=draw.choice([0, 0, 1, 2]))


def _of_command(draw, has_faults):
    if draw.random() < 0.5:
        return Kill(role=draw.choice([COMMAND, ZYGOTE]), times=draw.random())
    if draw.random() < 0.1:
        moment, file = draw.choice(MANIFEST)
    else:
        # What is set aside is what a fault ended.
        moment, file = draw.choice(APPEND * 2 + SET_ASIDE if has_faults else APPEND)
    return Kill(role=COMMAND, moment=moment, file=file, times=draw.choice([0, 0, 1]))


class Sweep:
    """A sweep in a folder of its own, and what was seen complete in it.

    Args:
        usual: seconds that it takes if nobody kills it.
    """

    def __init__(self, place, usual=0.0):
        self.usual = usual
        self.folder, self.orders, self.said = place / "run", place / "orders", place / "said"
        self.orders.mkdir(parents=True)
        self.seen, self.starts = set[bytes](), 0

    def start(self):
        """Begin it, or have it go on; the process."""
        begun = (self.folder / "run.json").exists()
        how = ["--resume", str(self.folder)] if begun else [*SWEEP, "--out", str(self.folder)]
        paths = [str(Path(__file__).parent / "dying"), str(TESTS.parent)]
        own = {"PYTHONPATH": os.pathsep.join(paths), "FAULTS_ORDERS": str(self.orders)}
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        output = [(os.POSIX_SPAWN_OPEN, end, str(self.said), flags, 0o644) for end in (1, 2)]
        self.starts += 1
        pid = os.posix_spawn(
            BENCH[0],
            [*BENCH, "run", *how],
            {**os.environ, **own, "FAULTS_EVERY_EPOCH": "1", "COLUMNS": "200"},
            file_actions=output,
            setsid=True,
        )
        return psutil.Process(pid)

    def go(self, kills):
        """One start with its kills: its exit code, and the seconds after which no process was left."""
        started, command, appeared = time.monotonic(), self.start(), {}
        for kill in kills:
            if kill.moment:
                (self.orders / kill.order).touch()
        while (code := _exit_code(command.pid)) is None:
            now = time.monotonic()
            if now - started > LONGEST_SECONDS:
                command.kill()
                sys.exit(f"a start does not end; see {self.said}")
            self._look()
            self._serve(kills, command, appeared, now, started)
            time.sleep(LOOK_SECONDS)
        ended = time.monotonic()
        self._serve_orders(kills, ended - started)
        _wait_for_orphans()
        left = time.monotonic() - started
        self._look()
        for order in self.orders.iterdir():
            order.unlink()
        return code, left

    def _serve(self, kills, command, appeared, now, started):
        waiting = [kill for kill in kills if kill.done_after is None]
        self._serve_orders(waiting, now - started)
        if not any(kill.moment is None for kill in waiting):
            return
        there = _processes(command)
        for role in there:
            appeared.setdefault(role, now)
        for kill in waiting:
            is_due = kill.role in there and now - appeared[kill.role] > kill.times * self.usual
            if kill.moment is None and is_due:
                with contextlib.suppress(psutil.NoSuchProcess):
                    there[kill.role][int(kill.which * len(there[kill.role]))].kill()
                    kill.done_after = round(now - started, 3)
                return

    def _serve_orders(self, kills, after):
        for order in self.orders.iterdir():
            if order.name.startswith("taken "):
                _, role, moment, file = order.name.split(" ")
                order.unlink()
                for kill in kills:
                    if (kill.role, kill.moment, kill.file, kill.done_after) == (role, moment, file, None):
                        kill.done_after = round(after, 3)
                        break

    def _look(self):
        self.seen.update(complete(self.folder / RECORDS))


def lost(folder, seen):
    """How many lines that were seen complete are neither there nor set aside for what a fault ended."""
    now, aside = set(complete(folder / RECORDS)), set(complete(folder / RETRIED))
    gone = set(seen) - now
    return sum(line not in aside or json.loads(line)["status"] not in FAULTS for line in gone)


def doubled(folder):
    """How many records answer a task that another one answers."""
    rows = list(map(json.loads, complete(folder / RECORDS)))
    return len(rows) - len({(row["fingerprint"], row["seed"], row["purpose"]) for row in rows})


def has_faults(folder):
    """Whether a fault ended some of what is recorded."""
    return any(json.loads(line)["status"] in FAULTS for line in complete(folder / RECORDS))


def complete(file):
    """The lines of a file that have their end."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes().split(b"\n")[:-1]
    return []


def _exit_code(pid):
    """Of a process that ended; None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _wait_for_orphans():
    """Wait until nothing that a command started is left: its orphans are this process' children."""
    started = time.monotonic()
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() - started < LONGEST_SECONDS:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                time.sleep(LOOK_SECONDS)
        sys.exit("processes of a command that has ended do not end")


def _processes(command):
    """Those of a sweep that are there, by role."""
    there = {COMMAND: [command]}
    with contextlib.suppress(psutil.Error):
        for zygote in command.children():
            if any(word.endswith("zygote.py") for word in zygote.cmdline()):
                there[ZYGOTE] = [zygote]
                if workers := zygote.children():
                    there[WORKER] = workers
    return there


def report(folder):
    """What a report says, but for what differs between any two runs: id, command, start, memory."""
    with (folder / "report" / "effects.csv").open(newline="", encoding="utf-8") as file:
        effects = [row | {"runs": ""} for row in csv.DictReader(file)]
    lines, memory = [], None
    for line in (folder / "report" / "report.md").read_text(encoding="utf-8").splitlines():
        cells = line.split(" | ")
        if "Peak memory, GiB" in cells:
            memory = cells.index("Peak memory, GiB")
        elif not line:
            memory = None
        elif memory is not None:
            cells[memory] = ""
        if cells[0] not in ("| Run", "| Command", "| Started"):
            lines.append(cells)
    return effects, lines


def _row(kill, left):
    """What is kept of a kill; of one that ended the command, how long processes were left."""
    row = {"role": kill.role, "moment": kill.moment, "file": kill.file, "after_seconds": kill.done_after}
    return row | {"left_seconds": None if kill.role != COMMAND else round(left - kill.done_after, 3)}


def kill_until_done(sweep, name, draw, most, add):
    """Kill a sweep until it had as many kills, have it end, and return how many there were."""
    had, code = 0, None
    while code != 0:
        kills = planned(draw, has_faults(sweep.folder), most - had) if had < most else []
        code, left = sweep.go(kills)
        done = [kill for kill in kills if kill.done_after is not None]
        had += len(done)
        after = {"exit_code": code, "records": len(sweep.seen)}
        after |= {"lost": lost(sweep.folder, sweep.seen), "doubled": doubled(sweep.folder)}
        add(_row(kill, left) | {"sweep": name} | after for kill in done)
        is_explained = code == 0 or (code == FINDING and has_faults(sweep.folder))
        is_explained |= bool(done) and code in (-signal.SIGKILL, NOTHING_MEASURED)
        if not is_explained or "Traceback" in sweep.said.read_text(encoding="utf-8"):
            sys.exit(f"a start ended with {code}; see {sweep.said}")
    return had


def main():
    parser = arguments(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    place = Path(tempfile.mkdtemp(prefix="kills-"))
    unkilled, started = Sweep(place / "unkilled"), time.monotonic()
    code, _ = unkilled.go([])
    usual = time.monotonic() - started
    if code != 0:
        sys.exit(f"the sweep that nobody kills ended with {code}; see {unkilled.said}")
    expected = found(unkilled.folder), report(unkilled.folder)
    rows = read_lines(options.out)
    number = len({row["sweep"] for row in rows if row["sweep"].startswith(f"{options.seed}-")})
    had = sum(row.get("kills", 0) for row in rows)
    while had < options.kills:
        name = f"{options.seed}-{number}"
        sweep, draw = Sweep(place / name, usual), random.Random(name)
        most = min(KILLS_A_SWEEP, options.kills - had)
        kills = kill_until_done(sweep, name, draw, most, lambda some: add_lines(options.out, some))
        had += kills
        ended = {"sweep": name, "kills": kills, "starts": sweep.starts}
        ended["same_records"] = found(sweep.folder) == expected[0]
        ended["same_report"] = report(sweep.folder) == expected[1]
        add_lines(options.out, [ended])
        print(ended, f"{had} kills so far", flush=True)
        if ended["same_records"] and ended["same_report"]:
            shutil.rmtree(sweep.folder.parent)
        number += 1
    shutil.rmtree(place / "unkilled")


if __name__ == "__main__":
    main()
