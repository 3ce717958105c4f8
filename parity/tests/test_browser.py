"""The site in a real browser: it loads without an error, works by hand and keyboard, fits a phone, is accessible.

`tox run -e site` runs this file; PARITY_CHROMIUM names a browser that is not on the path.
"""

import os
import shutil
from pathlib import Path

import pytest

from parity.site import build_site
from parity.task import UsageError

pytestmark = pytest.mark.browser
SAMPLES = Path(__file__).parent / "samples"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1400, "height": 900}
# Of each kind of page one or more: tasks with times, with a training, with sentences, without results; few of 378 rows.
PAGES = (
    "index.html", "tasks/mlp.html", "tasks/digits_training.html", "tasks/loss_misuse.html", "tasks/perceptron.html",
    "divergences/index.html?words=batchnorm", "divergences/BN-EPS.html", "divergences/BN-ONE.html",
    "divergences/equalities.html", "divergences/areas/normalisation.html", "models/index.html",
    "models/an-example.html", "history/index.html", "history/mlp.html", "method.html", "reference/index.html",
    "reference/ops.html",
)  # fmt: skip


def path_of_browser():
    """Where a Chromium is; UsageError with the way to one."""
    found = [os.environ.get("PARITY_CHROMIUM", ""), *map(shutil.which, BROWSERS)]
    path = next(filter(None, found), "")
    if not path:
        raise UsageError("no Chromium is here: apt-get install chromium, or name one in PARITY_CHROMIUM")
    return path


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    return build_site(SAMPLES / "results", tmp_path_factory.mktemp("site") / "site", SAMPLES / "asv").parent


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path_of_browser(), args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def opened(browser, site):
    """Open a page; at the end, nothing may have gone wrong in it, and it may have asked no host for anything."""
    wrong, contexts = [], []

    def open_(address, viewport=DESK, theme="light"):
        context = browser.new_context(viewport=viewport, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
        page.on("request", lambda request: wrong.append(request.url) if request.url.startswith("http") else None)
        page.goto(f"file://{site}/{address}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


def draw_all(page):
    """Scroll through the page, so that every plot is drawn."""
    for plot in page.locator(".plot").all():
        plot.scroll_into_view_if_needed()
        plot.locator(".main-svg").first.wait_for()


@pytest.mark.parametrize("address", PAGES)
def test_a_page_draws_its_plots_is_accessible_in_both_themes_and_fits_a_phone(opened, address):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(address)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    draw_all(page)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = Axe().run(page, options={"preload": False})  # a page from a folder may not fetch its own style
        assert found.violations_count == 0, f"{theme}: {found.generate_report()}"
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_filters_leave_the_rows_that_fit_and_the_worst_of_what_is_left(opened):
    page = opened("index.html")
    tf = page.locator("#units tr:has(a:text-is('mlp')) td").last
    assert tf.text_content() == "412"
    page.get_by_label("mode").select_option("eager")
    assert tf.text_content() == "5.82"
    page.get_by_label("topic").select_option("6 Design, initialisation, batch normalisation")
    assert page.locator("#units tbody tr:visible a").all_text_contents() == ["batch_norm"]
    assert page.locator("#times tbody tr:visible a").all_text_contents() == ["batch_norm"] * 3
    page.get_by_label("device").select_option("cpu")
    assert page.locator("#times thead th:visible button").all_text_contents() == ["task", "loop", "numpy", "torch"]
    page.get_by_label("topic").select_option("")
    page.get_by_label("device").select_option("cuda")
    assert page.locator("#times thead th:visible button").all_text_contents() == [
        "task", "loop", "numpy cuda", "torch cuda",
    ]  # fmt: skip
    loops = page.locator("#times tbody tr:visible td.text").all_text_contents()
    assert loops == ["forward large", "step large"], "what was not timed there is not shown"
    assert page.locator("#units td:visible").first.text_content() == "–"


def test_ratios_are_to_the_reference_that_is_chosen(opened):
    page = opened("index.html")
    page.get_by_label("times relative to").select_option("numpy")
    heads = page.locator("#times thead th").all_text_contents()
    numpy = page.locator(f"#times tbody td:nth-child({heads.index('numpyubuntu') + 1}):visible").all_text_contents()
    assert set(numpy) == {"x1.00", "–"}, "a time there, or none"
    assert numpy.count("x1.00") > 5
    gpu = page.locator(f"#times tbody td:nth-child({heads.index('numpy cudagpu') + 1}):visible").all_text_contents()
    assert set(gpu) == {"–"}, "numpy did not run there without CUDA"
    page.get_by_label("times relative to").select_option("the fastest")
    assert page.locator("#times tbody td.fast").count() == 0


def test_a_table_is_sorted_by_its_heading(opened):
    page = opened("tasks/mlp.html")
    head = page.locator("#units ~ details[open] th", has_text="TF/Keras ubuntu")  # it has a failure
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    place = head.evaluate("head => head.cellIndex")
    cells = page.locator("#units ~ details[open] tbody tr").evaluate_all(
        "(rows, place) => rows.map(row => Number(row.cells[place].dataset.value))", place
    )
    assert cells == sorted(cells, reverse=True)
    assert cells[0] > 100 * cells[1] > 1, "as numbers: as text the order would be another"
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"


def test_ratios_are_sorted_as_numbers(opened):
    page = opened("index.html")
    head = page.locator("#times thead th", has_text="tf graph")
    head.locator("button").click()
    cells = page.locator(f"#times tbody td:nth-child({head.evaluate('head => head.cellIndex') + 1})")
    ratios = [float(text[1:]) for text in cells.all_text_contents() if text != "–"]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 10 > ratios[-1] > 1, "as text the order would be another"


def test_search_finds_tasks_divergences_and_apis_by_keyboard(opened):
    page = opened("tasks/mlp.html")
    page.keyboard.press("/")
    page.keyboard.type("BatchNorm2d")
    page.locator(".found a").first.wait_for()
    assert any("API" in text for text in page.locator(".found a").all_text_contents())
    page.get_by_role("searchbox").first.fill("eps hundred")
    page.locator(".found a", has_text="BN-EPS").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/divergences/BN-EPS.html")
    page.get_by_role("searchbox").first.fill("digits")
    page.locator(".found a", has_text="digits_training · task").click()
    page.wait_for_url("**/tasks/digits_training.html")


def test_an_api_leads_to_its_entries(opened):
    page = opened("divergences/index.html?words=torch.nn.BatchNorm2d")
    shown = page.locator("#entries tbody tr:visible th").all_text_contents()
    assert "BN-EPS" in shown
    assert len(shown) < 20
    assert page.locator("#count").text_content() == f"{len(shown)} shown"


def test_a_phone_shows_one_implementation_at_a_time(opened):
    page = opened("tasks/mlp.html", PHONE)
    tabs = page.get_by_role("group", name="Which implementation is shown")
    assert page.locator(".columns h3:visible").count() == 1
    tabs.get_by_role("button", name="PyTorch").click()
    assert tabs.get_by_role("button", name="PyTorch").get_attribute("aria-pressed") == "true"
    assert "impl_torch/mlp.py" in page.locator(".columns h3:visible").text_content()
    page.set_viewport_size(DESK)
    assert page.locator(".columns h3:visible").count() == 3


def test_markup_in_a_name_is_text_in_a_plot_too(opened):
    page = opened("models/ubuntu.html")
    draw_all(page)
    assert page.locator(".plot .xtick text").first.text_content() == "1. <i>conv2d</i>"


def test_the_theme_is_switched_and_kept(opened):
    page = opened("tasks/mlp.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
