"""The installed package, not only a checkout, finds what is shipped."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from users_repository import BLOCK

from alexnet_bench import __version__
from alexnet_bench.network.registry import load_registry, shipped_folder

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None or not (ROOT / "pyproject.toml").exists(),
    reason="building a wheel takes hatchling and a checkout",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder that holds what the wheel installs, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


BENCH = "from alexnet_bench.cli import main; main()"
SHIPPED = "from alexnet_bench.network.registry import shipped_folder; print(shipped_folder())"
FIXTURES = "import sys, pytest; sys.exit(pytest.main(['--fixtures', sys.argv[1]]))"


def run(installed, code, *arguments):
    """What code prints when an interpreter that has the installed package is started elsewhere."""
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, cwd=installed.parent, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_the_wheel_holds_the_package_and_nothing_at_its_side(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"alexnet_bench"}
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]


def test_the_wheel_holds_every_file_that_is_shipped(installed):
    package = ROOT / "alexnet_bench"
    files = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]

    missing = [path for path in files if not (installed / path.relative_to(ROOT)).is_file()]

    assert missing == []
    shipped = {path.name for path in shipped_folder().glob("*.py")}
    assert {path.name for path in (installed / "alexnet_bench" / "_ablations").glob("*.py")} == shipped
    assert len(list((installed / "alexnet_bench" / "show").rglob("*.j2"))) >= 1


def test_type_checkers_take_the_installed_package_for_a_typed_one(installed):
    assert (installed / "alexnet_bench" / "py.typed").is_file()


def test_the_installed_package_takes_the_shipped_ablations_and_a_users(installed, write_ablations):
    folder = write_ablations({"mine.py": BLOCK})
    listed = json.loads(run(installed, BENCH, "list", "--json", "--ablations", folder))

    assert list(listed["variants"]) == [*load_registry().variants, "plain"]
    assert run(installed, SHIPPED).strip() == str(installed / "alexnet_bench" / "_ablations")


def test_the_installed_package_takes_a_users_ablations_too(installed, write_ablations):
    folder = write_ablations(
        {
            "mine.py": """
                from alexnet_bench import ALEXNET, Ablation

                MINE = Ablation(
                    name="mine", factor="dropout", control=ALEXNET, arms=[ALEXNET.but("half", dropout=0.25)]
                )
            """
        }
    )

    shown = json.loads(run(installed, BENCH, "show", "half", "--json", "--ablations", folder))

    assert (shown["difference"], shown["parameters"]) == ("dropout 0.25", 60_965_224)


def test_the_wheel_brings_the_command_the_fixture_an_extra_and_its_licences(installed):
    (metadata,) = installed.glob("*.dist-info")

    assert "bench = alexnet_bench.cli:main" in (metadata / "entry_points.txt").read_text("utf-8")
    for licence in ("LICENSE", "alexnet_bench/data/digits.LICENSE.txt"):
        assert (metadata / "licenses" / licence).is_file()
    assert "variant_benchmark" in run(installed, FIXTURES, installed)
    extra = "Requires-Dist: pytest-benchmark>=5.1; extra == 'pytest'"
    assert extra in (metadata / "METADATA").read_text("utf-8")


def test_the_text_for_a_package_index_links_to_nothing_that_it_lacks(installed):
    (metadata,) = installed.glob("*.dist-info")

    text = (metadata / "METADATA").read_text("utf-8").partition("\n\n")[2]

    assert text.startswith("# alexnet-bench")
    assert "bench run --variants" in text
    assert set(re.findall(r"\]\((?!https?://)", text)) == set()


def test_an_sdist_makes_the_same_wheel(wheel, tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-d", tmp_path]
    subprocess.run([*build, "-t", "sdist"], cwd=ROOT, check=True, capture_output=True)
    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    subprocess.run([*build, "-t", "wheel"], cwd=folder, check=True, capture_output=True)
    (again,) = tmp_path.glob("*.whl")

    names = [sorted(zipfile.ZipFile(path).namelist()) for path in (wheel, again)]

    assert names[0] == names[1]


def test_the_installed_package_runs_the_main_job(installed):
    out = installed.parent / "out"
    arguments = shlex.split("run --variants no-lrn --measure accuracy --seeds 1 --epochs 1 --out")

    run(installed, BENCH, *arguments, str(out))

    assert (out / "report" / "index.html").is_file()


def test_the_citation_names_this_version():
    cited = (ROOT / "CITATION.cff").read_text("utf-8")

    assert f"\nversion: {__version__}\n" in cited
