"""asv over the commits: run, keep results, publish.  `python -m benchmarks.history`, or `tox run -e bench`."""
