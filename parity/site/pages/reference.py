"""The public Python functions, from their docstrings, as pdoc reads them."""

import importlib
import inspect
import re
from collections.abc import Mapping
from typing import Any

import pdoc.doc
import pdoc.docstrings
from markupsafe import Markup
from pdoc.render_helpers import to_html

import parity
from impl_numpy import ops
from parity.site.sources import Found
from parity.site.writing import Site


def write(site: Site, found: Found) -> None:
    """A page for parity, and one for the operations that return their own derivative."""
    site.page(
        "reference/index.html", "reference.html", title="Reference",
        groups=_by_module({name: getattr(parity, name) for name in parity.__all__}),
        lead="`from parity import ...`: what judges your own functions, and runs the exercises.",
    )  # fmt: skip
    functions = {n: f for n, f in vars(ops).items() if inspect.isfunction(f) and not n.startswith("_")}
    site.page(
        "reference/ops.html", "reference.html", title="NumPy's operations", groups=_by_module(functions),
        lead="`from impl_numpy import ops`: each returns its value, and the function of its derivative.",
    )  # fmt: skip


def _by_module(values: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, value in values.items():
        member = _member(value, name)
        groups.setdefault(member["module"], []).append(member)
    return groups


def _member(value: Any, name: str) -> dict[str, Any]:
    """A function, a class or a constant, with its signature and its docstring."""
    module = getattr(value, "__module__", None)
    if module is None or not callable(value):
        return {
            "name": name,
            "module": parity.__name__,
            "signature": f"{name} = {value!r}",
            "doc": Markup(),
            "fields": [],
        }
    doc = pdoc.doc.Module(importlib.import_module(module)).get(name)
    fields, signature = [], f"class {name}"
    if isinstance(doc, pdoc.doc.Class):
        fields = [f"{one.name}{one.annotation_str}" for one in doc.instance_variables if one.annotation_str]
    elif isinstance(doc, pdoc.doc.Function):
        signature = f"def {name}{doc.signature}"
    text = _html(doc.docstring) if doc else Markup()
    return {"name": name, "module": module, "signature": signature, "doc": text, "fields": fields}


def _html(docstring: str) -> Markup:
    html = to_html(pdoc.docstrings.convert(docstring, "google", None))
    # pdoc's headings of the sections are six levels down, and have the same id in every docstring.
    return Markup(re.sub(r"<h6[^>]*>(.*?)</h6>", r"<p><strong>\1</strong></p>", html))
