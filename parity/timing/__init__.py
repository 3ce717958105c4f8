"""`parity time`: warm loops, backends that take turns, and the report of their times."""
