"""The site: the results of `run`, `time`, `divergences` and `models`, side by side, as pages that any host can serve."""
