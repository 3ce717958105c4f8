"""The tests of the benchmarks; `tox run -e parity` runs them with parity's."""
