"""The page as a browser shows it: it asks for nothing, and its tables and curves answer to hand and keys."""

import msgspec
import pytest
from report_runs import manifest, trials, write_run

from alexnet_bench import write_report
from alexnet_bench.show.inlined import assets

WIDTHS = (375, 800, 1400)
SCHEMES = ("light", "dark")
MOST_SCRIPT, MOST_PAGE = 60_000, 2_000_000


@pytest.fixture
def page(seen):
    """The page, as wide as a screen."""
    seen.page.set_viewport_size({"width": 1200, "height": 900})
    seen.page.emulate_media(media="screen", color_scheme="light")
    return seen.page


def column(table, place):
    """What is shown in a column of a table, from the top."""
    cells = table.locator("tbody tr:visible").locator(f":nth-child({place})")
    return cells.all_inner_texts()


def table(page, caption):
    return page.locator("table", has=page.locator("caption", has_text=caption)).first


def test_it_asks_for_nothing_and_complains_of_nothing(seen, report):
    assert [address for address in seen.asked if not address.startswith("data:")] == [report.as_uri()]
    assert seen.said == []


def test_page_and_scripts_stay_small(report):
    assert sum(len(script.encode()) for script in assets().scripts) < MOST_SCRIPT
    assert report.stat().st_size < MOST_PAGE


def test_a_table_sorts_by_the_numbers_before_units_and_intervals(page):
    effects = table(page, "Effects on error and throughput")
    head = effects.locator("thead th", has_text="Effect")
    place = 1 + effects.locator("thead th").all_inner_texts().index(head.inner_text())
    button = head.locator("button")

    button.focus()
    page.keyboard.press("Enter")

    def numbers():
        texts = (text.split(" ")[0].strip("×+") for text in column(effects, place))
        return [float(text.replace("−", "-")) for text in texts]

    assert head.get_attribute("aria-sort") == "ascending"
    assert numbers() == sorted(numbers())
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert numbers() == sorted(numbers(), reverse=True)


def test_a_filter_shows_the_rows_that_hold_every_word(page):
    box = page.get_by_label("Filter: Effects on error and throughput")
    effects = table(page, "Effects on error and throughput")
    rows = len(column(effects, 1))

    box.fill("TANH training")

    assert set(column(effects, 1)) == {"tanh"}
    found = len(column(effects, 1))
    assert page.get_by_text(f"{found} of {rows} rows").is_visible()
    box.fill("")
    assert page.locator(".filter", has=box).get_by_role("status").inner_text() == f"{rows} rows"
    assert len(column(effects, 1)) == rows


def test_a_head_stays_in_view(page):
    seeds = table(page, "Every seed")
    top = """table => {
        const box = table.closest(".scroll");
        box.scrollTop = box.scrollHeight;
        return table.tHead.rows[0].cells[0].getBoundingClientRect().top - box.getBoundingClientRect().top;
    }"""
    assert 0 <= seeds.evaluate(top) < 3


def test_a_seeds_curve_is_drawn_where_it_is_asked_for(page):
    row = table(page, "Every seed").locator("tbody tr", has_text="no-lrn").first
    row.locator("button").focus()
    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("heading").inner_text() == "no-lrn, seed 0"
    assert dialog.get_by_role("img").get_attribute("aria-label").endswith("validation error 3%")
    assert dialog.locator("svg").first.locator("path").count() == 3
    assert "validation error of alexnet" in dialog.inner_text()
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert row.locator("button").evaluate("button => button === document.activeElement")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_every_width_in_light_and_dark(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_everybody_can_use_it(page, axe, scheme):
    page.set_viewport_size({"width": 375 if scheme == "dark" else 1200, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.evaluate(axe)

    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")

    told = [(item["id"], [node["html"][:120] for node in item["nodes"][:3]]) for item in found["violations"]]
    assert told == []


def test_what_differs_in_a_network_is_marked_in_words_and_by_a_sign(page):
    network = page.locator("details.network", has_text="With tanh instead of ReLU")
    assert "1 layer otherwise than alexnet" in network.inner_text()
    marked = network.locator("li:not(.same)")
    assert " ".join(marked.inner_text().split()) == ("≠ activation1 tanh, 8x8x16 changed, was relu, 8x8x16")


def test_on_paper_is_what_is_open_with_all_columns_and_nothing_to_be_pressed(page):
    page.set_viewport_size({"width": 1000, "height": 700})
    page.emulate_media(media="print")

    assert not page.locator("nav").is_visible()
    assert page.locator(".filter:visible, figure button:visible, figcaption details:visible").count() == 0
    assert not table(page, "Effects on what else was measured").is_visible()
    tables = page.locator("main table:visible").evaluate_all("all => all.map(one => one.offsetWidth)")
    assert tables
    assert max(tables) <= 1000


def test_a_figure_fits_and_opens_large(page):
    page.set_viewport_size({"width": 375, "height": 800})
    figure = page.locator("figure").first
    assert figure.locator("img").evaluate("one => one.offsetWidth") < 375

    figure.get_by_role("button", name="Open large").focus()
    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog", name="The figure, large")
    assert dialog.locator("img").evaluate("one => one.offsetWidth") > 900
    assert dialog.locator("img").get_attribute("alt") == figure.locator("img").get_attribute("alt")
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    figure.locator("img").click()
    assert dialog.count() == 1
    dialog.get_by_role("button", name="Close").click()


def test_every_section_is_in_the_nav(page):
    linked = page.locator("nav a").evaluate_all("all => all.map(one => one.hash.slice(1))")
    assert linked == page.locator("main > section").evaluate_all("all => all.map(one => one.id)")


def test_no_name_is_executed(visit, tmp_path):
    wicked = "</script><img src=x onerror='window.hit=1'><script>window.hit=1</script>"
    run = manifest(variants={"alexnet": [], wicked: ["dropout"]}, dataset=wicked)
    run = msgspec.structs.replace(run, command=wicked)
    records = [*trials("alexnet", 0.03, 0.02, dataset=wicked), *trials(wicked, 0.02, 0.02, dataset=wicked)]

    opened = visit(write_report(write_run(tmp_path / "run", records, run)))

    assert opened.page.evaluate("window.hit") is None
    assert opened.page.locator("img:not([src^='data:'])").count() == 0
    assert opened.said == []
    assert wicked in opened.page.title()
    opened.page.close()
