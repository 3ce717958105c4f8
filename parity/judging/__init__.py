"""`parity run`: inputs, runs, noise, verdicts, and their report."""
