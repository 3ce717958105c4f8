"""Time, memory and numerical drift of every loop, over commits, versions and revisions.

This package is imported before any framework, since a library reads its number of threads only once.
"""

from parity.frameworks import threads

threads.pin()
