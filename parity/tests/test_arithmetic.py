"""The verdicts hold where threads, a processor or a compiler compute otherwise: every task, in fresh processes."""

import json
import os
import subprocess
import sys

import pytest

from parity.judging.verdict import PASSING

SETTINGS = {
    "one thread": {"OMP_NUM_THREADS": "1"},
    "two threads": {"OMP_NUM_THREADS": "2"},
    "without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0", "DNNL_MAX_CPU_ISA": "SSE41"},
    "ATen without vectors": {"ATEN_CPU_CAPABILITY": "default"},
    "OpenBLAS for an old processor": {"OPENBLAS_CORETYPE": "Nehalem"},
    "XLA": {},
}


@pytest.mark.arithmetic
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_verdicts_hold_under_other_arithmetic(setting, tmp_path):
    mode = ["--mode", "xla", "--framework", "tf"] if setting == "XLA" else []
    file = tmp_path / "rows.json"
    command = [sys.executable, "-m", "parity", "run", "--device", "cpu", "--json", str(file), *mode]
    environment = {**os.environ, **SETTINGS[setting]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    rows = json.loads(file.read_text())["rows"]
    judged = [row for row in rows if row["verdict"] != "unavailable"]
    print(f"\n{setting}: {len(judged)} rows")
    for framework, dtype in sorted({(row["framework"], row["dtype"]) for row in judged}):
        of = [row for row in judged if (row["framework"], row["dtype"]) == (framework, dtype)]
        units, where = max(
            (float(row["units"]), f"{row['task']} {row['output']}") for row in of if row["units"] is not None
        )
        print(f"  {framework:6} {dtype}: worst {units:.3g} in {where}")
    assert [row for row in judged if row["verdict"] not in PASSING] == []
    assert done.returncode == 0, done.stderr
