"""Where a project's settings come from, and what they are relative to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from users_repository import git

from alexnet_bench.errors import BenchError
from alexnet_bench.run.project import OPTIONS, find_project

TABLE = "[tool.alexnet-bench.gate]\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A subfolder of a subfolder of a repository."""
    git(tmp_path, "init", "-q")
    folder = tmp_path / "sub" / "sub"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def write(folder, text, encoding="utf-8"):
    (folder / "pyproject.toml").write_text(text, encoding=encoding)


def test_the_nearest_file_with_a_section_counts(folder):
    write(folder, "[tool.other]\nx = 1\n")
    write(folder.parent, TABLE + "variants = 'near'\n")
    write(folder.parent.parent, TABLE + "variants = 'far'\nbudget = '3s'\n")

    found = find_project(folder)

    assert (found.root, found.options) == (folder.parent, {"variants": "near"})


@pytest.mark.parametrize(
    ("section", "misspelt"),
    [
        ("tool.alexnet_bench.gate", "alexnet_bench"),
        ("tool.alexnetbench", "alexnetbench"),
        ("tool.alexnet-bench.gates", "gates"),
    ],
)
def test_a_misspelt_section_is_named(folder, section, misspelt):
    write(folder, f"[{section}]\nbudget = '3s'\n")

    with pytest.raises(BenchError, match=f"unknown section '{misspelt}'"):
        find_project(folder)


def test_nothing_beyond_the_repository_counts(folder, tmp_path):
    write(tmp_path, TABLE + "variants = 'outer'\n")
    git(folder, "init", "-q")
    assert find_project(folder).options == {}
    (folder / ".git").rename(folder / "no-git")
    (tmp_path / ".git").rename(tmp_path / "no-git")
    assert find_project(folder).options == {}


def test_paths_are_relative_to_the_file(folder, tmp_path):
    write(
        tmp_path,
        TABLE + "ablations = ['mine', '/else']\nhistory = 'k.jsonl'\nbaseline = 'b'\nbase = 'm'\n",
    )

    assert find_project(folder).options == {
        "ablations": [str(tmp_path / "mine"), "/else"],
        "history": str(tmp_path / "k.jsonl"),
        "baseline": str(tmp_path / "b"),
        "base": "m",
    }


def test_without_settings_results_lie_at_the_root_of_the_repository(folder, tmp_path):
    assert find_project(folder).root == tmp_path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_content(folder, encoding):
    write(folder, TABLE + "variants = 'a'\n", encoding)

    assert find_project(folder).options == {"variants": "a"}


@pytest.mark.parametrize("text", ["[", "a = " + "[" * 100_000, "\ufeff\ufeff[tool]"])
def test_what_is_no_toml_is_one_line(folder, text):
    write(folder.parent, text)

    with pytest.raises(BenchError, match=r"pyproject\.toml cannot be read: ") as raised:
        find_project(folder)
    assert len(str(raised.value).splitlines()) == 1


KEYS = [
    *OPTIONS,
    "thresholds",
    "false-alarms",
    "process-spread",
    "thresholds.training",
    "thresholds.x",
    "vraiants",
]
LITERALS = st.one_of(
    st.sampled_from(
        ["true", "nan", "-inf", "1e400", "-1", "''", "' '", "'~nobody-here'", "'a\\u0000'", "2%"]
    ),
    st.sampled_from(
        ["2024-01-01", "[]", "[[1]]", "['a', 1]", "{}", "{training = '2%'}", "{a = {b = 1}}", "0x1"]
    ),
    st.text(max_size=10),
    st.integers().map(str),
    st.text(st.characters(exclude_characters="'\n\r", exclude_categories=["C"]), max_size=10).map(
        "'{}'".format
    ),
)


@given(st.dictionaries(st.sampled_from(KEYS), LITERALS, max_size=4))
def test_whatever_a_section_holds_it_is_used_or_refused(tmp_path_factory, table):
    place = tmp_path_factory.mktemp("project")
    lines = "".join(f"{key} = {value}\n" for key, value in table.items())
    (place / "pyproject.toml").write_text(TABLE + lines, encoding="utf-8", errors="surrogatepass")

    try:
        found = find_project(place)
    except BenchError as error:
        assert str(error).startswith(str(place / "pyproject.toml"))
    else:
        assert found.options.keys() <= {name.replace("-", "_") for name in table}
