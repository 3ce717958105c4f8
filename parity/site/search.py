"""What the search box looks through: tasks, divergences and APIs."""

from parity.divergences import catalogue
from parity.site.pages.divergences import about
from parity.site.sources import Found
from parity.site.writing import Site


def write(site: Site, found: Found) -> None:
    """The index, as a script."""
    tasks = [
        {"kind": "task", "name": name, "title": task.title, "more": f"{task.topic} {task.lesson}",
         "address": f"tasks/{name}.html"}
        for name, task in found.tasks.items()
    ]  # fmt: skip
    entries = [
        {"kind": "divergence", "name": name, "title": entry.title, "more": " ".join(about(entry)),
         "address": f"divergences/{name}.html"}
        for name, entry in catalogue().items()
    ]  # fmt: skip
    used: dict[str, list[str]] = {}
    for name, entry in catalogue().items():
        for api in entry.apis:
            used.setdefault(api, []).append(name)
    apis = [
        {
            "kind": "API",
            "name": api,
            "title": ", ".join(of),
            "more": "",
            "address": f"divergences/index.html?words={api}",
        }
        for api, of in sorted(used.items())
    ]
    site.script("search.js", "PARITY_INDEX", [*tasks, *entries, *apis])
