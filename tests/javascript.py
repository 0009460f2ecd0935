"""Runs the page's own scripts under Node.js, where there is one."""

import contextlib
import json
import shutil
import subprocess
from importlib.resources import files

SCRIPTS = files("alexnet_bench.show") / "web"
NODE = shutil.which("node")

# A call a line. What JSON has no number for comes back as null, or as a text.
_ANSWER = """
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [name, ...given] = JSON.parse(line);
  const plain = (key, value) =>
    Number.isFinite(value) || typeof value !== "number" ? value : Number.isNaN(value) ? null : String(value);
  console.log(JSON.stringify(eval(name)(...given), plain));
});
"""


@contextlib.contextmanager
def javascript(*scripts):
    """A function that calls one of theirs, by its name, with what JSON can hold, and gives its answer."""
    source = "".join((SCRIPTS / name).read_text("utf-8") for name in scripts) + _ANSWER
    with subprocess.Popen([NODE, "-e", source], stdin=-1, stdout=-1, encoding="utf-8") as process:

        def call(name, *given):
            process.stdin.write(json.dumps([name, *given], allow_nan=False) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield call
        process.stdin.close()
