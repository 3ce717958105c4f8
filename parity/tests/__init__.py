"""The tests; `tox run -e parity` runs them all."""
