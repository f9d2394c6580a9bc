"""`--where`: what is taken, what is refused, and that what is taken means what it says."""

import operator
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpi_runner.errors import ExitCode, UsageError
from kpi_runner.where import Condition, parse_where

DIMENSIONS = ("rep", "team", "Lead_Source", "kind")


def where(text: str) -> str:
    return parse_where(text, DIMENSIONS, "won_deals").sql


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("rep = 'Anna'", "\"rep\" = 'Anna'"),
        ("REP='Anna'", "\"rep\" = 'Anna'"),
        ("\"Rep\" == 'Anna'", "\"rep\" = 'Anna'"),
        ("lead_source <> 'web'", "\"Lead_Source\" <> 'web'"),
        ("\"LEAD_SOURCE\" != 'web'", "\"Lead_Source\" <> 'web'"),
        ("rep < 'b'", "\"rep\" < 'b'"),
        ("rep <= 'b'", "\"rep\" <= 'b'"),
        ("rep > 'b'", "\"rep\" > 'b'"),
        ("rep >= 'b'", "\"rep\" >= 'b'"),
        ("'b' < rep", "\"rep\" > 'b'"),
        ("'b' >= (rep)", "\"rep\" <= 'b'"),
        ("rep = 5", "\"rep\" = '5'"),
        ("rep = -5", "\"rep\" = '-5'"),
        ("rep = -(5.50)", "\"rep\" = '-5.50'"),
        ("rep = true or rep = FALSE", "(\"rep\" = 'true' or \"rep\" = 'false')"),
        ("rep = ''", "\"rep\" = ''"),
        ("rep = 'O''Neil'", "\"rep\" = 'O''Neil'"),
        ("rep = 'a\\'", "\"rep\" = 'a\\'"),
        ("rep = 'a;b--c/*d*/'", "\"rep\" = 'a;b--c/*d*/'"),
        ("rep = '{{ x }}'", "\"rep\" = '{{ x }}'"),
        ("rep = 'Zo\u00eb \u6771'", "\"rep\" = 'Zo\u00eb \u6771'"),
        ("rep in ('a', 1, true)", "\"rep\" in ('a', '1', 'true')"),
        ("rep not in ('a')", "not (\"rep\" in ('a'))"),
        ("rep like 'A%'", "\"rep\" like 'A%'"),
        ("rep not like 'A%'", "\"rep\" not like 'A%'"),
        ("rep ilike 'a_'", "\"rep\" ilike 'a_'"),
        ("rep not ilike 'a_'", "\"rep\" not ilike 'a_'"),
        ("rep is null", "\"rep\" = '(none)'"),
        ("rep is not null", "\"rep\" <> '(none)'"),
        ("not (rep is null)", "\"rep\" <> '(none)'"),
        ("not not rep is null", "not (\"rep\" <> '(none)')"),
        ("rep between 'a' and 'c'", "\"rep\" between 'a' and 'c'"),
        ("rep not between 1 and 2", "not (\"rep\" between '1' and '2')"),
        ("not rep = 'a'", "not (\"rep\" = 'a')"),
        (
            "rep = 'a' or team = 'b' and kind = 'c'",
            "(\"rep\" = 'a' or (\"team\" = 'b' and \"kind\" = 'c'))",
        ),
        (
            "(rep = 'a' or team = 'b') and not kind = 'c'",
            "((\"rep\" = 'a' or \"team\" = 'b') and not (\"kind\" = 'c'))",
        ),
        ("rep\n=\t'a'\n", "\"rep\" = 'a'"),
    ],
)
def test_what_is_taken_is_written_anew(text: str, sql: str) -> None:
    assert where(text) == sql
    assert where(sql) == sql


HOSTILE = [
    # Nothing, or no condition.
    *("", "  ", "\n", ";", "()", "rep", '"rep"', "'a'", "1", "true", "null", "*", "not", "and"),
    *("1 = 1", "'a' = 'a'", "true or rep = 'a'", "rep = 'a' or 1 = 1", "rep = 'a' or true"),
    *(
        "rep =",
        "= 'a'",
        "rep 'a'",
        "rep = 'a' and",
        "rep = 'a' team = 'b'",
        "rep = 'a', team = 'b'",
    ),
    *("rep = 'a", 'rep = "a', "rep = 'a''", "rep = $$a$$", "rep = $$a", "(rep = 'a'", "rep = 'a')"),
    # More than one statement, and other statements.
    *("rep = 'a'; drop table deals", "rep = 'a';", "; rep = 'a'", "select 1", "drop table deals"),
    *("rep = 'a' union select 1", "copy deals to 'x'", "attach 'x'", "pragma version", "set x = 1"),
    *(
        "rep = 'a' order by 1",
        "rep = 'a' limit 1",
        "rep = 'a' group by rep",
        "from deals",
        "call f()",
    ),
    *("with x as (select 1) select 1", "rep = 'a' returning 1", "install httpfs", "load x"),
    # Comments.
    *("rep = 'a' -- x", "rep = 'a' /* x */", "/* x */ rep = 'a'", "rep /**/ = 'a'", "-- x", "/* x"),
    *("rep = 'a' # x", "rep = --\n 'a'", "rep = 'a' /*! or 1=1 */", "/*+ x */ rep = 'a'"),
    # Functions, casts, subqueries, expressions.
    *(
        "lower(rep) = 'a'",
        "rep = lower('a')",
        "rep = current_user",
        "rep = now()",
        "getenv('HOME')",
    ),
    *("rep::int = 1", "cast(rep as int) = 1", "rep = '1'::int", "rep = date '2026-01-01'"),
    *("rep in (select rep from deals)", "exists (select 1)", "rep = (select 1)", "(select true)"),
    *("rep = any (select 1)", "rep = any(['a'])", "rep = all('a')", "rep like any ('a', 'b')"),
    *("rep || 'x' = 'ax'", "rep + 1 = 2", "rep = 1 + 1", "rep = 'a' || 'b'", "rep = 'a' 'b'"),
    *("rep = - - 1", "rep = -'a'", "-rep = 1", "rep = ~1", "rep = @x", "rep = interval 1 day"),
    *("case when rep = 'a' then true end", "if(true, true, true)", "coalesce(rep, 'a') = 'a'"),
    *("rep = case when true then 'a' end", "rep = ['a']", "rep = {'a': 1}", "rep in ['a']"),
    *("rep collate nocase = 'a'", "rep = 'a' collate nocase", "rep at time zone 'UTC' = 'a'"),
    *("rep[1] = 'a'", "rep.x = 'a'", "rep -> 'x' = 'a'", "x -> x", "list_filter([1], x -> true)"),
    *("columns(*) = 'a'", "* = 'a'", "t.* = 'a'", "rep = *", "rep = default", "rep := 'a'"),
    *(
        "read_csv('/etc/passwd')",
        "rep in read_text('x')",
        "rep in unnest(['a'])",
        "rep in (unnest(x))",
    ),
    # Columns.
    *("rep = team", "rep = rep", 'rep = "Anna"', "rep = Anna", "amount > 5", "rep in (team)"),
    *(
        "rep in team",
        "rep between team and 'a'",
        "rep like team",
        "main.rep = 'a'",
        "a.b.rep = 'a'",
    ),
    *("`rep` = 'a'", "[rep] = 'a'", "rowid = 1", '"rep " = 1', '"rep""" = 1', "rép = 'a'"),
    # Parameters and templates.
    *("rep = ?", "rep = $1", "rep = $x", "rep = :x", "rep = %s", "rep = @@x", "rep = {{ x }}"),
    *("{{ x }}", "{% raw %}", "rep = ${x}", "rep = #1", "? = rep"),
    # Literals and operators of other kinds.
    *(
        "rep = null",
        "null = rep",
        "rep <> null",
        "rep in ('a', null)",
        "rep in (null)",
        "rep in ()",
    ),
    *("rep is true", "rep is not true", "rep is 'a'", "rep is unknown", "rep is not unknown"),
    *("rep is distinct from 'a'", "rep <=> 'a'", "rep is json", "rep ~ 'a'", "rep similar to 'a'"),
    *("rep glob 'a'", "rep ^@ 'a'", "rep like 'a' escape 'b'", "rep between symmetric 1 and 2"),
    *("rep = e'a'", "rep = x'41'", "rep = n'a'", "rep = b'01'", "rep = 0x1f", "rep = u&'a'"),
    *(
        "rep = ('a', 'b')",
        "(rep, team) = ('a', 'b')",
        "row(rep) = row('a')",
        "rep = 'a' xor team = 'b'",
    ),
    *("1 < rep < 3", "rep = 'a' = true", "rep is null is null", "(rep = 'a') = (team = 'b')"),
    *("rep = 'a' as x", "x: rep = 'a'", "rep = not true", "not rep", "rep and team", "not 'a'"),
    # Characters, length and depth.
    *("rep = '\x00'", "\x00", "rep = 'a'\x1b", "rep = '\ud800'", "rep = 'a' \u2028 or 1=1"),
    "rep = '" + "a" * 10_000 + "'",
    " or ".join(["rep = 'a'"] * 1000),
    "(" * 21 + "rep = 'a'" + ")" * 21,
    *(start * 3000 for start in ("(", "not ", "[", "{", "case ", "f(", "- ", "rep in (", "rep = ")),
    "not " * 500 + "rep = 'a'",
]


def test_there_are_many_hostile_texts() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:40]))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        where(text)
    message = str(refused.value)
    assert message.startswith("--where: ")
    assert "won_deals (rep, team, Lead_Source, kind)" in message
    assert len(message) < 600
    assert refused.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("amount > 5", "'amount' is not a dimension"),
        ("lower(rep) = 'a'", r"'LOWER\(rep\)' is not a dimension"),
        ("rep = Anna", "text stands in single quotes: 'Anna'"),
        ("rep = null", "write 'is null'"),
        ("rep in ('a', null)", "write 'is null'"),
        ("rep is unknown", r"write = '\(unknown\)' or is null"),
        ("`rep` = 'a'", "backticks are not taken; a dimension is written bare or in double quotes"),
        ("rep = `a`", "backticks are not taken"),
        ("rep", "alone is not a condition"),
        ("rep = 'a", "quote is left open"),
        ("rep = 'a' order by 1", "near 'order by'"),
        ("rep = 'a' -- why", r"comment \('why'\)"),
        ("rep in (select 1)", "SELECT 1"),
        ("rep = 'a' or rep = '" + "b" * 10_000 + "'", "10,021 characters"),
        ("rep = 'a' and (" * 30 + "rep = 'a'" + ")" * 30, "more than 20 deep"),
        ("rep = '\x00'", r"'\\x00' cannot stand"),
    ],
)
def test_the_message_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        where(text)


def test_a_kpi_without_dimensions_takes_no_condition() -> None:
    with pytest.raises(UsageError, match=r"mentions \(it has none\)"):
        parse_where("rep = 'a'", (), "mentions")


@pytest.mark.parametrize(
    "name",
    [
        *("rep", "team", "region", "channel", "campaign", "product", "segment", "pipeline", "kind"),
        *("email_type", "stage", "subject", "platform", "landing_page", "competitor", "reason"),
        *(
            "probability_bucket",
            "lost_reason",
            "month",
            "source",
            "type",
            "size",
            "status",
            "cause",
        ),
    ],
)
def test_names_that_sql_also_uses_are_dimensions_like_others(name: str) -> None:
    for text in (f"{name} = 'x'", f"'x' = {name}", f'"{name}" is not null', f"not {name} in ('x')"):
        assert parse_where(text, (name,), "k").dimensions == {name}


def test_a_name_with_quotes_and_blanks_stays_one_identifier() -> None:
    condition = parse_where('"A ""b""" = 1', ('a "b"',), "k")
    assert condition == Condition('"a ""b""" = \'1\'', frozenset({'a "b"'}))


def test_the_dimensions_used_are_given_as_the_kpi_spells_them() -> None:
    text = "REP = 'team' or (lead_source is null and rep <> 'kind')"
    assert parse_where(text, DIMENSIONS, "won_deals").dimensions == {"rep", "Lead_Source"}


def test_twenty_parentheses_and_a_long_chain_are_taken() -> None:
    assert where("(" * 20 + "rep = 'a'" + ")" * 20) == "\"rep\" = 'a'"
    chain = " or ".join(["rep = 'a'"] * 700)
    assert where(chain).count("\"rep\" = 'a'") == 700


def test_importing_the_module_does_not_import_sqlglot() -> None:
    code = "import sys, kpi_runner.where; sys.exit('sqlglot' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=False).returncode
        == 0
    )


# --- Meaning: the SQL in a database against the same condition in Python

VALUES = ("(none)", "(unknown)", "Anna", "anna", "O'Neil", "10", "9", "true", "a%b", "a_b", "")
Row = dict[str, str]
Test = tuple[str, Callable[[Row], bool]]


@pytest.fixture(scope="module")
def table() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute('create table facts (rep text, team text, "Lead_Source" text)')
        rows = [list(row) for row in product(VALUES, VALUES, ("web", "(none)"))]
        connection.executemany("insert into facts values (?, ?, ?)", rows)
        yield connection


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _like(pattern: str, value: str, flags: re.RegexFlag) -> bool:
    regex = "".join({"%": ".*", "_": "."}.get(mark, re.escape(mark)) for mark in pattern)
    return re.fullmatch(regex, value, flags | re.DOTALL) is not None


NAMES = st.sampled_from(["rep", "TEAM", '"Rep"', "lead_source"])
LITERALS = st.sampled_from([*VALUES, "web", "A%", "a_b", "%n%"])
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "like": lambda value, pattern: _like(pattern, value, re.NOFLAG),
    "not like": lambda value, pattern: not _like(pattern, value, re.NOFLAG),
    "ilike": lambda value, pattern: _like(pattern, value, re.IGNORECASE),
}


def _value(row: Row, name: str) -> str:
    return row[name.strip('"').lower()]


@st.composite
def comparisons(draw: st.DrawFn) -> Test:
    name, one, other = draw(NAMES), draw(LITERALS), draw(LITERALS)
    kind = draw(st.sampled_from([*OPERATORS, "in", "not in", "between", "is null", "is not null"]))
    if kind in OPERATORS:
        return f"{name} {kind} {_quoted(one)}", lambda row: OPERATORS[kind](_value(row, name), one)
    if kind in ("in", "not in"):
        text = f"{name} {kind} ({_quoted(one)}, {_quoted(other)})"
        return text, lambda row: (_value(row, name) in (one, other)) == (kind == "in")
    if kind == "between":
        text = f"{name} between {_quoted(one)} and {_quoted(other)}"
        return text, lambda row: one <= _value(row, name) <= other
    return f"{name} {kind}", lambda row: (_value(row, name) == "(none)") == (kind == "is null")


def _joined(tests: st.SearchStrategy[Test]) -> st.SearchStrategy[Test]:
    both = st.tuples(tests, tests)
    return st.one_of(
        tests.map(lambda test: (f"not ({test[0]})", lambda row: not test[1](row))),
        both.map(
            lambda two: (
                f"({two[0][0]}) and ({two[1][0]})",
                lambda row: two[0][1](row) and two[1][1](row),
            )
        ),
        both.map(
            lambda two: (
                f"({two[0][0]} or {two[1][0]})",
                lambda row: two[0][1](row) or two[1][1](row),
            )
        ),
    )


CONDITIONS = st.recursive(comparisons(), _joined, max_leaves=8)


@settings(deadline=None, max_examples=300)
@given(CONDITIONS)
def test_a_condition_selects_the_rows_that_it_says(table: duckdb.DuckDBPyConnection, test: Test) -> None:
    text, holds = test
    sql = parse_where(text, ("rep", "team", "Lead_Source"), "won_deals").sql
    got = table.execute(f"select * from facts where {sql} order by all").fetchall()
    rows = [
        dict(zip(("rep", "team", "lead_source"), row, strict=True))
        for row in product(VALUES, VALUES, ("web", "(none)"))
    ]
    assert got == sorted(tuple(row.values()) for row in rows if holds(row))


def test_operators_bind_as_in_sql(table: duckdb.DuckDBPyConnection) -> None:
    for text in (
        "rep = '9' or rep = '10' and team = '9'",
        "not rep = '9' and team = '9'",
        "not rep = '9' or not team = '9' and lead_source = 'web'",
        "rep between '1' and '5' and team = '9' or rep = ''",
    ):
        sql = parse_where(text, ("rep", "team", "Lead_Source"), "won_deals").sql
        asked, written = (
            table.execute(f"select * from facts where {condition} order by all").fetchall() for condition in (text, sql)
        )
        assert asked == written


# --- Whatever the text, there is a condition or a usage error

PIECES = st.sampled_from(
    re.split(
        " +",
        "rep team kind amount = <> < like ilike in not and or is null between true 'a' 'b''c' 1 -1 "
        '.5 ( ) , ; . :: : ? $1 "rep" "x" -- /* */ * + - || [ ] { } case when then end select as '
        "from exists cast interval date array struct lambda -> => @ # % ^ & | ~ ! \\ ' \" ` $$ "
        "e'x' x'4' 1e 1e5 0x1 1_0 over filter within distinct all any unknown escape collate",
    )
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(CONDITIONS)[0]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 6)))
        text = text[:start] + draw(PIECES | st.text(max_size=3)) + text[end:]
    return text


@settings(deadline=None, max_examples=500)
@given(st.text() | mutated() | st.lists(PIECES, max_size=25).map(" ".join))
@example("rep = 'a' or rep")
def test_any_text_is_a_condition_or_a_usage_error(table: duckdb.DuckDBPyConnection, text: str) -> None:
    try:
        condition = parse_where(text, ("rep", "team", "Lead_Source"), "won_deals")
    except UsageError:
        return
    assert condition.dimensions
    table.execute(f"select count(*) from facts where {condition.sql}")
    assert parse_where(condition.sql, ("rep", "team", "Lead_Source"), "won_deals") == condition
    outside = re.sub(r"'(''|[^'])*'", "", condition.sql)
    words = set(re.findall(r"\w+", outside))
    allowed = {"rep", "team", "Lead_Source", "and", "or", "not", "in", "like", "ilike", "between"}
    assert words <= allowed
