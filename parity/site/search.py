"""What the search box looks through: tasks, divergences and APIs."""

from parity.divergences import catalogue
from parity.site.writing import Site
from parity.tasks import load, names


def write(site: Site) -> None:
    """The index, as a script."""
    tasks = [
        {"kind": "task", "name": name, "title": load(name).title, "more": f"{load(name).topic} {load(name).lesson}",
         "address": f"tasks/{name}.html"}
        for name in names()
    ]  # fmt: skip
    entries = [
        {"kind": "divergence", "name": name, "title": entry.title, "more": " ".join((entry.area, *entry.words)),
         "address": f"divergences/{entry.area}.html#{name}"}
        for name, entry in catalogue().items()
    ]  # fmt: skip
    used: dict[str, list[str]] = {}
    for name, entry in catalogue().items():
        for api in entry.apis:
            used.setdefault(api, []).append(name)
    apis = [
        {"kind": "API", "name": api, "title": ", ".join(of), "more": "", "address": f"divergences/index.html?words={api}"}
        for api, of in sorted(used.items())
    ]
    site.script("search.js", "PARITY_INDEX", [*tasks, *entries, *apis])
