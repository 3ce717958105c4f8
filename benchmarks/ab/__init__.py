"""Two revisions, measured in turns: did a change make a loop slower?  `python -m benchmarks.ab`, or `tox run -e ab`."""
