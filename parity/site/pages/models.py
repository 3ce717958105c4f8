"""What `parity models --json` wrote: the layers of two models side by side, and where they part."""

import importlib.resources
import json
import math
from typing import Any

from parity.divergences import catalogue
from parity.judging.noise import LIMIT
from parity.site.plots import OTHERS, Figure
from parity.site.sources import MEASURED, Found
from parity.site.units import Cell
from parity.site.writing import Site, slug

EXAMPLE = "an example"
LEAST, MOST = 0.01, 1e12  # units between which a bar is drawn
FIGURES = dict(zip(("isolated", "propagated"), OTHERS, strict=False))  # no framework's colour


def write(site: Site, found: Found) -> None:
    """An overview with the example, and a page for each comparison."""
    example = json.loads(importlib.resources.files("parity.site").joinpath("templates", "example.json").read_text())
    reports = {**found.models, EXAMPLE: example}
    site.page("models/index.html", "models.html", title="Models", reports={
        name: {"address": f"{slug(name)}.html", "agrees": report["agrees"], "faults": len(report["faults"]),
               "layers": len(report["layers"])}
        for name, report in reports.items()
    }, is_measured=bool(found.models))  # fmt: skip
    for name, report in reports.items():
        rows = [*report["layers"], *report.get("outputs", [])]
        site.page(
            f"models/{slug(name)}.html", "model.html", title=f"Two models: {name}", report=report, limit=LIMIT,
            rows=[_row(row) for row in rows], headings=list(MEASURED.values()), figures=_figures(site, name, rows),
            known=set(catalogue()), has_notes=any(row.get("note") for row in rows),
        )  # fmt: skip


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A pair of layers as cells."""
    cells = [_cell(row.get(key)) for key in MEASURED]
    return {"first": row["first"], "second": row["second"], "note": row.get("note", ""), "cells": cells}


def _cell(value: Any) -> Cell:
    """Noise units as they are written: a layer may be billions away, and is then read as a whole number."""
    if value is None:
        return Cell("–", "none", -1, 0)
    units = float(value)
    text = "∞" if math.isinf(units) else f"{units:,.0f}" if units >= 100 else f"{units:.2g}"
    return Cell(text, "" if units <= LIMIT else "bad", units, min(1.0, units / LIMIT))


def _figures(site: Site, name: str, rows: list[dict[str, Any]]) -> list[Figure]:
    """Isolated and propagated units of every layer, on a logarithmic axis, with the limit."""
    labels = [f"{place + 1}. {row['second'] or row['first']}" for place, row in enumerate(rows)]
    traces: list[dict[str, Any]] = [
        {"type": "bar", "name": key, "x": labels, "marker": {"color": colour},
         "y": [_height(row.get(key)) for row in rows]}
        for key, colour in FIGURES.items()
    ]  # fmt: skip
    traces.append({"type": "scatter", "mode": "lines", "name": f"{LIMIT:g}, the limit", "x": labels,
                   "y": [LIMIT] * len(labels), "line": {"dash": "dash", "color": "#7a828c"}})  # fmt: skip
    over = {
        key: [label for label, row in zip(labels, rows, strict=True) if float(row.get(key) or 0) > LIMIT]
        for key in FIGURES
    }
    says = "; ".join(f"{key} above the limit: {', '.join(of) or 'none'}" for key, of in over.items())
    data = [[label, *(row.get(key) for key in FIGURES)] for label, row in zip(labels, rows, strict=True)]
    axes = {"yaxis": {"type": "log", "title": {"text": "noise units"}}, "xaxis": {"type": "category"}}
    columns = ["layer", *FIGURES]
    return [site.figure(f"models-{name}", "Noise units by layer", says, traces, columns, data, barmode="group", **axes)]


def _height(value: Any) -> float | None:
    """A bar's height; what is no number is as bad as it can be."""
    if value is None:
        return None
    return max(LEAST, float(value)) if float(value) <= MOST else MOST
