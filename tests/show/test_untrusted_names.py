"""Whatever a name holds, it is shown as it is: in no format is it markup, code or a formula."""

import contextlib
import csv
import io
import json
import re
from html.parser import HTMLParser
from itertools import filterfalse
from xml.etree import ElementTree

import msgspec
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report_runs import manifest, trials, write_run

from alexnet_bench.analysis.decision import Decision
from alexnet_bench.cli.terminal import print_table, say
from alexnet_bench.git import Commit
from alexnet_bench.show.files import write_csv
from alexnet_bench.show.gate import FORMATS
from alexnet_bench.show.latex import escape_latex
from alexnet_bench.show.report import write_report
from alexnet_bench.show.table import Table, escape_markdown, on_one_line
from alexnet_bench.stats.gate import REGRESSED
from alexnet_bench.words import plain

WICKED = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "https://evil.example www.evil.example a@evil.example",
    "@everyone #1 GH-1 user/repo#1 :tada: :white_check_mark: :+1:",
    "a|b\n| c | d |\n---|---",
    "`code` **bold** ~~gone~~ $x$ <!-- hidden -->",
    "- item",
    "1. item",
    "+ item",
    "---",
    "# title",
    "&lt;b&gt; &amp; &#x3c;",
    "\\input{/etc/passwd} \\write18{rm} $x^2$ %",
    "[5pt] & \\\\ ~",
    "=HYPERLINK(1)",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "test_speed[lrn]",
    "test_path[/usr/bin]",
    "[/b][red]x[/red] :smile:",
    "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "\u202egnp.exe\u2066\u200f\u061c",
    "a\x00b\ud800\ufffe",
]
PARTS = ["<", ">", "&", "|", "`", "*", "_", "[", "]", "(", ")", "!", "#", "@", "\\", "~", "$", "=", "-", "+"]
PARTS += [".", ":", "/", "://", "www.", "{", "}", "%", "^", '"', "'", "\n", "\r", "\t", " ", "1", "a", "gh-1"]
NAMES = st.one_of(
    st.sampled_from(WICKED),
    st.lists(st.sampled_from([*PARTS, "\x1b[", "\u202e"]), min_size=1, max_size=12).map("".join),
    st.text(min_size=1, max_size=20),
)
# Control characters but for line ends, and what changes the direction of text.
ACTS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(text):
    """What a reader sees of a name, without what separates nothing."""
    return on_one_line(text).replace("\u200b", "")


def texts(tokens):
    """What Markdown shows, each kind of token with its text."""
    for token in tokens:
        yield token.type, token.content
        yield from texts(token.children or [])


@given(NAMES)
def test_in_markdown_a_name_is_text(name):
    name = name.replace("\u200b", "")
    for document in (Table(["x"], [[name]]).markdown(), f"- {escape_markdown(name)}"):
        found = list(texts(MARKDOWN.parse(document)))

        kinds = {kind for kind, _ in found}
        assert not kinds & {"html_inline", "html_block", "link_open", "image", "code_inline", "fence", "hr"}
        assert not kinds & {"em_open", "strong_open", "s_open", "heading_open", "softbreak"}
        assert sum(kind in ("tr_open", "list_item_open") for kind, _ in found) in (1, 2)
        cells = [content for kind, content in found if kind in ("text", "text_special", "entity")]
        # The title of the table's column comes first.
        assert "".join(cells).removeprefix("x" if document.startswith("|") else "").replace(
            "\u200b", ""
        ) == shown(name)


@given(NAMES)
def test_github_finds_neither_people_nor_issues_nor_addresses(name):
    text = escape_markdown(name)

    assert not re.search(r"@\w|#\d|://|www\.|gh-\d", text, re.IGNORECASE)
    assert not re.search(r":([a-z][a-z_\\-]*|\+1|-1):", text)


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, [name for name, _ in attributes]))

    def handle_data(self, data):
        self.text.append(data)

    def handle_comment(self, data):
        self.tags.append(("comment", []))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Write a report in which every name is the one given, and return its folder."""
    count = iter(range(1000))

    def write(name):
        place = tmp_path_factory.mktemp("names") / str(next(count))
        run = manifest(variants={"alexnet": [], name: ["dropout"]}, dataset=name)
        ablation = run.plan.ablations[0]
        claim = msgspec.structs.replace(ablation.claims[0], says=name, source=name, setup=name)
        ablation = msgspec.structs.replace(
            ablation, name=name, control="alexnet", arms=(name,), claims=(claim,)
        )
        plan = msgspec.structs.replace(run.plan, ablations=(ablation,))
        records = [
            *trials("alexnet", 0.03, 0.02, dataset=name),
            *trials(name, 0.02, 0.02, dataset=name, device=name),
            *trials(name, 0.02, status="crashed", error=name, dataset=name),
        ]
        folder = write_run(place, records, msgspec.structs.replace(run, plan=plan, command=name))
        write_report([folder], place / "report")
        return place / "report"

    return write


@pytest.fixture(scope="module")
def harmless(report):
    return report("mine")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>'\"><img src=x>", "a|b\n- <b>$\\x{[=1+1]}\x1b[31m\u202e @me #1"]
)
def test_a_report_is_built_alike_whatever_its_names_are(report, harmless, name):
    folder = report(name)

    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in harmless.iterdir())
    page, same = (Page((place / "index.html").read_text("utf-8")) for place in (folder, harmless))
    assert page.tags == same.tags
    assert plain(" ".join(name.split())) in "".join(page.text)
    found, expected = (
        [kind for kind, _ in texts(MARKDOWN.parse((place / "report.md").read_text("utf-8")))]
        for place in (folder, harmless)
    )
    is_text = {"text", "text_special"}.__contains__
    assert list(filterfalse(is_text, found)) == list(filterfalse(is_text, expected))
    lines, expected = ((place / "table.tex").read_text("utf-8").splitlines() for place in (folder, harmless))
    assert [line.split("{")[0].split("<")[0][:6] for line in lines if line.startswith(("\\", "  \\"))] == [
        line.split("{")[0][:6] for line in expected if line.startswith(("\\", "  \\"))
    ]
    for figure in folder.glob("*.svg"):
        kinds = {item.tag.rpartition("}")[2] for item in ElementTree.parse(figure).iter()}
        assert kinds & {"script", "image", "a", "foreignObject"} == set()
    for text in ((folder / file).read_text("utf-8") for file in ("index.html", "report.md", "table.tex")):
        assert "\x1b" not in text
        assert "\u202e" not in text


@given(NAMES)
def test_in_latex_no_name_is_a_command(name):
    text = escape_latex(name)

    known = r"\\(text(backslash|asciitilde|asciicircum|asciigrave)\{\}|ldots\{\}|[&%$#_{}])"
    others = r"\\otherscript\{[^\x00-\x7f]+\}\{U\+[0-9A-F]{4,6}( U\+[0-9A-F]{4,6})*\}"
    rest = re.sub(r"\$\\(times|pm|infty|approx|dagger)\$|\$[-<>|]\$", "", re.sub(others, "", text))
    rest = re.sub(r"(?<=[-',])\{\}", "", re.sub(known, "", rest)).removeprefix("{}")
    assert not set(rest) & set("\\{}$&#^_~%\n")
    assert not text.startswith(("[", "*"))


@given(st.lists(NAMES, min_size=1, max_size=4))
@example(["-1.5", "+2", "-1.5; 2.5; -3e-05", "+1.2 points"])
def test_in_csv_no_name_is_a_formula_and_numbers_stay_numbers(tmp_path_factory, names):
    file = tmp_path_factory.mktemp("csv") / "x.csv"
    write_csv(pd.DataFrame({"name": names, "effect": [-1.5] * len(names)}), file)

    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row, name in zip(rows, names, strict=True):
        assert row["effect"] == "-1.5"
        assert row["name"] in (plain(name), f"'{plain(name)}")
        is_numbers = re.fullmatch(r"([-+]?[\d.]+(e-?\d+)?(; )?)+( points)?", row["name"])
        assert not row["name"].startswith(("=", "+", "-", "@", "\t", "\r")) or is_numbers


@settings(max_examples=50)
@given(NAMES)
def test_what_a_gate_writes_holds_names_as_text(name):
    row = Decision(
        variant=name,
        quantity="training",
        decision=REGRESSED,
        note=name,
        topology="alexnet-32",
        batch_size=16,
        precision="float32",
        base=2.0,
        head=1.0,
        ratio=0.5,
        low=0.4,
        high=0.6,
        draws=4,
        threshold=0.02,
        label="training throughput",
        unit="images/s",
        higher_is_better=True,
    )

    written = {
        kind: form([row], name, [Commit(name="0123abc", subject=name)]) for kind, form in FORMATS.items()
    }

    suites = ElementTree.fromstring(written["junit"])
    assert [item.tag for item in suites.iter()] == ["testsuites", "testsuite", "testcase", "failure"]
    assert plain(name) in suites.find("testsuite/testcase").get("classname")
    for kind in ("github_benchmark", "bencher"):
        assert json.loads(written[kind])
    assert "\n|" not in escape_markdown(name)
    head, table, note, commits = 2, 3, 2, ["", "<details>", "<summary>", "", "- a commit", "", "</details>"]
    assert len(written["markdown"].splitlines()) == head + table + note + len(commits)


@given(NAMES)
def test_a_terminal_is_given_names_as_text(name):
    said, table = io.StringIO(), io.StringIO()

    with contextlib.redirect_stdout(said):
        say(name)
    with contextlib.redirect_stdout(table):
        print_table(Table(["variant"], [[name]]))

    for out in (said.getvalue(), table.getvalue()):
        assert not ACTS.search(out)
        lines = "\n".join(map(plain, name.split("\n")))
        assert "".join(lines.split()) in "".join(out.split())
