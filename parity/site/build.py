"""From a folder of results to a folder of pages."""

import importlib.resources
from pathlib import Path

from parity.frameworks.environment import parity_version
from parity.site import code, search, sources
from parity.site.pages import divergences, history, home, method, models, reference, tasks
from parity.site.writing import TEMPLATES, Site, write_whole

PAGES = (home, tasks, divergences, models, history, method, reference)


def build(results: Path, out: Path, asvs: Path) -> Path:
    """Build the site and put it into the place of `out`; return its first page.

    Raises:
        UsageError: a file of results is damaged or of an older format, or `out` is something else than a site.
    """
    found = sources.read(results, asvs)

    def fill(folder: Path) -> None:
        site = Site(folder, f"parity {parity_version()}; results: {', '.join(found.results) or 'none'}")
        site.file("site.css", (TEMPLATES / "site.css").read_text("utf-8") + code.style())
        site.file("site.js", (TEMPLATES / "site.js").read_text("utf-8"))
        site.file("plotly.min.js", _plotly())
        for page in PAGES:
            page.write(site, found)
        search.write(site, found)

    write_whole(out, fill)
    return out / "index.html"


def _plotly() -> str:
    return importlib.resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text("utf-8")
