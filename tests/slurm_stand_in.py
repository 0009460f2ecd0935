"""A stand-in for Slurm: the commands that submitit calls, for jobs that run on this machine at once.

    sbatch FILE · scancel JOB · scontrol requeue JOB · sacct … -j JOB … · srun [OPTION…] COMMAND…

A job is a process group; what is known of it is in a folder, by its number: `N.sh` what it runs, `N.pid` its
group, `N.state` how it ended, as `sacct` says it. All nodes of a job are this machine, with a task on each.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

COMMANDS = ("sbatch", "scancel", "scontrol", "sacct", "srun")
FOLDER, FIRST = "SLURM_STAND_IN", "SLURM_STAND_IN_FIRST_JOB"


def environment(folder):
    """An environment in which this is Slurm, which keeps what it knows in a folder."""
    commands = folder / "bin"
    commands.mkdir()
    for name in COMMANDS:
        script = commands / name
        script.write_text(
            f'#!/bin/sh\nexec {sys.executable} -SE {Path(__file__).resolve()} {name} "$@"\n', encoding="utf-8"
        )
        script.chmod(0o755)
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    # Ports follow from a job's number, and others may have a stand-in on this machine, too.
    return os.environ | {FOLDER: str(folder), FIRST: str(os.getpid()), "PATH": path}


def a_job(folder):
    """Tells the process of the first job, once there is one."""

    def pid():
        told = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.pid"))]
        return int(told[0]) if told and told[0] else None

    return pid


def _sbatch(folder, file):
    number = int(os.environ[FIRST]) + len(list(folder.glob("*.sh")))
    shutil.copy(file, folder / f"{number}.sh")
    _start(folder, number)
    print(f"Submitted batch job {number}")


def _scontrol(folder, what, number):
    assert what == "requeue"
    # As Slurm does it: whoever asks is a process of the job, and is ended with it.
    subprocess.Popen(
        [sys.executable, "-SE", __file__, "restart", number],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )


def _restart(folder, number):
    _end(folder, number)
    _start(folder, number)


def _scancel(folder, number):
    _end(folder, number)
    (folder / f"{number}.state").write_text("CANCELLED", encoding="utf-8")


def _end(folder, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int((folder / f"{number}.pid").read_text(encoding="utf-8")), signal.SIGKILL)


def _start(folder, number):
    script, state = folder / f"{number}.sh", folder / f"{number}.state"
    state.unlink(missing_ok=True)
    ended = f"bash {script} && echo COMPLETED > {state} || echo FAILED > {state}"
    (nodes,) = re.findall("#SBATCH --nodes=(.*)", script.read_text(encoding="utf-8"))
    job = {
        "SLURM_JOB_ID": str(number),
        "SLURM_JOB_NODELIST": ",".join(["localhost"] * int(nodes)),
        "SLURM_JOB_NUM_NODES": nodes,
        "SLURM_NTASKS": nodes,
    }
    process = subprocess.Popen(
        ["bash", "-c", ended],
        env=os.environ | job,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (folder / f"{number}.pid").write_text(str(process.pid), encoding="utf-8")


def _sacct(folder, *arguments):
    print("JobID|State|NodeList")
    for flag, number in pairwise(arguments):
        if flag == "-j":
            state = folder / f"{number}.state"
            print(f"{number}|{state.read_text().strip() if state.is_file() else 'RUNNING'}|here")


def _srun(folder, *arguments):
    """Run what follows the options, of which these have a value, as every task of the job."""
    command = list(arguments)
    while command[0].startswith("--"):
        option = command.pop(0)
        if re.fullmatch("--(output|error)", option):
            command.pop(0)
    tasks = [
        subprocess.Popen(command, env=os.environ | {"SLURM_PROCID": str(number)})
        for number in range(int(os.environ["SLURM_NTASKS"]))
    ]
    sys.exit(max(abs(task.wait()) for task in tasks))


if __name__ == "__main__":
    globals()[f"_{sys.argv[1]}"](Path(os.environ[FOLDER]), *sys.argv[2:])
