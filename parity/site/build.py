"""From a folder of results to a folder of pages."""

import importlib.resources
from pathlib import Path

from parity.frameworks.environment import parity_version
from parity.site import code, search, sources
from parity.site.pages import divergences, home, tasks
from parity.site.writing import Site, copy_static, write_whole

PAGES = (home, tasks, divergences)


def build(results: Path, out: Path, history: Path) -> Path:
    """Build the site and put it into the place of `out`; return its first page.

    Raises:
        UsageError: a file of results is damaged or of an older format, or `out` is something else than a site.
    """
    found = sources.read(results, history)

    def fill(folder: Path) -> None:
        site = Site(folder, f"parity {parity_version()}; results: {', '.join(found.results) or 'none'}")
        copy_static(folder, {"plotly.min.js": _plotly()})
        (folder / "site.css").open("a").write(code.style())
        for page in PAGES:
            page.write(site, found)
        search.write(site, found)

    write_whole(out, fill)
    return out / "index.html"


def _plotly() -> str:
    return importlib.resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text()
