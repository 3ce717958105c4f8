"""`parity run`: inputs, runs, noise, verdicts, and what a person sees of them."""
