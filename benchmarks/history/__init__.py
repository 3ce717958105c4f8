"""asv over the commits: run, keep, publish.  `python -m benchmarks.history`, or `tox run -e bench`."""
