"""The site: results of run, time, divergences and models side by side, as pages that any host can serve."""

from pathlib import Path

from parity.frameworks.runtime import missing_packages
from parity.task import UsageError

NEEDS = ("jinja2", "pygments", "plotly", "pdoc", "markdown2")


def build_site(results: Path, out: Path, history: Path) -> Path:
    """Build the site of a folder of results, in the place of `out`; return its first page.

    Args:
        history: asv's folder, which has `results` and perhaps `html`.

    Raises:
        UsageError: a package is missing, a file is damaged or of an older format, or `out` is something else than a
            site.
    """
    if missing := missing_packages(*NEEDS):
        raise UsageError(f"parity site needs {', '.join(missing)}: python -m pip install {' '.join(missing)}")
    from parity.site.build import build

    return build(results, out, history)
