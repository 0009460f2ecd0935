"""Names in any script are written, where a font of the machine has it; where none has, it is said once."""

import re
import warnings

import pytest
from matplotlib import font_manager
from report_runs import manifest, trials, write_run

from alexnet_bench import BenchWarning, write_report
from alexnet_bench.show.figures import fonts

NAME = "無-lrn"


@pytest.fixture(autouse=True)
def _forget():
    fonts._families.cache_clear()
    yield
    fonts._families.cache_clear()


@pytest.fixture
def run(tmp_path):
    """Of a variant and a data set with names in Chinese."""
    records = [*trials("alexnet", 0.1, dataset="照片"), *trials(NAME, 0.2, dataset="照片")]
    variants = {"alexnet": [], NAME: ["normalization"]}
    return write_run(tmp_path / "run", records, manifest(variants=variants, ablations=[], dataset="照片"))


def test_chinese_is_written_with_a_font_that_has_it(run):
    if not any("CJK" in file for file in font_manager.findSystemFonts()):
        pytest.skip("no font with Chinese is installed (on Debian: fonts-noto-cjk)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder = write_report(run).parent

    content = (folder / "error.pdf").read_bytes()
    assert re.search(rb"/BaseFont /\w+\+NotoSansCJK", content)
    assert b"DejaVuSans" in content


def test_where_no_font_has_them_one_line_says_what_to_install(run, monkeypatch, capsys):
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    with pytest.warns(Warning) as said:
        write_report(run)

    assert {(type(one.message), str(one.message)) for one in said} == {
        (BenchWarning, str(said[0].message)),
    }
    assert "fonts-noto-cjk" in str(said[0].message)
    assert capsys.readouterr().err == ""


def test_latin_names_need_no_font_of_the_machine(tmp_path, monkeypatch):
    def must_not():
        raise AssertionError

    monkeypatch.setattr(font_manager, "findSystemFonts", must_not)
    write_report(write_run(tmp_path / "run", [*trials("alexnet", 0.1), *trials("no-lrn", 0.2)]))
