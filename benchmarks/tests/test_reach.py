"""Which loops a change reaches: on a small tree of files, and on this checkout's own."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.ab import reach
from benchmarks.ab.code import ANYTHING
from benchmarks.ab.sides import Loop
from benchmarks.revisions import ROOT
from parity import load
from parity.frameworks.runtime import implementation_of
from parity.tasks import names
from parity.timing.loop import Backend, warmed

FORWARD, BACKWARD, TORCH = (
    Loop("conv", "forward", "numpy"),
    Loop("conv", "backward", "numpy"),
    Loop("conv", "forward", "torch"),
)
BOTH, ALL = {FORWARD, BACKWARD}, {FORWARD, BACKWARD, TORCH}
SWAPPED = "import conv2d as relu\nfrom .activation import Base, relu as conv2d"
TREE = {
    "README.md": "Words.",
    "constraints.txt": "torch==2.13.0\n",
    "pyproject.toml": (
        '[project]\ndependencies = ["numpy"]\n[project.optional-dependencies]\ntorch = ["torch"]\ntypes = ["mypy"]\n'
        "[tool.ruff]\nline-length = 120\n"
    ),
    "parity/timing/loop.py": (
        "from parity.judging.inputs import draw\n"
        "def warmed(): return once(draw())\nclass WarmLoop: pass\ndef once(x): return open('x')\n"
    ),
    "parity/timing/__init__.py": "DEPTH = 1\n",
    "parity/judging/inputs.py": "def draw(): return 1\n",
    "parity/task.py": "class Task: pass\nclass Stage: pass\nclass Claim: pass\n",
    "impl_torch/__init__.py": "MODES = 1\n",
    "impl_torch/conv.py": (
        "import torch\ndef build(params): return 1\ndef forward(model, batch): return torch.relu(batch)\n"
    ),
    "impl_numpy/__init__.py": "MODES = 1\n",
    "impl_numpy/ops/__init__.py": (
        "from impl_numpy.ops.convolution import conv2d\nfrom .activation import Base, relu\n"
        "from impl_numpy.ops.kink import kink\n"
    ),
    "impl_numpy/ops/convolution.py": (
        '"""Convolution."""\nimport numpy as np\nfrom impl_numpy.ops.kink import kink\n'
        'def conv2d(x):\n    """Formula."""\n    return kink(np.pad(x, 1))\ndef pool(x): return x\n'
    ),
    "impl_numpy/ops/activation.py": "class Base: x = 1\nclass relu(Base): y = 1\n",
    "impl_numpy/ops/kink.py": "def kink(x): return x\n",
    "impl_numpy/ops/broken.py": "x = = 1\n",
    "impl_numpy/conv.py": (
        "from impl_numpy import ops\nSCALE = 2\nNAMES = ['a']\ndef build(params): return params\n"
        "def forward(model, batch): return _forward(batch)\n"
        "def backward(model, batch): return ops.relu(_forward(batch))\n"
        "def summary(model, batch): return NAMES\n"
        "def _forward(batch):\n    scaled = SCALE * batch\n    return ops.conv2d(scaled)\n"
    ),
}  # fmt: skip


def planted(folder, **changes):
    """The small tree, with one file changed: `old` is replaced by `new`."""
    for name, text in TREE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, (old, new) in changes.items():
        assert old in (folder / name).read_text()
        (folder / name).write_text((folder / name).read_text().replace(old, new))
    return folder


def reached(tmp_path, before, after):
    return set(reach.reached(planted(tmp_path / "a", **before), planted(tmp_path / "b", **after), sorted(ALL, key=str)))


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("README.md", "Words", "Other words", set()),
        ("impl_numpy/ops/convolution.py", "return kink", "return -kink", BOTH),
        ("impl_numpy/ops/convolution.py", "Formula.", "Another formula.", set()),
        ("impl_numpy/ops/convolution.py", "kink(np.pad(x, 1))", "kink(  # why\n np.pad(x, 1))", set()),
        ("impl_numpy/ops/convolution.py", "def pool(x): return x", "def pool(x): return -x", set()),
        ("impl_numpy/ops/convolution.py", "import numpy as np", "import numpy as np\nnp.seterr(all='raise')", BOTH),
        ("impl_numpy/ops/kink.py", "return x", "return -x", BOTH),
        ("impl_numpy/ops/kink.py", "def kink", "import numpy as np\nnp.seterr(all='raise')\ndef kink", BOTH),
        ("impl_numpy/ops/__init__.py", "from .activation", "import numpy as np\nnp.seterr()\nfrom .activation", BOTH),
        ("impl_numpy/ops/activation.py", "class Base", "import numpy as np\nnp.seterr()\nclass Base", BOTH),
        ("impl_numpy/ops/kink.py", "def kink", "import os\nos.environ['A'] = '1'\ndef kink", BOTH),
        ("impl_numpy/ops/kink.py", "def kink", "import numpy\nnumpy.pad.a: int = 1\ndef kink", BOTH),
        ("impl_numpy/ops/kink.py", "def kink", "import numpy\nOLD = numpy.seterr(all='raise')\ndef kink", BOTH),
        ("impl_numpy/ops/kink.py", "def kink", "OTHER = 1\ndef kink", set()),
        ("parity/timing/__init__.py", "DEPTH = 1", "import gc\ngc.disable()", ALL),
        ("parity/timing/__init__.py", "DEPTH = 1", "DEPTH = 2", set()),
        ("impl_numpy/ops/activation.py", "x = 1", "x = 2", {BACKWARD}),
        ("impl_numpy/ops/__init__.py", "convolution import conv2d", "kink import kink as conv2d", BOTH),
        ("impl_numpy/ops/__init__.py", "import Base, relu", "import Base, Base as relu", {BACKWARD}),
        ("impl_torch/conv.py", "import torch", "import othertorch as torch", {TORCH}),
        ("impl_numpy/conv.py", "SCALE = 2", "SCALE = 3", BOTH),
        ("impl_numpy/conv.py", "SCALE = 2", "SCALE = 2\nSCALE += 1", BOTH),
        ("impl_numpy/conv.py", "NAMES = ['a']", "NAMES = ['b']", set()),
        ("impl_numpy/conv.py", "return params", "return dict(params)", BOTH),
        ("impl_numpy/conv.py", "def forward", "@ops.kink\ndef forward", {FORWARD}),
        ("impl_numpy/__init__.py", "MODES = 1", "MODES = 2", BOTH),
        ("impl_torch/conv.py", "torch.relu", "torch.tanh", {TORCH}),
        ("parity/timing/loop.py", "return once", "return -once", ALL),
        ("parity/judging/inputs.py", "return 1", "return 2", set()),
        ("parity/timing/loop.py", "'x'", "'y'", ALL),
        ("parity/task.py", "class Claim: pass", "class Claim: x = 1", set()),
        ("constraints.txt", "2.13.0", "2.14.0", ALL),
        ("constraints.txt", "torch", "# a word\ntorch", set()),
        ("pyproject.toml", '"numpy"', '"numpy>=2"', ALL),
        ("pyproject.toml", '"torch"', '"torch>=2"', ALL),
        ("pyproject.toml", '"mypy"', '"mypy>=1"', set()),
        ("pyproject.toml", "120", "100", set()),
    ],
)  # fmt: skip
def test_a_change_reaches_the_loops_whose_code_it_changes(tmp_path, file, old, new, expected):
    assert reached(tmp_path, {}, {file: (old, new)}) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("scaled = SCALE * batch", "scaled = eval('SCALE')"),
        ("scaled = SCALE * batch", "scaled = open('README.md')"),
        ("scaled = SCALE * batch", "scaled = batch.parent.read_bytes()"),
        *(
            ("scaled = SCALE * batch", f"import numpy as np; scaled = np.{reader}('x')")
            for reader in ("load", "fromfile", "loadtxt", "genfromtxt", "memmap", "load_file", "load_model", "read_csv")
        ),
        ("scaled = SCALE * batch", "import pathlib; scaled = pathlib.Path('x').read_text()"),
        ("scaled = SCALE * batch", "import importlib; scaled = importlib.import_module(batch)"),
        ("scaled = SCALE * batch", "scaled = ops.renamed(batch)"),
        ("SCALE = 2", "from impl_numpy.ops import *\nSCALE = unknown"),
        ("SCALE = 2", "SCALE = = 2"),
        ("SCALE = 2", "from impl_numpy.ops import broken\nSCALE = 2"),
        ("SCALE = 2", "import numpy as np\ndef other():\n    import torch as np\nSCALE = 3"),
    ],
)
def test_what_names_do_not_tell_counts_as_everything(tmp_path, old, new):
    unclear = {"impl_numpy/conv.py": (old, new)}
    assert reached(tmp_path, unclear, {**unclear, "README.md": ("Words", "Other words")}) == BOTH


def test_two_operations_that_change_their_names_are_a_change(tmp_path):
    """The loop leads to the same definitions before and after."""
    swapped = {"impl_numpy/ops/__init__.py": ("import conv2d\nfrom .activation import Base, relu", SWAPPED)}
    assert reached(tmp_path, {}, swapped) == BOTH


def test_what_python_compiled_is_no_change(tmp_path):
    unclear = {"impl_numpy/conv.py": ("SCALE * batch", "eval('SCALE')")}
    for name, compiled in (("a", b"one"), ("b", b"another")):
        (tmp_path / name / "parity" / "__pycache__").mkdir(parents=True)
        (tmp_path / name / "parity" / "__pycache__" / "task.pyc").write_bytes(compiled)
    assert reached(tmp_path, unclear, unclear) == set()


def test_of_a_module_that_is_passed_on_everything_counts(tmp_path):
    passed_on = {"impl_numpy/conv.py": ("SCALE * batch", "getattr(ops, batch)")}
    changed = {"impl_numpy/ops/convolution.py": ("def pool(x): return x", "def pool(x): return -x")}
    assert reached(tmp_path, passed_on, {**passed_on, **changed}) == BOTH


def test_a_tree_of_another_layout_counts_as_everything(tmp_path):
    """An older revision has no `warmed` where it is now."""
    older = {"parity/timing/loop.py": ("def warmed", "def prepared")}
    assert reached(tmp_path, older, {**older, "README.md": ("Words", "Other words")}) == ALL


def test_the_real_convolution_reaches_its_own_tasks_in_numpy(tmp_path):
    loops = [Loop(task, "forward", f) for task in ("conv_block", "mlp", "lstm") for f in ("numpy", "torch", "tf")]
    for package in ("parity", "impl_numpy", "impl_torch", "impl_tf"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    for name in ("constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    assert reach.reached(ROOT, tmp_path, loops) == {}
    path = tmp_path / "impl_numpy" / "ops" / "convolution.py"
    path.write_text(path.read_text().replace("return z.reshape", "z = z + 0\n    return z.reshape"))
    assert reach.reached(ROOT, tmp_path, loops) == {
        Loop("conv_block", "forward", "numpy"): ["impl_numpy.ops.convolution:conv2d"]
    }


def test_the_code_of_every_loop_can_be_followed():
    code = reach.code_of(ROOT)
    for task in names():
        for loop in load(task).loops:
            for framework in ("numpy", "torch", "tf"):
                assert ANYTHING not in code.behind(reach.roots(Loop(task, loop, framework))), (task, loop, framework)


def test_whatever_a_loop_calls_is_in_its_code(framework):
    """Every function of the repository that runs while a loop is made ready and called, but for the draw."""
    code = reach.code_of(ROOT)
    packages = tuple(f"{ROOT}{os.sep}{name}{os.sep}" for name in ("impl_numpy", "impl_torch", "impl_tf", "parity"))
    for task in (load(name) for name in names() if load(name).loops):
        loop, called = task.loops[-1], set()
        implementation_of(task, framework)  # what runs at its import is no call

        def note(frame, event, argument, called=called):
            if event == "call" and frame.f_code.co_filename.startswith(packages):
                called.add(frame.f_code)

        sys.setprofile(note)
        try:
            with warmed(task, loop, Backend(framework=framework), size="tiny") as ready:
                ready.call()
        finally:
            sys.setprofile(None)
        ran = set()
        for of in called:
            parts = Path(of.co_filename).relative_to(ROOT).with_suffix("").parts
            first = of.co_qualname.partition(".")[0]
            if not first.startswith("<") and parts[:2] not in (("parity", "tasks"), ("parity", "judging")):
                ran.add(f"{'.'.join(parts)}:{first}")
        assert ran
        assert ran - code.behind(reach.roots(Loop(task.name, loop, framework))).keys() == set(), (task.name, loop)


def test_the_controls_are_other_tasks_of_frameworks_that_are_measured():
    loops = [Loop(task, "forward", f) for f in ("numpy", "torch") for task in ("a", "b", "c", "d", "e")]
    changed = {Loop("b", "forward", "torch"): ["b"]}
    same = [loop for loop in loops if loop not in changed]
    assert [str(loop) for loop in reach.controls(same, changed)] == ["a forward torch", "d forward torch"]
    assert reach.controls(loops, {}) == []
    assert reach.controls([], dict.fromkeys(loops)) == []
    numpy = {loop: ["runtime"] for loop in loops if loop.framework == "numpy"}
    assert {loop.framework for loop in reach.controls([loop for loop in loops if loop not in numpy], numpy)} == {
        "torch"
    }


def test_the_report_says_what_is_left_out_and_why():
    loops = [Loop(task, "forward", "numpy") for task in ("a", "b", "c", "d")]
    changed = {loops[0]: ["impl_numpy.a:forward"], loops[1]: [f"impl_numpy.b:{number}" for number in range(6)]}
    assert list(reach.said(loops, changed, loops[:3])) == [
        "changed: impl_numpy.a.forward: a forward numpy",
        "changed: impl_numpy.b.0, impl_numpy.b.1, impl_numpy.b.2, impl_numpy.b.3 and 2 more: b forward numpy",
        "measured as drift control, their code is the same: c forward numpy",
        "left out, their code is the same: 1 loop (--all measures them)",
    ]
    assert next(reach.said(loops, {}, [])) == "no loop runs code that differs"
