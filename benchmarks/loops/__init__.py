"""What asv runs, a module for each framework, and nothing that asv's environments would lack.

asv imports this folder as a package of its own.  `benchmarks`, which pins the threads before any framework is
imported, `parity` and the implementations are to be those of the same commit, whatever is installed.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import benchmarks  # noqa: F401
