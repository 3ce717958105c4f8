"""What all tests share: the options for frameworks and devices, and the summary at the end of a run."""

import os

import numpy as np
import pytest

from parity.frameworks.runtime import runtime
from parity.task import DEVICES, FRAMEWORKS, framework_named
from parity.tasks import load, names


def pytest_addoption(parser):
    parser.addoption(
        "--framework",
        action="append",
        type=framework_named,
        help="test only this framework (repeatable; default: all)",
    )
    parser.addoption("--device", choices=DEVICES, default="cpu", help="where the tasks run (default: cpu)")
    parser.addoption("--seeds", type=int, default=6, help="judge each task on so many inputs (default: 6)")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """One more than there are cores: a test that waits for a process leaves its core to another."""
    return (os.cpu_count() or 1) + 1


def pytest_generate_tests(metafunc):
    if "task_name" in metafunc.fixturenames:
        of = metafunc.definition.get_closest_marker("tasks")
        metafunc.parametrize("task_name", [name for name in names() if of is None or of.kwargs["that"](load(name))])
    if "framework" in metafunc.fixturenames:
        metafunc.parametrize("framework", metafunc.config.getoption("--framework") or FRAMEWORKS)


@pytest.fixture(autouse=True)
def _framework_is_here(request):
    """A missing framework is an error that names its install command, never a skip."""
    if "framework" in request.fixturenames:
        runtime(request.getfixturevalue("framework"))


@pytest.fixture
def device(request):
    return request.config.getoption("--device")


def pytest_terminal_summary(terminalreporter):
    """Print the noise units of correct implementations, and the smallest noise units of planted faults."""
    worst, weakest, every = {}, [], []
    for report in terminalreporter.stats.get("passed", []):
        for key, value in report.user_properties:
            if key == "units":
                framework, dtype, units, output = value
                worst[framework, dtype] = max(worst.get((framework, dtype), (0.0, "")), (units, output))
            elif key == "fault":
                weakest.append(tuple(value))
            elif key == "every unit":
                every += value
    if worst:
        terminalreporter.section("worst noise units of each framework (30 at most)")
        for (framework, dtype), (units, output) in sorted(worst.items()):
            terminalreporter.line(f"{framework:6} {dtype:8} {units:6.2f}  {output}")
    if every:
        terminalreporter.section(f"noise units of {len(every):,} outputs, over all seeds")
        shares = [f"{share:.2%} {np.quantile(every, share):.3g}" for share in (0.5, 0.99, 0.9999)]
        terminalreporter.line(", ".join([*shares, f"worst {max(every):.3g}"]))
        terminalreporter.line(", ".join(f"above {limit} {sum(u > limit for u in every)}" for limit in (10, 15, 20, 25)))
    if weakest:
        terminalreporter.section(f"weakest of {len(weakest)} planted faults, in noise units (300 at least)")
        for units, fault in sorted(weakest)[:5]:
            terminalreporter.line(f"{units:12.4g}  {fault}")
