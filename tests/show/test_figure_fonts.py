"""Names in any script are written, where a font of the machine has it; where none has, it is said once."""

import re
import warnings

import pytest
from matplotlib import font_manager
from report_runs import in_run, manifest, trial

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.errors import BenchWarning
from alexnet_bench.show.figures import FIGURES, fonts, style


@pytest.fixture(autouse=True)
def _forget():
    fonts._families.cache_clear()
    yield
    fonts._families.cache_clear()


def save(folder, *names):
    """Draw the errors of variants with these names, and save the figure."""
    run = manifest(variants={name: [] for name in names}, control=names[0], ablations=[], dataset=names[-1])
    records = [trial(name, 0, dataset=names[-1]) for name in names]
    with style.styled():
        style.save(FIGURES["error"].draw(in_run(records), Plans([run])), folder, "error")


def test_chinese_is_written_with_a_font_that_has_it(tmp_path):
    if not any("CJK" in file for file in font_manager.findSystemFonts()):
        pytest.skip("no font with Chinese is installed (on Debian: fonts-noto-cjk)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(tmp_path, "alexnet", "無-lrn")

    content = (tmp_path / "error.pdf").read_bytes()
    assert re.search(rb"/BaseFont /\w+\+NotoSansCJK", content)
    assert b"DejaVuSans" in content


def test_where_no_font_has_them_one_line_says_what_to_install(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    with pytest.warns(BenchWarning, match="fonts-noto-cjk") as said:
        save(tmp_path, "alexnet", "無-lrn")

    assert len(said) == 1
    assert capfd.readouterr().err == ""


def test_latin_names_need_no_font_of_the_machine(tmp_path, monkeypatch):
    def must_not():
        raise AssertionError

    monkeypatch.setattr(font_manager, "findSystemFonts", must_not)
    save(tmp_path, "alexnet", "sans-dropout-é")
