"""From a folder of results to a folder of pages."""

import importlib.resources
import tempfile
from pathlib import Path

from parity.frameworks.environment import parity_version
from parity.site import code, search, sources
from parity.site.pages import divergences, history, home, method, models, reference, tasks
from parity.site.writing import TEMPLATES, Site, write_whole
from parity.task import UsageError

PAGES = (home, tasks, divergences, models, history, method, reference)


def build(results: Path, out: Path, asvs: Path) -> Path:
    """Build the site and put it into the place of `out`; return its first page.

    Raises:
        UsageError: a file of results is damaged or of an older format, or `out` is something else than a site.
    """
    found = sources.read(results, asvs)
    try:
        write_whole(out, lambda folder: _fill(folder, found))
    except UsageError:
        raise
    except Exception as error:
        if path := _not_shown(results):
            raise UsageError(f"{path} is damaged ({error!r}): write it again, or move it away") from error
        raise
    return out / "index.html"


def _fill(folder: Path, found: sources.Found) -> None:
    site = Site(folder, f"parity {parity_version()}; results: {', '.join(found.results) or 'none'}")
    site.file("site.css", (TEMPLATES / "site.css").read_text("utf-8") + code.style())
    site.file("site.js", (TEMPLATES / "site.js").read_text("utf-8"))
    site.file("plotly.min.js", _plotly())
    for page in PAGES:
        page.write(site, found)
    search.write(site, found)


def _not_shown(results: Path) -> Path | None:
    """The first file of which no site can be made, also if it is alone; None if none can be made of nothing either."""
    with tempfile.TemporaryDirectory() as aside:
        for path in (None, *sources.files(results)):
            found = sources.Found()
            if path:
                sources.add(found, path, results)
            try:
                _fill(Path(aside), found)
            except Exception:  # whatever a value that is none of ours leads to
                return path
    return None


def _plotly() -> str:
    return importlib.resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text("utf-8")
