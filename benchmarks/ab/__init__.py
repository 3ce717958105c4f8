"""Two revisions in turns: did this change make a loop slower?  `python -m benchmarks.ab`, or `tox run -e ab`."""
