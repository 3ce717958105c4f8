"""The modules that asv runs, one for each framework; they import only packages that asv's environments have.

asv imports this folder as a separate package.  `benchmarks` (which pins the threads before any framework is imported),
`parity` and the implementations must come from the same commit, whatever is installed.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import benchmarks  # noqa: F401  # it pins the threads
