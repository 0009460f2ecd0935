"""Worker processes on this machine, forked from a zygote that has imported TensorFlow once."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import msgspec

import alexnet_bench.worker
from alexnet_bench.errors import BenchError, WorkerError
from alexnet_bench.run.code import Code
from alexnet_bench.run.limits import LONGEST_END, LONGEST_START
from alexnet_bench.run.log import Log, Watch
from alexnet_bench.run.machine import oom_kills
from alexnet_bench.worker import protocol
from alexnet_bench.worker.reason import one_line

TENSORFLOW_LOGS = re.compile(r"[\d-]+ [\d:.]+: [IWE] |[IWE]\d{4} |WARNING: All log messages before absl")
# What Python, TensorFlow and the C++ library write before they end a process.
FATAL = re.compile(r"Fatal Python error: |terminate called |F\d{4} |.*: F ")
MOST_CHARACTERS = 200
ZYGOTE = Path(alexnet_bench.worker.__file__).parent / "zygote.py"

# What no fault of a program's own raises.
ENDED_FROM_OUTSIDE = (signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM)
# Where one is killed again and again, something on the machine wants it so.
RESTARTS = 3


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that trains a trial together with others.

    Args:
        addresses: `name:port` of all of them, at which their workers find one another.
        index: of this one among them.
    """

    addresses: tuple[str, ...]
    index: int


class Zygote:
    """A process from which workers of one code are forked; one that is killed is started anew.

    Args:
        log: file for what it and its workers print.
        code: what they run.
        start_limit: seconds that it may take to start a worker, the first time with loading TensorFlow.
        end_limit: seconds that a worker may take to end.
        restarts: how often it is started anew; after that, its end is that of whoever needs it.
    """

    def __init__(
        self,
        log: Path,
        code: Code | None = None,
        start_limit: float = LONGEST_START,
        end_limit: float = LONGEST_END,
        restarts: int = RESTARTS,
    ) -> None:
        self._log_file, self._code, self._restarts_left = log, code or Code(), restarts
        self.start_limit, self._end_limit = start_limit, end_limit
        self._lock, self._workers, self._gone = threading.Lock(), set[int](), set[int]()
        self._start()

    def fork(self, connection: socket.socket, output: int) -> int:
        """Start a worker that is spoken to over a socket, and return its process id.

        `output` is the descriptor that it prints to.
        """
        with self._speaking(self.start_limit):
            while True:
                try:
                    self._control.sendall(b"f")
                    socket.send_fds(self._control, [b"."], [connection.fileno(), output])
                    pid = int.from_bytes(self._heard(), "big")
                    break
                except ConnectionError:
                    self._start_anew()
            self._workers.add(pid)
            self._gone.discard(pid)
            return pid

    def wait(self, pid: int) -> int | None:
        """The exit code of a worker that is ending; None where it had to be killed.

        Those of a zygote that was killed were killed with it.
        """
        with self._speaking(self._end_limit):
            if pid not in self._gone:
                try:
                    return self._exit_code(pid)
                except ConnectionError:
                    self._start_anew()
            return -signal.SIGKILL

    def _exit_code(self, pid: int) -> int | None:
        self._control.sendall(b"w" + pid.to_bytes(4, "big"))
        try:
            code = int.from_bytes(self._heard(), "big", signed=True)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._heard()
            code = None
        self._workers.discard(pid)
        return code

    def close(self) -> None:
        """End the process."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        self.log.close()

    def __enter__(self) -> "Zygote":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _start(self) -> None:
        self.log, (self._control, theirs) = Log(self._log_file), socket.socketpair()
        self._control.settimeout(self.start_limit)
        command = [str(self._code.python), str(ZYGOTE), str(self._code.root), str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env=self._code.environment,
                stdin=subprocess.DEVNULL,
                stdout=self.log.end,
                stderr=self.log.end,
                # What is typed to stop the caller must not stop a worker in the middle of a step.
                start_new_session=True,
            )
        except OSError as error:
            raise BenchError(
                f"{self._code.python} cannot be run ({error.strerror}); give a Python interpreter"
            ) from None
        finally:
            theirs.close()
            os.close(self.log.end)

    def _start_anew(self) -> None:
        """Start another process in place of one that was killed, if that may be."""
        reason = self._dead()
        if not (self._was_killed and self._restarts_left):
            raise reason
        self._restarts_left -= 1
        self._control.close()
        self._gone |= self._workers
        self._workers.clear()
        self._start()

    @contextlib.contextmanager
    def _speaking(self, limit: float) -> Iterator[None]:
        with self._lock:
            try:
                self._control.settimeout(limit)
                yield
            except TimeoutError:
                # So that whoever asks next need not wait as long.
                self._process.kill()
                self._restarts_left = 0
                raise WorkerError(
                    f"the process that starts workers with {self._code.python} did not answer in "
                    f"{limit:.0f} s; see {self.log.file}"
                ) from None
            except OSError:
                raise self._dead() from None

    def _heard(self) -> bytes:
        answer = self._control.recv(4, socket.MSG_WAITALL)
        if len(answer) < 4:
            raise ConnectionError
        return answer

    @property
    def _was_killed(self) -> bool:
        """Of a process that has ended."""
        code: int | None = self._process.returncode
        return code is not None and -code in ENDED_FROM_OUTSIDE

    def _dead(self) -> WorkerError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self._end_limit)
        if self._was_killed:
            return WorkerError(
                f"the process that starts workers with {self._code.python} was ended by signal "
                f"{_signal_name(-self._process.returncode)}; what was finished is kept: go on with --resume, "
                "or start again"
            )
        lines = self.log.last().splitlines()
        # What TensorFlow logs while it loads is no reason, and may be another side's.
        said = [line for line in lines if line.strip() and not TENSORFLOW_LOGS.match(line)]
        last = one_line(said[-1])[:MOST_CHARACTERS] if said else "it said nothing"
        return WorkerError(f"workers cannot be started with {self._code.python}: {last}")


class Worker:
    """A worker process and the line to it.

    Args:
        threads: of TensorFlow's pools: intra-op, within an operation, and inter-op, side by side.
        devices: `auto`, `cpu` or `gpu`.
        device_count: how many its variant needs.
        deterministic: whether repeated trials must give the same numbers.
        host: where several train together, which of them this is.

    Attributes:
        device: what it runs on.
        versions: of Python and the libraries that it runs.
        build: of TensorFlow, with the settings that matter.
    """

    def __init__(
        self,
        zygote: Zygote,
        *,
        threads: tuple[int, int],
        devices: str,
        device_count: int,
        deterministic: bool,
        host: Host | None = None,
    ) -> None:
        self._zygote = zygote
        settle = {
            "do": "settle",
            "protocol": protocol.VERSION,
            "threads": threads,
            "devices": devices,
            "device_count": device_count,
            "deterministic": deterministic,
            "host": msgspec.to_builtins(host),
        }
        for _ in range(1 + RESTARTS):
            settled = self._started(settle)
            if settled.get("status") != "killed":
                break
        if settled["is"] == "failed":
            raise WorkerError(f"a worker could not start: {settled['error']}")
        self.device: str = settled["device"]
        self.versions: dict[str, str] = settled["versions"]
        self.build: dict[str, str] = settled["build"]

    def _started(self, settle: dict[str, Any]) -> dict[str, Any]:
        """The answer of a new process to what it is to settle first; one that did not is ended."""
        self._oom_kills = oom_kills()
        ours, theirs = socket.socketpair()
        printed, output = os.pipe()
        try:
            with theirs:
                self.pid = self._zygote.fork(theirs, output)
        except BaseException:
            os.close(printed)
            raise
        finally:
            os.close(output)
        self._exit_code: int | None = None
        self._has_ended = False
        self._socket, self._stream = ours, ours.makefile("rwb")
        self._watch = Watch(self.pid, printed, self._zygote.log, self._hang_up)
        settled: dict[str, Any] = {"is": "failed"}
        try:
            settled = self.ask(settle, self._zygote.start_limit)
        finally:
            if settled["is"] == "failed":
                self.close()
        return settled

    def ask(
        self,
        request: dict[str, Any],
        limit: float,
        on_progress: Callable[[dict[str, Any]], float] | None = None,
    ) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Args:
            limit: seconds that the worker may be silent; it is ended then.
            on_progress: is given what it reports on the way, and returns the limit from then on.

        Returns:
            The answer; `{"is": "failed", "status", "error"}` where it did not come to an end.

        Raises:
            BenchError: the worker refused the request as wrong.
        """
        # If it does not take the request, what it says next tells why.
        with contextlib.suppress(OSError):
            protocol.send(self._stream, request)
        reply = self._heard(request["do"], limit)
        while reply["is"] == "epoch":
            limit = on_progress(reply) if on_progress else limit
            reply = self._heard(request["do"], limit)
        if reply["is"] == "refused":
            raise BenchError(reply["error"])
        return reply

    def kill(self) -> None:
        """End the process, whatever it is doing; whoever waits for its answer gets to know."""
        if not self._has_ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._end_children()

    def close(self) -> None:
        """End the process and the line to it."""
        self.kill()
        self._ended()
        with contextlib.suppress(OSError):
            self._stream.close()
        self._socket.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _heard(self, what: str, limit: float) -> dict[str, Any]:
        """The worker's next message about what it was asked to do; a failure where none comes."""
        status = error = ""
        try:
            self._socket.settimeout(limit)
            if (reply := protocol.receive(self._stream)) is not None:
                protocol.check_reply(reply, what)
                return reply
        except TimeoutError:
            self.kill()
            status, error = "timed-out", f"was silent for {limit:.0f} s and was ended"
        except protocol.MessageError as nonsense:
            self.kill()
            status, error = "crashed", f"sent {nonsense}"
        except OSError:
            pass
        code = self._ended()
        if not status and code is None:
            status, error = "timed-out", "hung up and did not end"
        elif not status and code is not None:
            status, error = self._how_it_ended(code)
        log = self._watch.last()
        if reason := _telling(log):
            error += f" ({reason})"
        if status == "crashed" and "std::bad_alloc" in log:
            status = "out-of-memory"
        error = f"the worker {error}; see workers.log in the run folder"
        return {"is": "failed", "status": status, "error": error, "log": log[-protocol.LAST_CHARACTERS :]}

    def _how_it_ended(self, code: int) -> tuple[str, str]:
        """Of a process that was not told to end."""
        if code >= 0:
            return "crashed", f"ended with exit code {code}"
        if code == -signal.SIGKILL and oom_kills() != self._oom_kills:
            return "out-of-memory", "was ended by the system, which ran out of memory"
        status = "killed" if -code in ENDED_FROM_OUTSIDE else "crashed"
        return status, f"was ended by signal {_signal_name(-code)}"

    def _ended(self) -> int | None:
        if not self._has_ended:
            self._exit_code, self._has_ended = self._zygote.wait(self.pid), True
            self._end_children()
        return self._exit_code

    def _end_children(self) -> None:
        """End what it started itself: all are of its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _hang_up(self) -> None:
        """Have whoever waits for its answer know that none comes, even if what it started holds the line."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)


class Workers:
    """Workers that threads wait for, ended together: one that is added after the end is ended at once."""

    def __init__(self) -> None:
        self._lock, self._all, self._ended = threading.Lock(), list[Worker](), False

    def add(self, worker: Worker) -> None:
        """One more."""
        with self._lock:
            self._all.append(worker)
            ended = self._ended
        if ended:
            worker.kill()

    def end(self) -> None:
        """End them, whatever they are doing, and those to come."""
        with self._lock:
            self._ended = True
            workers = list(self._all)
        for worker in workers:
            worker.kill()


@contextlib.contextmanager
def ended_early(pool: Executor, end: Callable[[], None]) -> Iterator[None]:
    """End what a pool's threads wait for, and begin nothing more, where what is done in here fails.

    Else, and where it is interrupted, a pool waits for what runs in its threads, which nobody wants any more.
    """
    try:
        yield
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        end()
        raise


def _telling(log: str) -> str:
    """The line of what a worker printed last that tells why it ended; none where it printed nothing."""
    lines = [line for line in log.splitlines() if line.strip()]
    told = [line for line in lines if FATAL.match(line)]
    said = [line for line in lines if not TENSORFLOW_LOGS.match(line)]
    return one_line((told or said[-1:] or [""])[0])[:MOST_CHARACTERS]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # A real-time signal has none.
        return str(number)
