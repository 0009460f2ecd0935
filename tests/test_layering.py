"""Who imports whom: each module only what stands above it, and TensorFlow only where it is named."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from users_suite import run_suite

import alexnet_bench
from alexnet_bench.cli.group import COMMANDS
from alexnet_bench.network.registry import shipped_folder

PACKAGE = Path(alexnet_bench.__file__).parent

# The layout, top to bottom. A module imports what stands above it, and within its own folder.
ORDER = (
    "errors",
    "words",
    "seeds",
    "git",
    "environment",
    "network",
    "records",
    "stats",
    "analysis",
    "data",
    "model",
    "worker",
    "run",
    "show",
    "api",
    "__init__",
    "cli",
    "pytest_plugin",
)
# A block is a function; what it imports when it is built may stand anywhere.
BLOCK_BODIES = {("network", "model")}

BACKENDS = {"tensorflow", "keras", "jax", "torch"}
# The others import no backend at module level, so that listing, planning and reporting stay quick.
BUILDERS = ("model", "worker")
# Not in a function's body either.
WITHOUT = ("records", "stats", "analysis", "show")
# What a command needs only once it is carried out.
HEAVY = {*BACKENDS, "pandas", "numpy", "seaborn", "matplotlib", "scipy", "PIL", "pyarrow", "rich"}

FILES = sorted(PACKAGE.rglob("*.py"))
FILES = [file for file in FILES if "_ablations" not in file.parts]


def part(file):
    """What a file is called in the layout: its module, or the folder it lies in."""
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def named(files):
    return {"argvalues": files, "ids": [str(file.relative_to(PACKAGE)) for file in files]}


def imports(file, *, module_level=False):
    """Every module that a file imports, `package.name` where it imports a name; not those of type checks."""
    pending = [ast.parse(file.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level and file.parent == shipped_folder():
            # What ablation files share.
            assert all((file.parent / f"{alias.name}.py").is_file() for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # In the worker, relative means the caller's own, whatever code is under test.
            assert node.level == 0 or part(file) == "worker", f"{file}: relative import"
            module = f"alexnet_bench.worker.{node.module}" if node.level else node.module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending += node.orelse
        elif not (module_level and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)):
            pending += ast.iter_child_nodes(node)


def roots(file, *, module_level=False):
    return {name.split(".")[0] for name in imports(file, module_level=module_level)}


def parts_used(file):
    """The parts of the layout that a file imports, at module level or in a function."""
    for name in imports(file):
        package, *rest = name.split(".")
        if package == "alexnet_bench":
            yield rest[0] if rest and rest[0] in ORDER else "__init__"


def test_the_order_names_every_part():
    assert {part(file) for file in FILES} == set(ORDER)
    assert len(ORDER) == len(set(ORDER))


@pytest.mark.parametrize("file", **named(FILES))
def test_a_module_imports_only_what_stands_above_it(file):
    own = part(file)

    below = {
        used
        for used in parts_used(file)
        if used != own and ORDER.index(used) > ORDER.index(own) and (own, used) not in BLOCK_BODIES
    }

    assert below == set()


@pytest.mark.parametrize("file", **named(FILES))
def test_a_backend_is_imported_only_where_it_may_be(file):
    early, ever = roots(file, module_level=True) & BACKENDS, roots(file) & BACKENDS
    if part(file) in WITHOUT:
        assert not ever
    if file.name.startswith("tensorflow_"):
        return
    if part(file) not in BUILDERS:
        assert not early
    if file.relative_to(PACKAGE).as_posix() not in ("model/train.py", "worker/timing.py"):
        assert "tensorflow" not in (early if part(file) == "worker" else ever)


@pytest.mark.parametrize("file", **named([file for file in FILES if part(file) == "worker"]))
def test_what_a_worker_shares_with_its_caller_is_imported_relatively(file):
    """In full it would be the code under test, whose timing loop may be another."""
    written = file.read_text(encoding="utf-8")
    # The one exception asks which protocol the code under test speaks.
    assert written.count("from alexnet_bench.worker") == (file.name == "host.py")


def test_parts_import_keras_in_their_bodies_alone():
    file = PACKAGE / "network" / "parts.py"
    assert "keras" in roots(file)
    assert "keras" not in roots(file, module_level=True)


@pytest.mark.parametrize("name", [f"{name}_command" for name in COMMANDS])
def test_a_command_loads_what_it_needs_when_it_is_used(name):
    assert roots(PACKAGE / "cli" / f"{name}.py", module_level=True) & HEAVY == set()


@pytest.mark.parametrize("file", sorted(shipped_folder().glob("*.py")), ids=lambda file: file.stem)
def test_an_ablation_file_imports_the_root_of_the_package_and_keras_in_a_body(file):
    root = {f"alexnet_bench.{name}" for name in alexnet_bench.__all__}

    assert set(imports(file, module_level=True)) <= root
    assert roots(file) <= {"alexnet_bench", "keras"}


def test_the_extractor_sees_what_it_must(tmp_path):
    file = tmp_path / "sample.py"
    file.write_text(
        "import a\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import b\n"
        "try:\n    import c.d\nexcept ImportError:\n    pass\n"
        "class K:\n    import e\n    def m(self):\n        from f import g\n",
        encoding="utf-8",
    )

    assert set(imports(file, module_level=True)) == {"a", "typing.TYPE_CHECKING", "c.d", "e"}
    assert set(imports(file)) == {"a", "typing.TYPE_CHECKING", "c.d", "e", "f.g"}


# -- and at run time

LOADS_NO_TENSORFLOW = """
import sys
import alexnet_bench
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_227
import alexnet_bench.run.run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings
import alexnet_bench.show.report

for variant in load_registry().select("all"):
    make_plan(variant, ALEXNET_227, classes=1000).fingerprint(PAPER)
schedule = Schedule(Settings(variants="@lrn"))
schedule.manifest_plan()
assert schedule.trials() and schedule.timing.next_task([])
print(*sys.modules)
"""


def loaded(code):
    """The names of the packages that a fresh interpreter has loaded after some code."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_planning_and_reporting_load_no_tensorflow():
    assert not loaded(LOADS_NO_TENSORFLOW) & BACKENDS


def test_the_package_loads_hardly_anything():
    assert not loaded("import sys, alexnet_bench; print(*sys.modules)") & (HEAVY | {"click"})


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["list"], ["show", "no-lrn"]])
def test_help_and_lists_load_no_tensorflow(arguments):
    code = (
        "import sys\nfrom alexnet_bench.cli import main\n"
        f"try:\n    main({json.dumps(arguments)})\nexcept SystemExit as left:\n    assert left.code == 0\n"
        "print()\nprint(*sys.modules)"
    )

    allowed = {"rich", "numpy"} if arguments[0] in ("list", "show") else set()
    assert not loaded(code) & (HEAVY - allowed)


def test_a_run_says_what_it_compares_before_anything_large_is_loaded(tmp_path):
    """What only its report needs is loaded when that is written."""
    code = f"""
import os, sys
from alexnet_bench.cli import main, progress

def begun(self, plan):
    assert "scipy.stats" not in sys.modules
    print(*sys.modules, flush=True)
    os._exit(0)

progress.Progress.begun = begun
main(["run", "--variants", "@lrn", "--out", {str(tmp_path / "run")!r}])
"""
    assert not loaded(code) & {"pandas", "matplotlib", "seaborn", "jinja2", *BACKENDS}


def test_a_suite_that_does_not_use_the_fixture_loads_hardly_anything(tmp_path):
    tests = f"""
    import sys


    def test_other():
        assert "alexnet_bench.pytest_plugin" in sys.modules
        assert not {HEAVY} & sys.modules.keys()
        assert not [name for name in sys.modules if name.startswith("alexnet_bench.run.")]
    """
    code, out = run_suite(tmp_path, tests)

    assert code == 0, out
