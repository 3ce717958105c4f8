"""Time, memory and numerical drift of every loop, over commits, versions and revisions.

Imported before any framework: how many threads a library uses is read once.
"""

from parity.frameworks import threads

threads.pin()
