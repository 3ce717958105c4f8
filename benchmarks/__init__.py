"""Time, memory and numerical drift of every loop.

Imported before any framework, which reads these variables once: threads are pinned to the machine's cores.  asv
imports this package by its folder; `parity` and the implementations are to be those of the same commit.
"""

import os
import sys
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(_variable, str(os.cpu_count() or 1))
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent.parent))
