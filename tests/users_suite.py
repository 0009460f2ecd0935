"""A user's own test-suite, run by a pytest of its own with the plugins that it names and no others."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import alexnet_bench

TESTS = Path(__file__).parent
BENCHMARK, OURS = "pytest_benchmark.plugin", "alexnet_bench.pytest_plugin"


def run_suite(folder, tests, *options, plugins=(BENCHMARK, OURS)):
    """Write tests into a folder and run them there: (exit code, what was printed)."""
    (folder / "test_mine.py").write_text(textwrap.dedent(tests), encoding="utf-8")
    named = [word for plugin in plugins for word in ("-p", plugin)]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *named, *map(str, options)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join(map(str, (Path(alexnet_bench.__file__).parents[1], TESTS))),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def report_of_suite(folder, tests, *options):
    """Likewise, with the benchmarks that were reported: (exit code, what was printed, benchmarks)."""
    written = folder / "found.json"
    code, out = run_suite(folder, tests, "-rP", "--benchmark-json", written, *options)
    return code, out, json.loads(written.read_text(encoding="utf-8"))["benchmarks"]
