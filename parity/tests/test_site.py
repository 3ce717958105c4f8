"""The site from the samples: whole, linked, small, and with everything of a result shown as text."""

import csv
import functools
import importlib.util
import itertools
import json
import re
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pandas as pd
import pytest
import typer
from ruamel.yaml import YAML

from parity.cli import app
from parity.divergences import areas, catalogue
from parity.judging.noise import LIMIT
from parity.site import build, build_site, code, lessons
from parity.site.asv import Point, moved, read_history
from parity.site.pages import method
from parity.site.sources import files
from parity.site.times import FASTEST, Column, Table, Timed
from parity.task import UsageError
from parity.tasks import names

SAMPLES = Path(__file__).parent / "samples"
ROOT = Path(__file__).parents[2]
MEGABYTE = 10**6
COMMANDS = typer.main.get_command(app).commands
SCRIPT = "plotly.min.js"
FIGURE = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)


TIMES = """task,topic,loop,backend,framework,mode,device,dtype,size,low_seconds,median_seconds,high_seconds,cpu,cores,skip_reason
mlp,a topic,step,torch,torch,eager,cpu,float32,base,0.4,0.5,0.6,a processor,2,
"""  # noqa: E501


class Page(HTMLParser):
    """What a page has: its text, its tags with their attributes, its links."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.words, self._hidden = [], [], 0
        self.feed(path.read_text())
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag):
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)

    def all(self, key):
        return [attributes[key] for _, attributes in self.tags if attributes.get(key)]


def table(path, label):
    """The rows of the table in the region with this label: the first cell's text, and those of the others."""
    found = re.search(rf'aria-label="{label}".*?</table>', path.read_text(), re.DOTALL)[0]
    rows = re.findall(r"<tr[ >].*?</tr>", found, re.DOTALL)
    cells = [re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL) for row in rows]
    texts = [[" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in row] for row in cells]
    return {name: of for name, *of in texts}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build_site(SAMPLES / "results", tmp_path_factory.mktemp("built") / "site", SAMPLES / "asv").parent


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.fixture
def samples(tmp_path):
    return shutil.copytree(SAMPLES / "results", tmp_path / "results")


def built(samples, tmp_path, history="none"):
    return build_site(samples, tmp_path / "site", tmp_path / history).parent


def test_what_is_hidden_in_a_folder_of_results_is_unfinished_and_not_read(tmp_path):
    for name in (".unfinished-1/usual/mlp.json", "a/parity.json", "a/times.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[]")
    assert files(tmp_path) == [tmp_path / "a" / "parity.json", tmp_path / "a" / "times.csv"]


def test_every_task_entry_and_area_has_a_page_and_none_is_empty(pages):
    assert {f"tasks/{name}.html" for name in names()} <= set(pages)
    assert {f"divergences/{name}.html" for name in catalogue()} <= set(pages)
    assert {f"divergences/areas/{area}.html" for area in areas()} <= set(pages)
    every = {"index.html", "method.html", "divergences/index.html", "divergences/equalities.html", "models/index.html",
             "history/index.html", "history/mlp.html", "reference/index.html", "reference/ops.html"}  # fmt: skip
    assert every <= set(pages)
    frame = len(pages["divergences/index.html"].text.split("What the frameworks do differently")[0])
    assert [address for address, page in pages.items() if len(page.text) < frame + 100] == []


def test_every_link_leads_somewhere_and_to_this_site(site, pages):
    broken = []
    for address, page in pages.items():
        for link in [*page.all("href"), *page.all("src")]:
            target, _, anchor = link.partition("#")
            if target.startswith("data:"):
                continue
            path = (site / address).parent / target.partition("?")[0] if target else site / address
            there = path.exists() and path.resolve().is_relative_to(site.resolve())
            if there and anchor:
                there = anchor in pages[path.resolve().relative_to(site.resolve()).as_posix()].all("id")
            if not there:
                broken.append(f"{address}: {link}")
    assert broken == []
    text = "".join(path.read_text() for path in site.glob("*.*") if path.name != SCRIPT)
    assert "//" not in re.sub(r"^\s*//.*|/\*.*?\*/| // .*", "", text, flags=re.MULTILINE).replace("<!--", "")


def test_every_page_is_reached_from_the_first(pages):
    reached, following = set(), ["index.html"]
    while following:
        address = following.pop()
        if address not in reached:
            reached.add(address)
            links = [urljoin(address, link.partition("#")[0].partition("?")[0]) for link in pages[address].all("href")]
            following += [link for link in links if link in pages]
    assert set(pages) - reached == set()


def test_every_page_is_below_a_megabyte(site):
    assert [path for path in site.rglob("*.html") if path.stat().st_size > MEGABYTE] == []
    assert (site / "search.js").stat().st_size < MEGABYTE


def test_every_plot_has_words_and_its_data(site, pages):
    plots = [attributes for page in pages.values() for _, attributes in page.tags if attributes.get("class") == "plot"]
    assert len(plots) > 10
    assert all(len(attributes["aria-label"]) > 20 and attributes["role"] == "img" for attributes in plots)
    files = [link for page in pages.values() for link in page.all("href") if link.endswith(".csv")]
    assert len(files) == len(plots)
    assert all(len(path.read_text().splitlines()) > 1 for path in (site / "data").glob("*.csv"))


def test_markup_in_a_name_is_text(pages):
    assert "<b>gone</b> & lost" in pages["index.html"].text
    assert "<i>forward</i>" in pages["index.html"].text
    assert "An older <i>processor</i>" in pages["index.html"].text
    assert "OLD-<i>ENTRY</i>" in pages["divergences/index.html"].text
    assert "<b>stem</b>" in pages["models/ubuntu.html"].text
    tags = {tag for page in pages.values() for tag, _ in page.tags}
    assert tags.isdisjoint({"b", "i"})
    assert code.prose("<b>, and `<i>`") == "&lt;b&gt;, and <code>&lt;i&gt;</code>"


def test_a_task_page_shows_what_the_exercise_prints_claims_and_aligns(pages):
    digits = pages["tasks/digits_training.html"]
    for words in ("the training loss falls in every epoch", "train loss", "FIT-SHUFFLE", "def train(model, batch):",
                  "impl_tf/digits_training.py", "train/loss: the error of each row", "step"):  # fmt: skip
        assert words in digits.text, words
    mistakes = pages["tasks/loss_misuse.html"].text
    assert "ValueError: Argument `output` must have rank" in mistakes
    assert "412 noise units, 30 at most" in pages["tasks/mlp.html"].text
    assert "disturbed" in pages["tasks/mlp.html"].text
    assert "There is no run of this task" in pages["tasks/perceptron.html"].text


def test_a_row_without_a_label_has_its_number():
    show = {"kind": "table", "title": "", "row": "way", "labels": ["first"], "columns": {"loss": [0.5, 0.25]}}
    (view,) = lessons._table(None, "a", {"numpy": show})
    assert view.rows == [["first", "0.5000"], ["2", "0.2500"]]


def test_a_claim_that_fails_in_any_result_has_no_tick(samples, tmp_path):
    run = json.loads((samples / "ubuntu" / "parity.json").read_text())
    claims = next(one["claims"] for one in run["lessons"] if (one["task"], one["framework"]) == ("mlp", "torch"))
    false, true = claims
    claims[false] = "does not hold"
    (samples / "windows").mkdir()
    (samples / "windows" / "parity.json").write_text(json.dumps(run))
    page = Page(built(samples, tmp_path) / "tasks" / "mlp.html")
    assert f"✗{false} (not in PyTorch @ windows)" in page.text
    assert f"✓{true}" in page.text
    assert f"✓{false}" not in page.text


def test_the_sizes_of_a_result_are_one_column_and_a_cost_over_size(site, samples, tmp_path):
    cost = pd.read_csv(site / "data" / "mlp-cost-step.csv")
    assert list(cost["size"]) == ["base", "large"]
    assert list(cost.columns[1:]) == [
        f"{backend} @ ubuntu" for backend in ("numpy", "torch", "torch compile", "tf graph", "tf xla")
    ], "the GPU's were timed at one size"
    assert cost.notna().all(axis=None)
    (samples / "ubuntu" / "large").mkdir()
    shutil.copy(samples / "ubuntu" / "times-large.csv", samples / "ubuntu" / "large" / "times.csv")
    with pytest.raises(UsageError, match="second file of times of the result 'ubuntu'"):
        built(samples, tmp_path)


def test_every_result_has_its_columns_and_is_compared_with_itself(pages):
    home = pages["index.html"]
    assert "A GPU's host, 16 cores · turns of a loop lie" in home.text, "of times alone the machine is known"
    columns = [a for tag, a in home.tags if tag == "th" and "data-column" in a]
    cells = [json.loads(ratios) for ratios in home.all("data-ratios")]
    assert len(columns) == 7
    assert sum(a["data-device"] == "cuda" for a in columns) == 2
    every = [cells[place : place + len(columns)] for place in range(0, len(cells), len(columns))]
    step = next(row for row in every if "torch cuda" in row[0] and "torch" in row[3])
    assert step[0]["the fastest"][0] == "x1.20"
    assert all("torch cuda" not in cell for cell in step[2:]), "times of two machines are not compared"


def test_what_others_disturbed_is_marked_in_the_table_the_plot_and_its_data(site, pages):
    times = pd.read_csv(SAMPLES / "results" / "ubuntu" / "times.csv")
    mine = times[(times["task"] == "mlp") & times["skip_reason"].isna()]
    disturbed = mine[mine["disturbed"]]
    assert len(disturbed) == 1
    data = pd.read_csv(site / "data" / "mlp-time-base.csv")
    assert list(data[data["disturbed"]]["backend"]) == ["torch @ ubuntu"]
    assert list(data[data["disturbed"]]["loop"]) == ["step"]
    page = (site / "tasks" / "mlp.html").read_text()
    traces = [json.loads(found)["traces"] for found in FIGURE.findall(page)]
    marked = [trace["name"] for of in traces for trace in of for text in trace.get("text", ()) if text == "!"]
    assert marked == ["torch @ ubuntu"] * 2, "at base and at large"
    assert "; disturbed: step torch @ ubuntu" in page
    assert sum(tag == "span" and a.get("class") == "badge disturbed" for tag, a in pages["tasks/mlp.html"].tags) == 2
    classes = [a["class"].split() for tag, a in pages["index.html"].tags if tag == "td" and "data-ratios" in a]
    assert sum("disturbed" in of for of in classes) == 2


def test_noise_units_stand_under_their_framework_and_result(site, pages):
    runs = {name: json.loads((SAMPLES / "results" / name / "parity.json").read_text()) for name in ("older", "ubuntu")}
    names_of = {"numpy": "NumPy", "torch": "PyTorch", "tf": "TF/Keras"}
    worst, of_output = {}, {}
    for result, run in runs.items():
        for row in run["rows"]:
            if row["task"] == "mlp" and row["units"] is not None and not row["output"].startswith("claim"):
                column = f"{names_of[row['framework']]} {result}"
                worst[column] = max(worst.get(column, 0), float(row["units"]))
                if (row["size"], row["dtype"], row["output"]) == ("base", "float32", "backward/grad.0.weight"):
                    of_output[column] = max(of_output.get(column, 0), float(row["units"]))
    assert len(set(worst.values())) == len(set(of_output.values())) == 6
    home = table(site / "index.html", "Noise units by task and framework")
    assert home["task"] == list(worst)
    assert home["mlp"] == [f"{units:.3g}" for units in worst.values()]
    task = table(site / "tasks" / "mlp.html", "Noise units at base in float32")
    assert task["output"][:6] == list(of_output)
    assert task["backward/grad.0.weight"][:6] == [f"{units:.3g}" for units in of_output.values()]
    assert "Most noise units mlp TF/Keras @ ubuntu412" in pages["index.html"].text
    growth = pd.read_csv(site / "data" / "digits_training-growth-train-loss.csv")
    for lesson in runs["ubuntu"]["lessons"]:
        if lesson["task"] == "digits_training":
            assert list(growth[names_of[lesson["framework"]]]) == lesson["units_by_row"]["train/loss"]


def test_a_comparison_has_isolated_and_propagated_units_on_a_logarithmic_axis(site):
    page = site / "models" / "ubuntu.html"
    layers = table(page, "Both models, layer by layer")
    assert layers["first"] == [
        "second", "isolated", "in float32", "propagated", "in float32", "between the layers",
    ]  # fmt: skip
    assert layers["2"] == ["re_lu", "0", "0.56", "6,760", "6,760", "0"]
    figure = json.loads(FIGURE.findall(page.read_text())[0])
    assert figure["layout"]["yaxis"]["type"] == "log"
    bars = {trace["name"]: trace["y"][2] for trace in figure["traces"]}
    assert bars["isolated"] < 1 < 6000 < bars["propagated"]


def test_bars_reach_from_the_least_to_the_greatest_turn(site):
    with (site / "data" / "mlp-time-base.csv").open() as file:
        data = {(row["loop"], row["backend"]): row for row in csv.DictReader(file)}
    figures = [json.loads(found) for found in FIGURE.findall((site / "tasks" / "mlp.html").read_text())]
    bars = [trace for figure in figures for trace in figure["traces"] if trace["type"] == "bar"]
    assert len(bars) > 4
    for trace in bars[:5]:  # those at base
        for place, loop in enumerate(trace["y"]):
            row = data[loop, trace["name"]]
            least, median, greatest = (float(row[f"{which} seconds"]) for which in ("least", "median", "greatest"))
            assert trace["x"][place] == median
            assert trace["error_x"]["array"][place] == greatest - median
            assert trace["error_x"]["arrayminus"][place] == median - least


def test_history_has_a_line_for_each_machine_and_version(site, pages):
    lines = pd.read_csv(site / "data" / "history-mlp-time_loop-step-base-cpu.csv")
    assert {"NumPy eager, numpy 2.4.6, threads 1, laptop", "NumPy eager, numpy 2.4.6, threads 1, quiet",
            "PyTorch eager, torch 2.12.0, threads 1, quiet"} <= set(lines.columns)  # fmt: skip
    figures = [json.loads(found) for found in FIGURE.findall((site / "history" / "mlp.html").read_text())]
    marks = [symbol for figure in figures for trace in figure["traces"] for symbol in trace["marker"].get("symbol", ())]
    assert sum(symbol.endswith("-open-dot") for symbol in marks) > 6
    overview = pages["history/index.html"].text
    assert "step base cpu on" in overview
    assert "commits on laptop, quiet" in overview


def test_a_divergence_page_shows_both_sides_gap_and_cure(pages):
    page = pages["divergences/BN-EPS.html"].text
    for words in ("torch.nn.BatchNorm1d(4)(x)", "keras.layers.BatchNormalization(epsilon=1e-5)", "9.9e-04",
                  "after the cure", "eval output differs", "keras/src/layers/normalization"):  # fmt: skip
        assert words in page, words
    assert "ubuntu9.9e-0415,8275.9e-081.55numpy 2.4.6" in page, "gap, units, residual, units, versions"
    assert "after the cure: unchangedafter the curedef aligned_keras(x):" in page
    assert "keras is not installed" in pages["divergences/BN-AXIS.html"].text
    assert "was not measured among these results" in pages["divergences/OPT-ZERO.html"].text


def test_missing_parts_say_how_to_get_them(tmp_path):
    (tmp_path / "results").mkdir()
    site = built(tmp_path / "results", tmp_path)
    for address, command in {
        "index.html": "parity run --json results/parity.json", "tasks/mlp.html": "parity time mlp --output results",
        "divergences/index.html": "parity divergences --json", "history/index.html": "tox run -e bench",
        "models/index.html": "parity models", "method.html": "parity time --output results",
    }.items():  # fmt: skip
        assert command in Page(site / address).text, address


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("broken.json", '{"format": 2,', "damaged"),
        ("other.json", '{"a": 1}', "no file of parity run"),
        ("newer/parity.json", '{"format": 9, "environment": {}, "rows": []}', "format 9"),
        ("newer/divergences.json", '{"format": 9, "divergences": []}', "format 9"),
        ("newer/times.csv", "task,loop\nmlp,step\n", "not a file of times"),
        ("slow/times.csv", TIMES.replace("0.5", "half"), "could not convert"),
        ("slow/times.csv", TIMES.replace("0.5", "-0.5"), "no time and no reason"),
        ("two/models.json", '{"agrees": false, "layers": [{}], "faults": [], "outputs": []}', "damaged"),
        ("ubuntu.json", '{"format": 2, "environment": {"frameworks": {}}, "rows": []}', "second file"),
        (
            "lost/parity.json",
            '{"format": 2, "environment": {"frameworks": {}}, "rows": [], "lessons": [{}]}',
            "lessons",
        ),
    ],
)
def test_a_damaged_file_is_named_and_an_old_site_stays(samples, tmp_path, file, content, says):
    before = built(samples, tmp_path)
    (before / "index.html").write_text("as it was")
    (samples / file).parent.mkdir(exist_ok=True, parents=True)
    (samples / file).write_text(content)
    with pytest.raises(UsageError, match=says) as error:
        built(samples, tmp_path)
    assert str(samples / file) in str(error.value)
    assert (before / "index.html").read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["results", "site"]


@pytest.mark.parametrize(
    ("file", "places", "value"),
    [
        ("ubuntu/parity.json", ("lessons", 0, "shows", 0, "columns"), {"parameters": [[], {}]}),
        ("ubuntu/divergences.json", ("environment", "frameworks", "tf"), 4),
    ],
)
def test_a_value_that_no_page_can_show_is_laid_to_its_file(samples, tmp_path, file, places, value):
    found = json.loads((samples / file).read_text())
    *way, last = places
    functools.reduce(lambda part, place: part[place], way, found)[last] = value
    (samples / file).write_text(json.dumps(found))
    with pytest.raises(UsageError, match=r"is damaged .*Error.*: write it again") as error:
        built(samples, tmp_path)
    assert str(samples / file) in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_asvs_own_pages_are_beside_and_what_they_load_is_said(tmp_path):
    (tmp_path / "results").mkdir()
    folder = shutil.copytree(SAMPLES / "asv", tmp_path / "asv")
    (folder / "html").mkdir()
    (folder / "html" / "index.html").write_text("asv's dashboard")
    site = built(tmp_path / "results", tmp_path, "asv")
    page = Page(site / "history" / "index.html")
    assert "loads its scripts from other hosts" in page.text
    assert "../asv/index.html" in page.all("href")
    assert (site / "asv" / "index.html").read_text() == "asv's dashboard"


def test_damaged_history_is_named(tmp_path):
    folder = shutil.copytree(SAMPLES / "asv", tmp_path / "asv")
    path = next(folder.glob("results/quiet/*-numpy*.json"))
    found = json.loads(path.read_text())
    for row in found["results"].values():
        row[0] = [["no number"] for _ in row[0]]
    for damaged in ({}, found):
        path.write_text(json.dumps(damaged))
        with pytest.raises(UsageError, match=path.name):
            read_history(folder)


def test_nothing_but_a_site_is_replaced(samples, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="no site of parity's"):
        built(samples, tmp_path)
    assert (tmp_path / "site" / "thesis.tex").read_text() == "years of work"
    with pytest.raises(UsageError, match="no folder of results"):
        built(tmp_path / "none", tmp_path)


def test_the_command_prints_the_first_page_and_imports_no_framework(samples, tmp_path):
    code = (
        "import sys; from parity.cli import run; sys.argv = ['parity', *sys.argv[1:]]\n"
        "try: run()\nfinally: print(*(name for name in ('torch', 'tensorflow', 'keras') if name in sys.modules))"
    )
    command = ["site", "--results", str(samples), "--out", str(tmp_path / "out"), "--history", str(SAMPLES / "asv")]
    done = subprocess.run([sys.executable, "-c", code, *command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(tmp_path / "out" / "index.html")]


def test_a_site_that_fails_half_way_leaves_the_old_one(samples, tmp_path, monkeypatch):
    before = built(samples, tmp_path)
    (before / "index.html").write_text("as it was")

    def fail(site, found):
        raise RuntimeError("half way")

    monkeypatch.setattr(build.PAGES[-1], "write", fail)
    with pytest.raises(RuntimeError, match="half way"):
        built(samples, tmp_path)
    assert (before / "index.html").read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["results", "site"]


def test_ratios_and_means_are_of_one_result():
    def timed(result, backend, loop, median, disturbed=False):
        column = Column(result, backend, backend, "cpu", "eager", "float32")
        return Timed(
            column, "a processor, 2 cores", "mlp", "a topic", loop, "base", median, median, median, units=None,
            examples=None, build=None, first=None, others=None, disturbed=disturbed, skip_reason="",
        )  # fmt: skip

    fast = [
        timed("fast", "numpy", "step", 1.0),
        timed("fast", "torch", "step", 2.0),
        timed("fast", "numpy", "epoch", 1.0),
    ]
    slow = [timed("slow", "numpy", "step", 80.0), timed("slow", "torch", "step", 20.0)]
    slow += [timed("slow", "numpy", "epoch", 10.0), timed("slow", "torch", "epoch", 10.0)]
    slow += [timed("slow", "numpy", "forward", 9.0), timed("slow", "torch", "forward", 1.0, disturbed=True)]
    table = Table([*fast, *slow])
    line = table.lines["a topic", "mlp", "step", "base"]
    assert table.ratios(line, slow[0].column) == {"torch": 4.0, FASTEST: 4.0, "numpy": 1.0}
    assert table.ratios(line, fast[0].column) == {"torch": 0.5, FASTEST: 1.0, "numpy": 1.0}
    assert table.means("", fast[0].column)["torch"] == 0.5, "an epoch in NumPy alone is compared with nothing"
    assert table.means("a topic", slow[0].column) == {"torch": 2.0, FASTEST: 2.0, "numpy": 1.0}
    assert table.means("another", slow[0].column) == {}


def test_a_change_is_far_and_apart_or_of_another_thing():
    date = None
    before = Point("a", date, 1.0, 0.98, 1.02, "x")
    assert moved(before, Point("b", date, 1.2, 1.18, 1.22, "x"))
    assert not moved(before, Point("b", date, 1.04, 1.03, 1.05, "x")), "it is apart, and not far"
    assert not moved(before, Point("b", date, 1.2, 1.0, 1.4, "x")), "it is far, and not apart"
    assert moved(before, Point("b", date, 1.0, 0.98, 1.02, "y")), "what is timed is another"


def test_the_example_of_a_noise_unit_is_what_the_judge_measures():
    lines = method.example()
    off = {line.what: line.judge / line.pencil for line in lines}
    assert all(0.98 < ratio < 1.02 for ratio in off.values()), off
    assert lines[-2].judge < LIMIT < lines[-1].judge


def test_the_readme_has_the_records_that_the_method_shows():
    for name, words in method.RECORDED.items():
        html = method.recorded(words)
        assert html.count("<table>") == 1, name
    assert method.recorded("of something that nobody measured") == ""


def test_the_workflows_fit_the_schema():
    files = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert len(files) == 2
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_names_commands_files_and_extras_that_exist():
    workflow = YAML(typ="safe").load(ROOT / ".github" / "workflows" / "site.yml")
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    words = [re.sub(r"[;()]", " ; ", step.get("run", "")).split() for step in steps]
    asked = set()
    for of in words:
        for place, word in enumerate(of):
            if word == "parity":
                rest = itertools.takewhile(lambda word: word not in (";", "||", ">", "|"), of[place + 1 :])
                name, *options = (one for one in rest if re.fullmatch(r"(--)?[a-z]+", one))
                asked.add(name)
                known = {option for parameter in COMMANDS[name].params for option in parameter.opts}
                assert {one for one in options if one.startswith("--")} <= known, name
    assert asked == {"run", "divergences", "time", "compare", "site"}
    run = "\n".join(step.get("run", "") for step in steps)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {one for found in re.findall(r"\.\[(.+?)\]", run) for one in found.split(",")} <= set(extras)
    modules = set(re.findall(r"python -m (\S+)", run)) - {"pip"}  # looked up, pip makes setuptools warn
    assert all(importlib.util.find_spec(module) for module in modules)
    matrix = workflow["jobs"]["results"]["strategy"]["matrix"]["include"]
    assert all((ROOT / one["constraints"]).exists() for one in matrix)
    assert sum(one["timed"] for one in matrix) == 1, "times of several machines are no comparison of frameworks"
    assert len({one["os"] for one in matrix}) > 2
    assert len({one["constraints"] for one in matrix}) > 1


def test_figures_are_strict_json(site):
    def refuse(name):
        raise ValueError(f"JSON has no {name}")

    for path in site.rglob("*.html"):
        for found in FIGURE.findall(path.read_text()):
            json.loads(found, parse_constant=refuse)
