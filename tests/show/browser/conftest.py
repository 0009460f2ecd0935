"""A browser, and reports that are open in it."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from report_runs import accuracy, failed_trial, manifest, timing, write_run

from alexnet_bench import write_report

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LAYERS = {
    "input": "input, 8x8x1",
    "conv1": "3x3/1 same, 2 towers, 8x8x16",
    "activation1": "relu, 8x8x16",
    "normalization1": "lrn, 8x8x16",
    "fc6": "dense, 2 towers that see both, 64",
    "dropout6": "drops 0.5, 64",
    "fc8": "dense, 10",
}
NAMES = ("alexnet", "no-lrn", "no-dropout", "tanh", "gelu", "sigmoid", "pad-224")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium: the distribution's own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright isn't installed")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def visit(browser):
    """Open a file, and keep what it asks for and complains of."""

    def visited(file):
        page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
        seen = SimpleNamespace(page=page, asked=[], said=[])
        page.on("request", lambda request: seen.asked.append(request.url))
        page.on("console", lambda message: seen.said.append(message.text))
        page.on("pageerror", lambda error: seen.said.append(str(error)))
        page.goto(file.as_uri())
        return seen

    return visited


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """The page of seven variants, one of which failed once."""
    changes = {"no-lrn": "normalization none", "no-dropout": "dropout 0.0"}
    run = manifest(variants={name: [] if name == "alexnet" else ["activation"] for name in NAMES})
    variants = {
        name: msgspec.structs.replace(
            planned,
            difference=changes.get(name, f"activation {name}") if name != "alexnet" else "the paper's",
            fields=() if name == "alexnet" else (changes.get(name, "activation").split(" ")[0],),
            layers=LAYERS | ({"activation1": "tanh, 8x8x16"} if name == "tanh" else {}),
        )
        for name, planned in run.plan.variants.items()
    }
    run = msgspec.structs.replace(run, plan=msgspec.structs.replace(run.plan, variants=variants))
    records = [*accuracy(NAMES, seeds=4), *timing(NAMES, draws=4), failed_trial("gelu", 4)]
    folder = write_run(tmp_path_factory.mktemp("browser") / "run", records, run)
    return write_report(folder)


@pytest.fixture(scope="session")
def seen(visit, report):
    """That page, open."""
    return visit(report)


@pytest.fixture(scope="session")
def axe():
    """The code that checks whether everybody can use a page."""
    if not AXE.is_file():
        pytest.skip("axe-core isn't installed: npm install --no-save axe-core")
    return AXE.read_text("utf-8")
