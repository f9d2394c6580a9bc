"""Charts of the report: SVG without scripts or styles of its own, so that the page's CSS colours it.

pygal draws; what it puts around a drawing for a page of its own (a script, styles, boxes for
tooltips, random ids, the day's date) is taken out, and the healthy range put in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree

import pygal
from markupsafe import Markup
from pygal.etree import etree as pygal_etree
from pygal.style import Style

from kpi_runner.render import printable

# The standard library's, whichever is installed beside it: the same figures give the same bytes.
pygal_etree.to_etree()

SVG = "http://www.w3.org/2000/svg"
WIDTH = 380
_FONT = 11
_BAR_HEIGHT = 24
_LONGEST_LABEL = 24
#: About how wide a character is, of the font's size; as pygal reckons.
_CHARACTER = 0.6

Range = tuple[float | None, float | None]


def trend(
    labels: Sequence[str],
    values: Sequence[float | None],
    shown: Sequence[str],
    axis: Callable[[float], str],
    healthy: Range,
    *,
    as_bars: bool,
    alt: str,
) -> Markup:
    """A measure over time: columns for what adds up, a line for the rest; the healthy range behind."""
    kind = pygal.Bar if as_bars else pygal.Line
    chart = _chart(kind, height=190, show_y_labels=True, max_scale=4, min_scale=2, dots_size=2.5)
    if not as_bars:
        chart.config.allow_interruptions = True
    given = [value for value in (*values, *healthy) if value is not None]
    low, high = (min(given), max(given))
    if as_bars or 0 <= low < high - low:
        low, high = min(low, 0), max(high, 0)
    chart.config.range = (low, high if high > low else low + 1)
    chart.config.value_formatter = axis
    every = 1 if max(map(len, labels)) <= 3 else 3
    last = len(labels) - 1
    chart.x_labels = [label if (last - place) % every == 0 else "" for place, label in enumerate(labels)]
    chart.add("", list(values), formatter=axis)
    texts = [f"{label}: {text}" for label, text, value in zip(labels, shown, values, strict=True) if value is not None]
    return _drawn(chart, alt, healthy, texts)


def bars(labels: Sequence[str], values: Sequence[float], shown: Sequence[str], healthy: Range, *, alt: str) -> Markup:
    """A measure by slice, the first slice on top, each bar with its figure."""
    chart = _bar_chart(pygal.HorizontalBar, labels)
    given = [value for value in (*values, *healthy) if value is not None]
    low, high = min(0.0, *given), max(0.0, *given)
    plot = _plot_width(labels) / (high - low or 1)
    ends = [(value, _text_width(text)) for value, text in zip(values, shown, strict=True)]
    longest = max(high, *(_with_room(value, width, high * plot) for value, width in ends if value >= 0), 0)
    lowest = min(low, *(-_with_room(-value, width, -low * plot) for value, width in ends if value < 0), 0)
    chart.config.range = (lowest, longest or (1 if not lowest else 0))
    # The formatter gives each bar the number of its text, which takes the text's place below.
    chart.add("", list(reversed(values)), formatter=str)
    texts = list(reversed(list(shown)))
    return _drawn(chart, alt, healthy, [f"{a}: {b}" for a, b in zip(reversed(labels), texts, strict=True)], texts)


def parts(
    labels: Sequence[str], wholes: Sequence[float], shares: Sequence[float], shown: Sequence[str], *, alt: str
) -> Markup:
    """Parts of wholes by slice: the dark bar is the part, dark and light together are the whole."""
    chart = _bar_chart(pygal.HorizontalStackedBar, labels)
    plot = _plot_width(labels)
    ends = [_with_room(value, _text_width(text), plot) for value, text in zip(wholes, shown, strict=True)]
    chart.config.range = (0, max(ends) or 1)
    chart.add("", list(reversed(shares)), formatter=str)
    rest = [whole - part for whole, part in zip(wholes, shares, strict=True)]
    chart.add("", list(reversed(rest)), formatter=str)
    texts = list(reversed(list(shown)))
    return _drawn(
        chart,
        alt,
        (None, None),
        [f"{a}: {b}" for a, b in zip(reversed(labels), texts, strict=True)] * 2,
        [""] * len(texts) + texts,
    )


def _with_room(value: float, text: float, plot: float) -> float:
    """The length of scale on which a bar and the text behind it fit into a plot; the bar keeps a quarter of it."""
    return value * plot / max(plot - text, plot / 4) if plot > 0 else value


def _plot_width(labels: Sequence[str]) -> float:
    """How many pixels the labels leave to the bars."""
    return WIDTH - 34 - max(len(_cut(label)) for label in labels) * _FONT * _CHARACTER


def _text_width(text: str) -> float:
    """The pixels of a bar's figure, and of the gap before it."""
    return len(text) * _FONT * _CHARACTER + 10


def sparkline(values: Sequence[float | None], healthy: Range, alt: str) -> Markup:
    """The run of a figure in a small line, its last point marked, the healthy range behind."""
    given = [value for value in (*values, *healthy) if value is not None]
    low, high = min(given), max(given)
    chart = _chart(
        pygal.Line,
        width=220,
        height=44,
        margin=4,
        margin_right=4,
        spacing=0,
        show_x_labels=False,
        show_y_labels=False,
        show_y_guides=False,
        allow_interruptions=True,
        dots_size=2.5,
    )
    # A level line lies in the middle; what is open has some room, so that it can be seen.
    room = (high - low) * 0.15 if high > low else 1.0
    chart.config.range = (low - room, high + room)
    chart.add("", list(values), formatter=str)
    return _drawn(chart, alt, healthy, [], last_dot=True)


def _chart(kind: Any, **options: Any) -> Any:
    """A chart without title, legend, style and script."""
    settings = {
        "width": WIDTH,
        "margin": 6,
        "margin_right": 16,
        "spacing": 6,
        "show_legend": False,
        "disable_xml_declaration": True,
        "explicit_size": False,
        "css": [],
        "js": [],
        "classes": [],
        "style": Style(label_font_size=_FONT, major_label_font_size=_FONT, value_font_size=_FONT),
    }
    return kind(**(settings | options))


def _bar_chart(kind: Any, labels: Sequence[str]) -> Any:
    chart = _chart(
        kind,
        height=_BAR_HEIGHT * len(labels) + 12,
        print_values=True,
        print_values_position="top",
        show_x_labels=False,
        show_x_guides=False,
        show_y_guides=False,
        max_scale=2,
    )
    chart.x_labels = [_cut(label) for label in reversed(labels)]
    return chart


def _cut(label: str) -> str:
    """A label that leaves room for its bar; its whole text is in the bar's title and in the table."""
    # XML has no control characters; the table shows them as the browser does.
    text = "".join(mark if mark.isprintable() else " " for mark in label)
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"


def _drawn(
    chart: Any,
    alt: str,
    healthy: Range,
    titles: Sequence[str],
    values: Sequence[str] | None = None,
    *,
    last_dot: bool = False,
) -> Markup:
    """The chart as SVG for a page; `titles` and `values` are the texts of its marks, in their order."""

    def finished(root: Any) -> Any:
        _pruned(root)
        if healthy != (None, None):
            _put_range(root, chart, healthy)
        _name_marks(root, titles)
        if values is not None:
            _label_bars(root, chart, values)
        if last_dot:
            dots = [(parent, dot) for parent in root.iter() for dot in parent if dot.get("class") == "dots"]
            for parent, dot in dots[:-1]:
                parent.remove(dot)
        _rounded(root)
        root.attrib.pop("id", None)
        root.set("class", "chart" if not last_dot else "sparkline")
        root.set("role", "img")
        root.set("aria-label", printable(alt))
        return root

    chart.add_xml_filter(finished)
    # All text of the drawing was escaped when it was made into XML.
    return Markup(chart.render())


_CLUTTER = {"defs", "desc", "title"}
_CLUTTER_CLASSES = {"background", "titles", "plot tooltip-overlay"}


def _pruned(root: Any) -> None:
    """Takes out scripts, styles, comments, boxes for tooltips, and what is empty."""
    for parent in list(root.iter()):
        for child in list(parent):
            if (
                not isinstance(child.tag, str)
                or _tag(child) in _CLUTTER
                or child.get("class") in _CLUTTER_CLASSES
                or (_tag(child) == "g" and not len(child))
            ):
                parent.remove(child)
    for element in root.iter():
        for name in ("rx", "ry"):
            if element.get(name) == "0":
                del element.attrib[name]
        words = [word for word in element.get("class", "").split() if word not in ("reactive", "tooltip-trigger")]
        if words:
            element.set("class", " ".join(words))
        else:
            element.attrib.pop("class", None)


def _put_range(root: Any, chart: Any, healthy: Range) -> None:
    """Draws the healthy range behind the marks, over the whole of an axis where it is open."""
    plot = next(element for element in root.iter() if element.get("class") == "plot")
    view, box = chart.view, {}
    if chart.horizontal:
        low, high = (view.y(healthy[0]) if healthy[0] is not None else 0), view.y(healthy[1])
        right = view.width if high is None else high
        box = {"x": low, "y": 0, "width": right - low, "height": view.height}
    else:
        bottom = view.height if healthy[0] is None else view.y(healthy[0])
        top = 0 if healthy[1] is None else view.y(healthy[1])
        box = {"x": 0, "y": top, "width": view.width, "height": bottom - top}
    plot.insert(0, ElementTree.Element("rect", {name: str(value) for name, value in box.items()} | {"class": "range"}))


def _name_marks(root: Any, titles: Sequence[str]) -> None:
    """Gives each bar or dot a title, which browsers show when the pointer rests on it."""
    marks = [element for element in root.iter() if element.get("class") in ("bar", "dots")]
    for mark, title in zip(marks, titles, strict=False):
        ElementTree.SubElement(mark, "title").text = printable(title)


def _label_bars(root: Any, chart: Any, values: Sequence[str]) -> None:
    """Writes each bar's figure beside its end, on the side to which it points."""
    texts = [element for element in root.iter() if _tag(element) == "text" and element.get("class") == "value"]
    zero = chart.view.y(0)
    for element, text in zip(texts, values, strict=True):
        points_left = float(element.get("x")) < zero
        element.set("text-anchor", "end" if points_left else "start")
        element.text = printable(text)


_NUMBERS = {"x", "y", "width", "height", "cx", "cy", "r", "d", "transform"}


def _rounded(root: Any) -> None:
    """Places to a tenth of a pixel: nobody sees more, and the page is a third smaller."""
    for element in root.iter():
        for name in _NUMBERS & set(element.attrib):
            element.set(name, re.sub(r"-?\d+\.\d+", _tenth, element.get(name)))


def _tenth(match: re.Match[str]) -> str:
    return f"{float(match[0]):.1f}".removesuffix(".0")


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
