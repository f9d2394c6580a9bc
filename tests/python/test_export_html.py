"""`kpi export --format html` and `kpi demo --open`: one page that works offline, with the figures of `kpi query`."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import shutil
import subprocess
import webbrowser
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from kpi_runner import report as reporting
from kpi_runner.cli import main
from kpi_runner.commands import demo as demo_command
from kpi_runner.render import display
from tests.python.conftest import ROOT, Built, Warehouse

PERIOD = "2026-06"
VOID = {"meta", "link", "br", "img", "input", "hr", "base"}
#: What the browser drew, for people to look at; git ignores it.
SCREENSHOTS = Path(__file__).parent / "screenshots"


# --- The page as a tree


@dataclass
class Element:
    """An element of the page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def elements(self) -> Iterator[Element]:
        """This element and all below it."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.elements()

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """All elements below with this tag and attributes; `data_kpi` stands for data-kpi, `class_` holds words."""
        asked = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements()
            if element.tag == tag
            and all(
                value in element.attributes.get(name, "").split()
                if name == "class"
                else element.attributes.get(name) == value
                for name, value in asked.items()
            )
        ]

    @property
    def text(self) -> str:
        """Its text, spaces made one."""
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return " ".join(" ".join(parts).split())


class Tree(HTMLParser):
    """Parses strictly: every element that is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Element("root")
        self.open = [self.root]
        self.feed(text)
        self.close()
        assert self.open == [self.root], [element.tag for element in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


# --- The pages


@pytest.fixture(scope="module")
def warehouse(demo: Built) -> Warehouse:
    return demo.warehouse


def exported(warehouse: Warehouse, directory: Path, period: str = PERIOD) -> Path:
    """The page of a period."""
    result = warehouse.call("export", "--period", period, "--format", "html", "-o", str(directory))
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    return directory / "report.html"


@pytest.fixture(scope="module")
def file(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(warehouse, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Element:
    return Tree(text).root


def number(element: Element) -> float | None:
    """The exact figure of a table's cell or of a <data>."""
    exact = element.attributes["data-value" if element.tag == "td" else "value"]
    return float(exact) if exact else None


# --- The figures


def asked(warehouse: Warehouse, period: str, *options: str) -> dict[tuple[str, str], float | None]:
    """What `kpi query` gives for every KPI and measure."""
    found = warehouse.query(*warehouse.catalog(), "--period", period, *options)
    return {(row["kpi_id"], row["measure"]): row["value"] for row in found}


@pytest.mark.parametrize(("place", "period"), [(0, "2026-06"), (1, "2026-05"), (3, "2025-06")])
def test_the_figures_are_those_of_the_query(page: Element, warehouse: Warehouse, place: int, period: str) -> None:
    """Every measure, in the period, the one before and a year ago, wherever a table shows it."""
    expected = asked(warehouse, period)
    rows = [row for row in page.all("tr") if "data-measure" in row.attributes]
    shown = {(row.attributes["data-kpi"], row.attributes["data-measure"]) for row in rows}
    assert shown == set(expected)
    for row in rows:
        key = (row.attributes["data-kpi"], row.attributes["data-measure"])
        assert number(row.all("td", class_="number")[place]) == expected[key], key
    assert sum(value is not None for value in expected.values()) > 100


def test_figures_are_written_for_people(page: Element, warehouse: Warehouse) -> None:
    units = {
        (kpi_id, measure["measure"]): measure["unit"]
        for kpi_id, entry in warehouse.catalog().items()
        for measure in entry["measures"]
    }
    expected = asked(warehouse, PERIOD)
    for row in page.all("tr"):
        if "data-measure" in row.attributes:
            key = (row.attributes["data-kpi"], row.attributes["data-measure"])
            assert row.all("td")[0].text.rstrip("* ") == display(expected[key], units[key])


def test_the_cards_and_headlines(page: Element, warehouse: Warehouse) -> None:
    expected = asked(warehouse, PERIOD)
    cards = page.all("article", class_="card")
    assert len(cards) == sum(1 for _ in goals())
    for card in cards:
        key = (card.attributes["data-kpi"], card.attributes["data-measure"])
        (headline,) = card.all("span", class_="headline")
        assert number(headline.all("data")[0]) == expected[key]
        assert card.all("svg", class_="sparkline"), key
    for article in page.all("article", class_="kpi"):
        kpi_id = article.attributes["id"].removeprefix("kpi-")
        (headline,) = article.all("span", class_="headline")
        primary = warehouse.catalog()[kpi_id]["measures"][0]["measure"]
        assert number(headline.all("data")[0]) == expected[kpi_id, primary]


def columns_of(table: Element) -> dict[str, dict[str, float | None]]:
    """A table's figures by measure and row."""
    measures = [cell.attributes["data-measure"] for cell in table.all("th") if "data-measure" in cell.attributes]
    rows = [row for row in table.all("tr") if row.all("td")]
    return {
        measure: {row.all("th")[0].text: number(row.all("td")[place]) for row in rows}
        for place, measure in enumerate(measures)
    }


def test_a_run_of_months(page: Element, warehouse: Warehouse) -> None:
    options = ("--period", "2025-07-01..2026-06-30", "--grain", "month")
    expected: dict[tuple[str, str], dict[str, float | None]] = {}
    for row in warehouse.query(*warehouse.catalog(), *options):
        expected.setdefault((row["kpi_id"], row["measure"]), {})[row["period_start"][:7]] = row["value"]
    shown = {
        (table.attributes["data-kpi"], measure): column
        for table in page.all("table", data_by="month")
        for measure, column in columns_of(table).items()
    }
    assert shown == expected


@pytest.mark.parametrize("dimension", ["rep", "team", "channel", "stage", "product", "segment", "campaign"])
def test_slices(page: Element, warehouse: Warehouse, dimension: str) -> None:
    """Every measure that can be cut so; of long tables what they show, and they say what they leave out."""
    tables = {table.attributes["data-kpi"]: table for table in page.all("table", data_by=dimension)}
    catalog = warehouse.catalog()
    assert set(tables) == {
        kpi_id
        for kpi_id, entry in catalog.items()
        if any(dimension in measure["dimensions"] for measure in entry["measures"])
    }
    for kpi_id, table in tables.items():
        measures = [m["measure"] for m in catalog[kpi_id]["measures"] if dimension in m["dimensions"]]
        options = [option for measure in measures for option in ("--measure", measure)]
        found = warehouse.query(kpi_id, "--period", PERIOD, "--by", dimension, *options)
        shown = columns_of(table)
        rows = {row[dimension] for row in found}
        left_out = re.search(r"\((\d+) with fewer rows are left out\)", table.all("caption")[0].text)
        some = next(iter(shown.values()))
        assert len(rows) == len(some) + (int(left_out[1]) if left_out else 0), kpi_id
        for row in found:
            if row[dimension] in some:
                assert shown[row["measure"]][row[dimension]] == row["value"]


def bars_of(page: Element, kpi_id: str, caption: str) -> list[tuple[str, str]]:
    """The labels and figures of a chart of bars, from the top."""
    (article,) = page.all("article", id=f"kpi-{kpi_id}")
    (figure,) = [f for f in article.all("figure") if f.all("figcaption")[0].text == caption]
    (axis,) = figure.all("g", class_="y")
    labels = [text.text for text in axis.all("text")]
    values = [text.text for text in figure.all("text", class_="value") if text.text]
    return list(zip(labels, values, strict=True))[::-1]


def test_deals_by_stage_stand_in_the_order_of_the_stages(page: Element, warehouse: Warehouse) -> None:
    """Then a healthy pipeline shows as a bell."""
    found = warehouse.query("deals_by_stage", "--period", PERIOD, "--by", "stage", "--measure", "open_deals")
    order = [stage for (stage,) in warehouse.rows("select stage from dim_stages order by pipeline, position")]
    expected = sorted(
        ((row["stage"], display(row["value"], "count")) for row in found), key=lambda x: order.index(x[0])
    )
    shown = bars_of(page, "deals_by_stage", "open deals by stage")
    assert [value for _, value in shown] == [value for _, value in expected]
    assert all(stage.startswith(label.rstrip("…")) for (label, _), (stage, _) in zip(shown, expected, strict=True))


def test_the_funnel_shows_parts_of_wholes(page: Element, warehouse: Warehouse) -> None:
    options = ("--period", PERIOD, "--by", "stage", "--measure", "entered", "--measure", "advanced")
    found = warehouse.query("stage_conversion", *options)
    figures = {
        (row["stage"], row["measure"]): row["value"] for row in found if row["measure"] in ("entered", "advanced")
    }
    order = [stage for (stage,) in warehouse.rows("select stage from dim_stages order by pipeline, position")]
    stages = sorted({stage for stage, _ in figures}, key=order.index)
    expected = [f"{figures[stage, 'advanced']:g} of {figures[stage, 'entered']:g}" for stage in stages]
    assert [value for _, value in bars_of(page, "stage_conversion", "advanced of entered by stage")] == expected


def test_reps_against_their_quota(page: Element, warehouse: Warehouse) -> None:
    options = ("--period", PERIOD, "--by", "rep", "--measure", "mean_attainment")
    found = warehouse.query("quota_attainment_rate", *options)
    expected = sorted(found, key=lambda row: (-row["value"], row["rep"]))
    shown = bars_of(page, "quota_attainment_rate", "mean attainment by rep")
    assert shown == [(row["rep"], display(row["value"], "percent")) for row in expected]


def test_a_chart_over_time_names_its_figures(page: Element, warehouse: Warehouse) -> None:
    found = warehouse.query("revenue", "--period", "2025-07-01..2026-06-30", "--grain", "month")
    (article,) = page.all("article", id="kpi-revenue")
    bars = article.all("figure")[0].all("g", class_="bar")
    assert [bar.all("title")[0].text.partition(": ")[2] for bar in bars] == [
        display(row["value"], "money") for row in found
    ]
    heights = [float(bar.all("rect")[0].attributes["height"]) for bar in bars]
    scale = max(heights) / max(row["value"] for row in found)
    for height, row in zip(heights, found, strict=True):
        assert height == pytest.approx(row["value"] * scale, abs=0.2)


def test_no_figure_is_cut_off_at_the_edge(page: Element) -> None:
    """A character of the charts' font of 11 is at most 7 wide."""
    drawn = 0
    for drawing in page.all("svg", class_="chart"):
        width = float(drawing.attributes["viewbox"].split()[2])
        for plot in drawing.all("g", class_="text-overlay"):
            (left,) = re.findall(r"translate\((\d+),", plot.attributes["transform"])
            for label in plot.all("text", class_="value"):
                if label.attributes["text-anchor"] == "start":
                    assert int(left) + float(label.attributes["x"]) + 7 * len(label.text) <= width, label.text
                    drawn += 1
    assert drawn > 100


# --- Goals and themes


def goals() -> Iterator[tuple[str, str]]:
    with (ROOT / "seeds" / "goals.csv").open(encoding="utf-8", newline="") as lines:
        for row in sorted(csv.DictReader(lines), key=lambda row: int(row["position"])):
            yield row["goal"], row["kpi_id"]


def test_goals_come_first_in_their_order(page: Element, warehouse: Warehouse) -> None:
    sections = page.all("section")
    kinds = [section.attributes["class"] for section in sections]
    assert kinds == sorted(kinds)
    shown = [
        (section.all("h2")[0].text.split(" ", 2)[2], card.attributes["data-kpi"])
        for section in sections
        if section.attributes["class"] == "goal"
        for card in section.all("article")
    ]
    assert shown == list(goals())
    themes = [
        section.all("h2")[0].text.partition(" ")[2] for section in sections if section.attributes["class"] == "theme"
    ]
    first_numbers: dict[str, int] = {}
    for entry in warehouse.catalog().values():
        first_numbers.setdefault(entry["theme"].capitalize(), entry["number"] or 0)
    assert themes == sorted(first_numbers, key=lambda theme: first_numbers[theme])


def test_every_kpi_has_its_definition_one_click_away(page: Element, warehouse: Warehouse) -> None:
    described = dict(warehouse.rows("select kpi_id, description from kpi_catalog"))
    for article in page.all("article"):
        kpi_id = article.attributes.get("data-kpi") or article.attributes["id"].removeprefix("kpi-")
        (definition,) = article.all("details", class_="definition")
        assert definition.all("summary")[0].text.startswith("Definition")
        assert definition.all("p")[0].text == " ".join(described[kpi_id].split())
    assert len(page.all("article", class_="kpi")) == len(described)


def test_the_status_is_said_in_words(page: Element, warehouse: Warehouse) -> None:
    words = {
        "ok": "healthy",
        "low": "below its range",
        "high": "above its range",
        "no_target": "no range set",
        "provisional": "not judged yet",
    }
    statuses = dict(
        warehouse.rows(
            "select kpi_id, status"
            " from kpi_scorecard inner join kpi_measures using (kpi_id, measure)"
            " where grain = 'month' and period_start = date '2026-06-01' and position = 1"
        )
    )
    assert {"ok", "low", "high", "provisional"} <= set(statuses.values())
    for card in page.all("article", class_="card"):
        status = statuses[card.attributes["data-kpi"]]
        (badge,) = card.all("span", class_="badge")
        assert status in badge.attributes["class"].split()
        assert badge.text.endswith(words[status])
    (header,) = page.all("header")
    (outside,) = header.all("p", class_="outside")
    linked = {link.attributes["href"].removeprefix("#kpi-") for link in outside.all("a")}
    assert linked == {kpi_id for kpi_id, status in statuses.items() if status in ("low", "high")}


def test_what_is_unavailable_says_what_is_missing(small: Built, tmp_path: Path) -> None:
    page = Tree(exported(small.warehouse, tmp_path).read_text(encoding="utf-8")).root
    for kpi_id, entry in small.warehouse.catalog().items():
        (article,) = page.all("article", id=f"kpi-{kpi_id}")
        missing = article.all("p", class_="missing")
        assert bool(missing) != entry["available"], kpi_id
        if missing:
            assert all(need in missing[0].text for need in entry["missing"])
            assert not article.all("span", class_="headline")
            assert not article.all("figure")


# --- Which period


@pytest.mark.parametrize(
    ("period", "reported"),
    [
        ("2026-Q2", "2026-Q2"),
        ("2026-W20", "2026-W20"),
        ("2025", "2025"),
        ("FY2026-Q2", "2026-Q2"),
        ("2026-05-14", "2026-05-14"),
        ("last-month", "2026-06"),
        ("2026", "2026-06"),
        ("all", "2026-06"),
        ("2026-03-10..2026-05-20", "2026-04"),
        ("2026-05-12..2026-05-26", "2026-W21"),
        ("2026-05-12..2026-05-14", "2026-05-14"),
    ],
)
def test_the_period_of_the_page(small: Built, tmp_path: Path, period: str, reported: str) -> None:
    result = small.warehouse.call("export", "--period", period, "--format", "html", "-o", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    said = {"2026-Q2": "(FY)?2026-Q2"}.get(reported, reported)
    assert re.search(rf"report\.html: the report of {said}$", result.stderr, re.MULTILINE)
    page = Tree((tmp_path / "report.html").read_text(encoding="utf-8")).root
    assert re.fullmatch(f"Sales KPIs {said}", page.all("h1")[0].text)
    rows = {row.attributes["data-kpi"]: row for row in page.all("tr", data_measure="won_deals")}
    (found,) = small.warehouse.query("won_deals", "--period", reported)
    assert number(rows["won_deals"].all("td")[0]) == found["value"]


def test_a_period_without_a_complete_day(small: Built, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("earlier", encoding="utf-8")
    options = ("--period", "2019", "--format", "csv,html", "-o", str(tmp_path))
    result = small.warehouse.call("export", *options)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "--period" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


# --- One page, offline, whole or not at all


def test_the_page_is_small_and_loads_nothing(page: Element, text: str) -> None:
    assert len(text.encode()) < 5_000_000
    for element in page.elements():
        assert element.tag not in ("link", "img", "iframe", "object", "embed", "base", "image", "use", "foreignobject")
        for name, value in element.attributes.items():
            assert name not in ("src", "srcset", "style", "action", "data", "poster")
            assert not name.startswith("on")
            if "href" in name:
                assert value.startswith("#")
            if name != "xmlns":
                assert "//" not in value
    style = page.all("style")[0].text
    assert "url(" not in style
    assert "@import" not in style
    assert "//" not in re.sub(r"/\*.*?\*/|// [A-Z].*", "", text.replace("http://www.w3.org/2000/svg", ""))


def test_only_our_own_script_may_run(page: Element, text: str) -> None:
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    (script,) = page.all("script")
    assert not script.attributes
    source = script.children[0]
    assert isinstance(source, str)
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.attributes["content"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"'&\x07"


@pytest.fixture(scope="module")
def hostile(small: Built, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The small company with such a name wherever the page shows one."""
    copy = Warehouse(tmp_path_factory.mktemp("hostile"))
    shutil.copy(small.warehouse.path, copy.path)
    with duckdb.connect(str(copy.path)) as connection:
        connection.execute("update kpi_figures set dimension_value = ? where dimension_value = 'Ann'", [HOSTILE])
        connection.execute("update goals set goal = ? where position = 1", [HOSTILE])
        connection.execute("update kpi_catalog set title = ?, question = ?, description = ?", [HOSTILE] * 3)
        connection.execute("update run_settings set source_systems = ?, reporting_currency = ?", [HOSTILE] * 2)
        connection.execute("update unavailable_measures set missing = ?", [HOSTILE])
    return copy


def test_all_data_is_escaped(hostile: Warehouse, tmp_path: Path) -> None:
    text = exported(hostile, tmp_path, "2026-02").read_text(encoding="utf-8")
    page = Tree(text).root
    assert len(page.all("script")) == 1
    assert not page.all("img")
    shown = " ".join(HOSTILE.split())
    assert all(shown in heading.text for heading in page.all("h3"))
    slices = [cell.text for table in page.all("table", data_by="rep") for cell in table.all("th")]
    assert shown in slices
    drawings = page.all("svg")
    assert any("<script>alert(1)" in drawing.attributes["aria-label"] for drawing in drawings)
    assert any("</script><script>" in label.text for drawing in drawings for label in drawing.all("text"))


def test_the_same_figures_give_the_same_bytes(warehouse: Warehouse, file: Path, tmp_path: Path) -> None:
    assert exported(warehouse, tmp_path).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_page_that_fails_leaves_the_earlier_files(
    small: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    earlier = exported(small.warehouse, tmp_path, "2026-02").read_bytes()

    def failing(report: Any) -> str:
        raise error

    monkeypatch.setattr(reporting, "page", failing)
    options = ("--period", PERIOD, "--format", "csv,xlsx,html", "-o", str(tmp_path))
    assert small.warehouse.call("export", *options).exit_code != 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.html": earlier}


# --- For everybody


def test_the_page_can_be_read_aloud(page: Element) -> None:
    assert page.all("html")[0].attributes["lang"] == "en"
    assert page.all("title")[0].text == f"Sales KPIs, {PERIOD}"
    levels = [int(e.tag[1]) for e in page.elements() if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert [len(page.all(tag)) for tag in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    for drawing in page.all("svg"):
        assert drawing.attributes["role"] == "img"
        assert re.search(r"\d", drawing.attributes["aria-label"])
    for table in page.all("table"):
        assert table.all("caption")[0].text
        assert all(cell.attributes["scope"] in ("col", "row") for cell in table.all("th"))
        assert all(row.all("th", scope="row") for row in table.all("tr") if row.all("td"))
    for region in page.all("div", role="region"):
        assert region.attributes["tabindex"] == "0"
        assert region.attributes["aria-label"]


def test_links_lead_somewhere_and_ids_are_one_of_a_kind(page: Element) -> None:
    ids = Counter(element.attributes["id"] for element in page.elements() if "id" in element.attributes)
    assert set(ids.values()) == {1}
    for link in page.all("a"):
        assert link.attributes["href"].removeprefix("#") in ids
        assert link.text
    for section in page.all("section"):
        assert section.attributes["aria-labelledby"] in ids


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str) -> None:
    """WCAG 2.2 AA: 4.5 for text, 3 for marks."""
    style = (Path(reporting.__file__).parent / "page" / "report.css").read_text(encoding="utf-8")
    light, dark, _ = (
        dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in re.findall(r":root {(.*?)}", style, re.S)
    )
    colours = light if scheme == "light" else light | dark
    for ink in ("ink", "muted", "accent", "good", "bad"):
        assert contrast(colours[ink], colours["surface"]) >= 4.5, ink
        assert contrast(colours[ink], colours["page"]) >= 4.5, ink
    for tone in ("good", "bad"):
        assert contrast(colours[tone], colours[f"{tone}-surface"]) >= 4.5, tone
    assert contrast(colours["ink"], colours["plain-surface"]) >= 4.5
    for ground in ("surface", "healthy", "mark-light"):
        assert contrast(colours["mark"], colours[ground]) >= (3 if ground != "mark-light" else 1.5), ground


# --- kpi demo --open


@pytest.mark.parametrize(("grain", "period"), [("quarter", "2026-Q2"), ("month", "2026-06")])
def test_the_demo_opens_its_report(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, grain: str, period: str
) -> None:
    """Beside the warehouse, of the period of the scorecard that it prints."""
    opened: list[str] = []

    def open_page(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr(demo_command, "run", lambda *_: None)
    monkeypatch.setattr(webbrowser, "open", open_page)
    result = CliRunner(env=warehouse.environment()).invoke(main, ["demo", "--open", "--grain", grain])
    assert result.exit_code == 0, result.output
    page = warehouse.path.parent / "report.html"
    assert opened == [page.resolve().as_uri()]
    assert f"Report: {page.resolve()}" in result.stderr
    assert f"Scorecard of {period}" in result.stdout
    assert f"Sales KPIs, {period}" in page.read_text(encoding="utf-8")


# --- In a browser

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_a_browser = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine to draw the page")


def browse(*options: str) -> subprocess.CompletedProcess[str]:
    """Runs the browser without a window, a profile or a network."""
    assert BROWSER is not None
    fixed = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr"]
    proxy = ["--proxy-server=127.0.0.1:9", "--virtual-time-budget=4000"]
    return subprocess.run([BROWSER, *fixed, *proxy, *options], capture_output=True, text=True, timeout=180, check=True)


LOOKS = {
    "desktop": ("1280,3000",),
    "phone": ("500,3000",),
    "dark": ("1280,3000", "--blink-settings=preferredColorScheme=0"),
}


@in_a_browser
@pytest.mark.parametrize("look", LOOKS)
def test_the_page_is_drawn(file: Path, look: str) -> None:
    """Without a complaint on the console; the picture is kept for people to look at."""
    SCREENSHOTS.mkdir(exist_ok=True)
    picture = SCREENSHOTS / f"{look}.png"
    size, *options = LOOKS[look]
    done = browse(*options, f"--window-size={size}", f"--screenshot={picture}", file.as_uri())
    assert "CONSOLE" not in done.stderr, done.stderr
    assert picture.stat().st_size > 50_000


@in_a_browser
def test_the_page_can_be_printed(file: Path) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    printed = SCREENSHOTS / "print.pdf"
    browse("--no-pdf-header-footer", f"--print-to-pdf={printed}", file.as_uri())
    assert printed.read_bytes().startswith(b"%PDF")


def played(text: str, script: str, tmp_path: Path, *options: str) -> Element:
    """The page after a script of the test's own ran in it."""
    changed = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", text)
    file = tmp_path / "played.html"
    file.write_text(changed.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    return Tree(browse(*options, "--dump-dom", file.as_uri()).stdout).root


@in_a_browser
def test_tables_are_sorted_by_their_headings(text: str, tmp_path: Path) -> None:
    script = "document.querySelector('table.sortable thead button:not(th:first-child button)').click();"
    page = played(text, script, tmp_path)
    table = page.all("table", class_="sortable")[0]
    (heading,) = [cell for cell in table.all("th") if "aria-sort" in cell.attributes]
    assert heading.attributes["aria-sort"] == "descending"
    values = [number(row.all("td")[0]) for row in table.all("tr") if row.all("td")]
    given = [value for value in values if value is not None]
    assert given == sorted(given, reverse=True)
    assert values[: len(given)] == given


@in_a_browser
@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_is_wider_than_a_phone(text: str, tmp_path: Path, width: int) -> None:
    """A frame as wide as the screen stands for it, since a window cannot be as narrow."""
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    framing = (
        f"<body><iframe id=frame style='width:{width}px;height:900px;border:0' src=page.html></iframe><script>"
        "const frame = document.getElementById('frame'); frame.onload = () => {"
        " document.title = frame.contentDocument.documentElement.scrollWidth; };</script></body>"
    )
    (tmp_path / "frame.html").write_text(f"<html><head><title></title></head>{framing}</html>", encoding="utf-8")
    done = browse("--allow-file-access-from-files", "--dump-dom", (tmp_path / "frame.html").as_uri())
    found = re.search(r"<title>(\d+)</title>", done.stdout)
    assert found
    assert int(found[1]) <= width
