"""Workers that hang, hang up or talk nonsense. Stand-ins need no TensorFlow."""

import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import psutil
import pytest
from report_runs import curve_point

from alexnet_bench.errors import WorkerError
from alexnet_bench.run.code import Code
from alexnet_bench.run.executors.local import LocalExecutor
from alexnet_bench.run.limits import EpochLimit
from alexnet_bench.run.local import Worker, Zygote
from alexnet_bench.run.log import Log
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.trials import run_trials
from alexnet_bench.worker import protocol

LONG, SHORT = 60.0, 0.05

# Settles as asked, and then does what it is given to do.
STAND_IN = """
import os, signal, socket, sys
connection = socket.socket(fileno=int(sys.argv[1]))
stream = connection.makefile("rwb")
stream.readline()
stream.write(b'{"is":"settled","device":"cpu","versions":{},"build":{}}\\n')
stream.flush()
stream.readline()
"""


class Processes:
    """Starts a stand-in where a zygote would fork a worker."""

    start_limit = LONG

    def __init__(self, then):
        self.script, self.process = STAND_IN + then, None
        self.log = Log(Path(os.devnull))

    def fork(self, connection, output):
        descriptor = connection.fileno()
        command = [sys.executable, "-SE", "-c", self.script, str(descriptor)]
        self.process = subprocess.Popen(
            command, pass_fds=[descriptor], stdout=output, stderr=output, process_group=0
        )
        return self.process.pid

    def wait(self, pid):
        return self.process.wait(timeout=LONG)


def answer(then, limit=LONG, on_progress=None):
    """What asking a worker that does `then` comes to; the worker is gone afterwards, whatever it did."""
    processes = Processes(textwrap.dedent(then))
    with Worker(processes, threads=(1, 1), devices="cpu", device_count=1, deterministic=False) as worker:
        reply = worker.ask({"do": "train"}, limit, on_progress)
        assert processes.process.returncode is not None
        assert worker.ask({"do": "train"}, LONG)["is"] == "failed"
    return reply["status"], reply["error"]


@pytest.mark.parametrize(
    "hangs",
    [
        "signal.pause()",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()",
    ],
    ids=["waits", "stopped", "deaf"],
)
def test_one_that_is_silent_for_too_long_is_ended(hangs):
    status, error = answer(hangs, limit=SHORT)

    assert status == "timed-out"
    assert error == "the worker was silent for 0 s and was ended; see workers.log in the run folder"


def test_what_it_reports_says_how_long_it_may_be_silent_then():
    then = r"""
        stream.write(b'{"is":"epoch","row":{"epoch":1}}\n{"is":"epoch","row":{"epoch":2}}\n')
        stream.flush()
        signal.pause()
    """
    told, limits = [], iter([LONG, SHORT])

    def follow(reply):
        told.append(reply["row"]["epoch"])
        return next(limits)

    assert answer(then, on_progress=follow)[0] == "timed-out"
    assert told == [1, 2]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (rb"Hello!\n", "what is no message: b'Hello!\\n'"),
        (rb"\xff\x00\n", "what is no message: b'\\xff\\x00\\n'"),
        (rb"[1,2]\n", "what is no message: b'[1,2]\\n'"),
        (rb'{"is":"slice","seconds":1}\n', "what is no reply to 'train': \"{'is': 'slice', 'seconds': 1}\""),
        (rb"{}\n", "what is no reply to 'train': '{}'"),
        (rb'{"is":["trained"]}\n', "what is no reply to 'train': \"{'is': ['trained']}\""),
        (rb'{"is":"trained"}\n', "'trained' without outcome, can_go_on"),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else "",
)
def test_one_that_talks_nonsense_is_ended(sent, told):
    status, error = answer(f"stream.write(b'''{sent.decode()}'''); stream.flush(); signal.pause()")

    assert status == "crashed"
    assert error == f"the worker sent {told}; see workers.log in the run folder"


def test_one_that_does_not_stop_talking_is_ended():
    status, error = answer("while True: stream.write(b'a' * 2**20)")

    assert status == "crashed"
    assert error.startswith(f"the worker sent more than {protocol.MOST_BYTES} bytes in one message")


def test_one_that_nests_without_end_is_ended():
    status, error = answer(r"stream.write(b'[' * 10**6 + b'\n'); stream.flush(); signal.pause()")

    assert status == "crashed"
    assert error.startswith("the worker sent what is no message: b'[[[")


def test_what_it_prints_is_no_message():
    said = r"""print('{"is":"trained","outcome":{},"can_go_on":true}'); sys.exit(3)"""

    status, error = answer(said)
    assert (status, error[:34]) == ("crashed", "the worker ended with exit code 3 ")


TERMINATED = "terminate called after throwing an instance of 'std::bad_alloc'"
ENDINGS = {
    "os.kill(os.getpid(), signal.SIGKILL)": ("killed", "was ended by signal SIGKILL"),
    "os.kill(os.getpid(), signal.SIGTERM)": ("killed", "was ended by signal SIGTERM"),
    "os.kill(os.getpid(), signal.SIGRTMIN + 1)": ("crashed", f"was ended by signal {signal.SIGRTMIN + 1}"),
    "os._exit(7)": ("crashed", "ended with exit code 7"),
    "print('no room'); sys.exit(3)": ("crashed", "ended with exit code 3 (no room)"),
    "import faulthandler, ctypes; faulthandler.enable(); ctypes.string_at(0)": (
        "crashed",
        "was ended by signal SIGSEGV (Fatal Python error: Segmentation fault)",
    ),
    "print(TERMINATED, file=sys.stderr, flush=True); os.abort()": (
        "out-of-memory",
        f"was ended by signal SIGABRT ({TERMINATED})",
    ),
}


@pytest.mark.parametrize("then", ENDINGS)
def test_how_one_ended_is_told(then):
    status, why = ENDINGS[then]
    told = answer(then.replace("TERMINATED", repr(TERMINATED)))
    assert told == (status, f"the worker {why}; see workers.log in the run folder")


def test_a_child_that_holds_the_line_neither_hides_its_end_nor_outlives_it(tmp_path):
    file = tmp_path / "child"
    then = f"""
        if os.fork() == 0:
            open({str(file)!r}, "w").write(str(os.getpid()))
            signal.pause()
        while not (os.path.exists({str(file)!r}) and os.path.getsize({str(file)!r})):
            pass
        os._exit(7)
    """
    assert answer(then)[1].startswith("the worker ended with exit code 7")
    child = psutil.Process(int(file.read_text())) if psutil.pid_exists(int(file.read_text())) else None
    assert child is None or child.wait(timeout=LONG) is None or child.status() == psutil.STATUS_ZOMBIE


def test_a_failure_carries_the_end_of_what_was_printed():
    processes = Processes("print('\\n'.join(str(number) for number in range(10000))); sys.exit(7)")
    with Worker(processes, threads=(1, 1), devices="cpu", device_count=1, deterministic=False) as worker:
        reply = worker.ask({"do": "train"}, LONG)
    assert len(reply["log"]) == protocol.LAST_CHARACTERS and reply["log"].endswith("\n9998\n9999\n")


def test_a_trial_that_hangs_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(EpochLimit, "after", lambda limit, curve: SHORT)
    schedule = Schedule(Settings(variants="alexnet", measure="accuracy", epochs=2, seeds=1, jobs=1))
    row, records = curve_point(1, 0.5), []
    told = msgspec.json.encode({"is": "epoch", "row": row}).decode()
    then = f"stream.write(b'{told}\\n'); stream.flush(); signal.pause()"

    executor = LocalExecutor(schedule, Processes(then), tmp_path)
    run_trials(schedule, schedule.trials(), executor, "run", records.append, lambda *epoch: None)

    (record,) = records
    assert (record.status, record.curve) == ("timed-out", (row,))
    assert record.error.startswith("the worker was silent for 0 s")


# -- the process that they are forked from


@pytest.fixture
def python(tmp_path):
    """An interpreter without site-packages, so that there is no TensorFlow to load."""
    file = tmp_path / "python"
    file.write_text(f'#!/bin/sh\nexec {sys.executable} -SE "$@"\n', encoding="utf-8")
    file.chmod(0o755)
    return file


@pytest.fixture
def code(python, tmp_path):
    """Makes code that does something when a worker of it settles."""

    def code(does):
        package = tmp_path / "alexnet_bench"
        (package / "worker").mkdir(parents=True)
        for folder in (package, package / "worker"):
            (folder / "__init__.py").touch()
        (package / "errors.py").write_text("class BenchError(Exception): pass", encoding="utf-8")
        (package / "worker" / "protocol.py").write_text(does, encoding="utf-8")
        return Code(root=tmp_path, python=python)

    return code


def start(zygote):
    return Worker(zygote, threads=(1, 1), devices="cpu", device_count=1, deterministic=False)


def test_a_worker_that_hangs_up_and_goes_on_is_ended(code, tmp_path):
    hangs_up = "import os, signal; os.closerange(3, 100); signal.pause()"

    with (
        Zygote(tmp_path / "log", code(hangs_up), end_limit=SHORT) as zygote,
        pytest.raises(WorkerError, match="could not start: the worker hung up and did not end"),
    ):
        start(zygote)


def test_a_worker_without_its_libraries_says_what_it_lacks(code, tmp_path):
    with (
        Zygote(tmp_path / "log", code("VERSION = 2")) as zygote,
        pytest.raises(WorkerError, match="No module named 'tensorflow'"),
    ):
        start(zygote)


@pytest.mark.parametrize("act", ["fork", "wait"])
def test_one_that_does_not_answer_is_ended(tmp_path, act):
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 1000\n", encoding="utf-8")
    silent.chmod(0o755)
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(["sleep", "1000"])

    with ours, theirs, Zygote(tmp_path / "log", Code(python=silent), SHORT, SHORT) as zygote:
        asked = {
            "fork": lambda: zygote.fork(theirs, theirs.fileno()),
            "wait": lambda: zygote.wait(process.pid),
        }[act]
        with pytest.raises(WorkerError, match=f"with {silent} did not answer in 0 s"):
            asked()
        with pytest.raises(WorkerError):
            asked()
    process.kill()
    process.wait()


def test_a_stopped_one_is_ended(code, tmp_path):
    with Zygote(tmp_path / "log", code("VERSION = 2"), SHORT, SHORT) as zygote:
        os.kill(zygote._process.pid, signal.SIGSTOP)
        with pytest.raises(WorkerError):
            start(zygote)


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_is_killed_is_told_apart_from_one_that_cannot_start(tmp_path, ended_by):
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 1000\n", encoding="utf-8")
    silent.chmod(0o755)
    ours, theirs = socket.socketpair()

    with ours, theirs, Zygote(tmp_path / "log", Code(python=silent), restarts=0) as zygote:
        os.kill(zygote._process.pid, ended_by)
        with pytest.raises(WorkerError, match=f"was ended by signal {ended_by.name}; what was finished"):
            zygote.fork(theirs, 2)


def test_one_that_is_killed_is_started_anew_a_few_times(code, tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs, Zygote(tmp_path / "log", code(""), restarts=2) as zygote:
        for _ in range(2):
            worker, killed = zygote.fork(theirs, theirs.fileno()), zygote._process.pid
            os.kill(killed, signal.SIGKILL)
            assert zygote.wait(worker) == -signal.SIGKILL
            assert zygote._process.pid != killed
        os.kill(zygote._process.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="was ended by signal SIGKILL"):
            zygote.fork(theirs, theirs.fileno())


def test_one_that_is_killed_before_it_forks_is_started_anew_and_does(code, tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs, Zygote(tmp_path / "log", code(""), restarts=1) as zygote:
        os.kill(zygote._process.pid, signal.SIGKILL)
        assert psutil.Process(zygote.fork(theirs, theirs.fileno())).ppid() == zygote._process.pid


def test_a_worker_that_is_killed_as_it_starts_is_started_anew():
    class Killed(Processes):
        started = 0

        def fork(self, connection, output):
            self.started += 1
            self.script = STAND_IN if self.started > 1 else "import os; os.kill(os.getpid(), 9)"
            return super().fork(connection, output)

    processes = Killed("")
    with start(processes) as worker:
        assert (processes.started, worker.device) == (2, "cpu")


# Starts a worker, tells the process ids of zygote and worker, and waits.
CALLER = """
import signal, socket, sys
from pathlib import Path
from alexnet_bench.run.code import Code
from alexnet_bench.run.local import Zygote
from alexnet_bench.worker import protocol
# Under nohup it would be ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
log, root, python = map(Path, sys.argv[1:])
zygote = Zygote(log, Code(root=root, python=python))
ours, theirs = socket.socketpair()
worker = zygote.fork(theirs, sys.stderr.fileno())
protocol.send(ours.makefile("rwb"), {"do": "settle", "protocol": protocol.VERSION})
print(zygote._process.pid, worker, flush=True)
ours.recv(1)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="tells the end of a process by Linux' means")
@pytest.mark.parametrize("ended_by", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_command_that_is_killed_even_in_native_code(code, tmp_path, ended_by):
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    # It keeps Python's lock, as native code may, and so no other thread runs.
    busy = code(f"import ctypes; open({str(begun)!r}, 'w').close(); ctypes.PyDLL(None).sleep(1000)")
    command = [sys.executable, "-c", CALLER, tmp_path / "log", busy.root, busy.python]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as caller:
        others = [os.pidfd_open(int(pid)) for pid in caller.stdout.readline().split()]
        begun.read_text(encoding="utf-8")
        caller.send_signal(ended_by)
    assert_ended(others)


# Starts a zygote, tells its process id, and waits.
CALLER_OF_ONE = """
import signal, sys
from pathlib import Path
from alexnet_bench.run.code import Code
from alexnet_bench.run.local import Zygote
log, root, python = map(Path, sys.argv[1:])
zygote = Zygote(log, Code(root=root, python=python))
print(zygote._process.pid, flush=True)
signal.pause()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="tells the end of a process by Linux' means")
@pytest.mark.parametrize("stops", [False, True], ids=["loading", "stopped"])
def test_nor_of_one_that_is_killed_while_its_zygote_loads_or_is_stopped(code, tmp_path, stops):
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    busy = code("")
    wait = "os.kill(os.getpid(), signal.SIGSTOP)" if stops else "ctypes.PyDLL(None).sleep(1000)"
    (busy.root / "alexnet_bench" / "__init__.py").write_text(
        f"import ctypes, os, signal; open({str(begun)!r}, 'w').close(); {wait}", encoding="utf-8"
    )
    command = [sys.executable, "-c", CALLER_OF_ONE, tmp_path / "log", busy.root, busy.python]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as caller:
        zygote = os.pidfd_open(int(caller.stdout.readline()))
        begun.read_text(encoding="utf-8")
        caller.kill()
    assert_ended([zygote])


def assert_ended(processes):
    """By themselves; they are given as descriptors, which are closed."""
    for process in processes:
        assert select.select([process], [], [], LONG)[0]
        os.close(process)
