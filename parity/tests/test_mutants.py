"""The mutation driver: its operators produce what they say, and nothing that survives goes unreported."""

import json

import pytest

from parity.tests.mutants import __main__ as command
from parity.tests.mutants import accepted, checks, run
from parity.tests.mutants.checks import ROOT, Check, checks_of, seen_by, users_of
from parity.tests.mutants.operators import mutants_of, planted
from parity.tests.mutants.processes import Copy, Judge

SOURCE = '''"""Words."""
import math

@cached
def f(x: int, y=0.5) -> float:
    """More words."""
    if not x > 1 and y:
        g(x, y, key=True)
    with guard():
        return math.sqrt(x.T.sum()) + y[-1]
'''


@pytest.mark.parametrize(
    ("operator", "change"),
    [
        ("no decorator", "@cached def f(x: int, y=0.5) -> float: -> def f(x: int, y=0.5) -> float:"),
        ("constant + 1", "y=0.5) -> float: -> @cached def f(x: int, y=1.5)"),
        ("constant 0", "y=0.5) -> float: -> @cached def f(x: int, y=0.0)"),
        ("another sign", "y=0.5) -> float: -> @cached def f(x: int, y=-0.5)"),
        ("the other branch", "-> if not (not x > 1 and y):"),
        ("another operation", "-> if not x > 1 or y:"),
        ("no not", "-> if x > 1 and y:"),
        ("another comparison", "-> if not x >= 1 and y:"),
        ("no statement", "g(x, y, key=True) -> pass"),
        ("no argument", "-> g(x, key=True)"),
        ("no argument", "-> g(x, y)"),
        ("swapped arguments", "-> g(y, x, key=True)"),
        ("the other boolean", "-> g(x, y, key=False)"),
        ("no context", "with guard(): -> if True:"),
        ("returns nothing", "-> return"),
        ("another operation", "-> return math.sqrt(x.T.sum()) - y[-1]"),
        ("no call", "-> return x.T.sum() + y[-1]"),
        ("no call", "-> return math.sqrt(x.T) + y[-1]"),
        ("its twin", "-> return math.sqrt(x.T.mean()) + y[-1]"),
        ("not transposed", "-> return math.sqrt(x.sum()) + y[-1]"),
        ("no sign", "-> return math.sqrt(x.T.sum()) + y[1]"),
    ],
)
def test_an_operator_produces_what_it_says(operator, change):
    found = [mutant for mutant in mutants_of("f.py", SOURCE) if mutant.operator == operator and change in mutant.change]
    assert len(found) == 1
    assert found[0].function == "f"


def test_each_mutant_is_one_change_that_compiles_and_words_are_left_alone():
    mutants = mutants_of("f.py", SOURCE)
    texts = {planted(mutant, SOURCE) for mutant in mutants}
    assert len(texts) == len(mutants)
    for text in texts:
        compile(text, "f.py", "exec")
        assert "Words." in text
        assert "More words." in text
    assert len({mutant.key for mutant in mutants}) == len(mutants)


def test_a_key_lasts_as_long_as_its_function():
    moved = mutants_of("f.py", SOURCE.replace("import math\n", "import math\n\nUNIT = 3\n"))
    changed = mutants_of("f.py", SOURCE.replace("y=0.5", "y=0.25"))
    keys = {mutant.key for mutant in mutants_of("f.py", SOURCE)}
    assert keys < {mutant.key for mutant in moved}
    assert not keys & {mutant.key for mutant in changed}


def test_the_checks_of_a_file_are_those_of_the_tasks_that_use_it():
    assert {check.task for check in checks_of("impl_tf/mlp.py")} == {"mlp"}
    assert {check.mode for check in checks_of("impl_tf/mlp.py")} == {"eager", "graph"}
    assert {check.framework for check in checks_of("impl_numpy/mlp.py")} == {"numpy", "torch"}
    assert "lstm" in users_of("impl_numpy/ops/recurrent.py")
    assert "attention" in users_of("impl_numpy/ops/activation.py")  # through softmax
    assert "mlp" not in users_of("impl_numpy/ops/recurrent.py")


def test_every_file_has_checks_or_tests_and_these_exist():
    for path in (ROOT / "parity/judging").glob("[!_]*.py"):
        asked = [
            word
            for words in checks.tests_of(f"parity/judging/{path.name}", quick=False)
            for word in words
            if "/" in word
        ]
        assert asked, path.name
        assert all((ROOT / word).exists() for word in asked)


def test_a_fault_is_seen_where_it_is(monkeypatch):
    import impl_numpy.scalar_graph as module

    check = Check("scalar_graph", "numpy")
    assert seen_by([check], fresh=False) == ""
    forward = module.forward
    monkeypatch.setattr(module, "forward", lambda model, batch: {k: -v for k, v in forward(model, batch).items()})
    assert "forward/u differs" in seen_by([check], fresh=False)
    monkeypatch.setattr(module, "forward", lambda model, batch: None)
    assert "forward error" in seen_by([check], fresh=False)


@pytest.fixture
def results(monkeypatch, tmp_path):
    """Run the command on one file with a judge of our own; the exit code, and the mutants that it was asked about."""
    monkeypatch.setattr(accepted, "LISTS", tmp_path / "accepted.toml")

    def call(*words, lists="", survives=lambda mutant: False):
        (tmp_path / "accepted.toml").write_text(lists)
        asked = []

        def judged(mutants, *, tests, **how):
            for mutant in mutants:
                asked.append(mutant)
                yield mutant, run.Found(mutant.key, "survives" if survives(mutant) else "killed", "", tests)

        monkeypatch.setattr(run, "judged", judged)
        arguments = [*words, "--results", str(tmp_path / "mutants.jsonl")]
        return command.main(["impl_torch/lstm.py", *arguments]), asked

    return call


def test_a_survivor_is_named_and_is_exit_code_1(results, capsys):
    named = "impl_torch/lstm.py backward: model.zero_grad() -> pass  [no statement]"
    code, asked = results(survives=lambda mutant: "zero_grad" in mutant.change)
    assert code == 1
    assert named in capsys.readouterr().out
    assert len(asked) > 20
    assert results() == (1, [])  # it is known, and not asked again while the tests are the same
    assert named in capsys.readouterr().out


def test_a_run_goes_on_where_it_was(results, tmp_path):
    code, asked = results()
    assert code == 0
    kept = (tmp_path / "mutants.jsonl").read_text().splitlines()
    assert {json.loads(line)["key"] for line in kept} == {mutant.key for mutant in asked}
    (tmp_path / "mutants.jsonl").write_text("\n".join(kept[:-3]) + "\n")
    assert [mutant.key for mutant in results()[1]] == [mutant.key for mutant in asked[-3:]]


ENTRY = '[[equivalent]]\nfile = "impl_torch/lstm.py"\nchange = "{}"\nreason = "{}"\n'


def test_a_listed_mutant_is_counted_where_nothing_sees_it(results, capsys):
    lists = ENTRY.format("with torch.no_grad(): -> *", "equal in value")
    code, asked = results(lists=lists, survives=lambda mutant: "no_grad" in mutant.change)
    assert code == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("impl_torch"))
    assert row.split() == ["impl_torch", str(len(asked)), str(len(asked) - 1), "1", "0", "0"]


def test_a_listed_mutant_that_is_seen_is_refused(results, capsys):
    assert results("--all", lists=ENTRY.format("with torch.no_grad(): -> *", "equal in value"))[0] == 2
    assert "take out what is seen" in capsys.readouterr().out


def test_a_list_of_a_folder_counts_for_each_of_its_files(results):
    lists = ENTRY.format("with torch.no_grad(): -> *", "equal in value").replace("lstm.py", "*")
    assert results(lists=lists, survives=lambda mutant: "no_grad" in mutant.change)[0] == 0


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (ENTRY.format("model.zero_gradients() -> *", "gone"), "no mutant is impl_torch/lstm.py"),
        (ENTRY.format("*", " "), "has no reason"),
        ('[[equivalent]]\nfile = "impl_torch/lstm.py"\nreason = "all of it"\n', "change"),
    ],
)
def test_a_list_that_is_out_of_date_is_refused(results, capsys, entry, words):
    assert results(lists=entry)[0] == 2
    assert words in capsys.readouterr().out


def test_a_mutant_is_planted_in_a_copy_and_judged_there(tmp_path, request):
    """In a process that has not yet started TensorFlow, and that starts again where a mutant ends it."""
    if "torch" not in (request.config.getoption("--framework") or ["torch"]):
        pytest.skip("--framework leaves torch out, by which NumPy's mutants are judged")
    copy = Copy(tmp_path)
    judge = Judge(copy, timeout=60)
    mutants = mutants_of("impl_numpy/scalar_graph.py", (ROOT / "impl_numpy/scalar_graph.py").read_text())
    before = (tmp_path / "impl_numpy/scalar_graph.py").read_text()
    try:
        assert judge.see(next(mutant for mutant in mutants if mutant.operator == "another operation"))
        judge.process.kill()
        assert judge.see(next(mutant for mutant in mutants if mutant.operator == "returns nothing"))
    finally:
        judge.close()
    assert (tmp_path / "impl_numpy/scalar_graph.py").read_text() == before
