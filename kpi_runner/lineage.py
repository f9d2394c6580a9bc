"""Which columns a column comes from, model by model, down to the raw ones: read from the compiled SQL.

A column's sources are the columns in its expression, and those of the join conditions by which the
relations came in that these belong to. Filters are followed where a KPI selects its rows, and not
further up: that a row was kept depends on each of its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from sqlglot import exp, parse_one

from kpi_runner.rollup import ROW_DATES

ROWS_BEGIN, ROWS_END = "/* rows of the KPI begin */", "/* rows of the KPI end */"


@dataclass(frozen=True, order=True)
class Column:
    """A column of a model, or a raw one: of a seed, a table or a delivered file."""

    relation: str
    name: str

    def __str__(self) -> str:
        return f"{self.relation}.{self.name}"


@dataclass(frozen=True)
class Rows:
    """Where the rows of a measure come from: each input, the dates that place a row, and what chooses rows."""

    inputs: dict[str, list[Column]]
    dates: dict[str, list[Column]]
    conditions: list[Column]

    def starts(self) -> list[Column]:
        """Every column that the rows are made of, each once."""
        columns = [column for part in (self.inputs, self.dates) for found in part.values() for column in found]
        return list(dict.fromkeys([*columns, *self.conditions]))


class Lineage:
    """The lineage of a warehouse: `models` has the compiled SQL, `columns` every relation's, both by `schema.name`.

    Tables of the schema `files` stand for delivered files, and are called like these. `dialect` is sqlglot's name of
    what the SQL is written in.
    """

    def __init__(
        self,
        models: Mapping[str, str],
        columns: Mapping[str, Sequence[str]],
        files: str = "",
        dialect: str = "duckdb",
    ) -> None:
        self._models = models
        self._columns = columns
        self._files = files
        self._dialect = dialect
        self._readers: dict[str, tuple[_Reader, exp.Query]] = {}
        self._row_queries: dict[str, exp.Query] = {}
        self._sources: dict[Column, list[Column]] = {}
        self._keys = {key.rpartition(".")[2]: key for key in models}

    def sources(self, column: Column) -> list[Column]:
        """The columns that a model's column is made of; none for a raw column or a constant."""
        if column not in self._sources:
            key = self._keys.get(column.relation)
            found: frozenset[Column] = frozenset()
            if key is not None:
                reader, query = self._reader(key)
                found = reader.of_output(query, {}, column.name)
            self._sources[column] = sorted(found)
        return self._sources[column]

    def graph(self, starts: Sequence[Column]) -> dict[Column, list[Column]]:
        """Every column upstream of some, themselves included, with its sources."""
        found: dict[Column, list[Column]] = {}
        waiting = list(reversed(starts))
        while waiting:
            column = waiting.pop()
            if column not in found:
                found[column] = self.sources(column)
                waiting += reversed(found[column])
        return found

    def is_raw(self, column: Column) -> bool:
        """Whether a column is delivered, not made."""
        return column.relation not in self._keys

    def rows(self, kpi_id: str, inputs: Sequence[str]) -> Rows:
        """What the rows of a KPI that have some of these inputs come from."""
        if kpi_id not in self._row_queries:
            sql = self._models[self._keys[kpi_id]].split(ROWS_BEGIN)[1].split(ROWS_END)[0]
            self._row_queries[kpi_id] = _parsed(sql, self._dialect)
        query = self._row_queries[kpi_id]
        reader = _Reader(self._label, self._columns_of)
        origins: dict[str, set[Column]] = {}
        conditions: set[Column] = set()
        for part in reader.parts(query):
            given = [name for name in inputs if not part.is_null(name)]
            if not given:
                continue
            for name in (*given, *(date for date in ROW_DATES if date in part.names)):
                origins.setdefault(name, set()).update(part.origins(name))
            conditions |= reader.of_conditions(part.select, part.environment)
        return Rows(
            {name: sorted(origins[name]) for name in inputs if name in origins},
            {name: sorted(origins[name]) for name in ROW_DATES if origins.get(name)},
            sorted(conditions),
        )

    def _reader(self, key: str) -> tuple[_Reader, exp.Query]:
        if key not in self._readers:
            self._readers[key] = _Reader(self._label, self._columns_of), _parsed(self._models[key], self._dialect)
        return self._readers[key]

    def _label(self, schema: str, name: str) -> str:
        """How a relation is named: a model or a file by its name, another by schema and name."""
        key = f"{schema}.{name}"
        if schema == self._files and "." not in name:
            # Not every engine's tables may have the dot of a file in their names: see macros/engine/loaded.sql.
            return name.replace("__", ".")
        return name if key in self._models or schema == self._files else key

    def _columns_of(self, relation: str) -> Sequence[str]:
        loaded = (f"{self._files}.{name}" for name in (relation, relation.replace(".", "__")))
        keys = (self._keys.get(relation, relation), *loaded)
        return next((self._columns[key] for key in keys if self._columns.get(key)), ())


def _parsed(sql: str, dialect: str) -> exp.Query:
    query = parse_one(sql, dialect=dialect)
    assert isinstance(query, exp.Query)
    return query


@dataclass(frozen=True)
class _File:
    """A file that is read as a table; its columns are those that are asked of it."""

    name: str


@dataclass(frozen=True)
class _Nested:
    """A query that is read as a table, with the CTEs that it sees."""

    query: exp.Query
    environment: Environment


#: What a name in a from clause may be: a relation, a file, a query, or rows that come from nowhere.
Source = str | _File | _Nested | None
Environment = Mapping[str, _Nested]


@dataclass
class _Scope:
    """A select with the relations that it reads, by alias, and the conditions that they were joined on."""

    select: exp.Select
    environment: Environment
    parent: _Scope | None
    sources: dict[str, Source] = field(default_factory=dict)
    conditions: dict[str, exp.Expr] = field(default_factory=dict)


def _branches(query: exp.Query, environment: Environment) -> Iterator[tuple[exp.Select, Environment]]:
    """The selects that a query unites, in their order, each with the CTEs that it sees."""
    waiting: list[tuple[exp.Expr, Environment]] = [(query, environment)]
    while waiting:
        node, seen = waiting.pop()
        for cte in (node.args.get("with_") or exp.With()).expressions:
            seen = {**seen, cte.alias.lower(): _Nested(cte.this, seen)}
        if isinstance(node, exp.Subquery | exp.Paren):
            waiting.append((node.this, seen))
        elif isinstance(node, exp.SetOperation):
            waiting += [(node.expression, seen), (node.this, seen)]
        elif isinstance(node, exp.Select):
            yield node, seen


@dataclass
class _Part:
    """One of the selects that a query unites. A select around them all may add columns of their columns (`added`)."""

    reader: _Reader
    select: exp.Select
    environment: Environment
    names: dict[str, int]
    added: dict[str, exp.Expr]

    def is_null(self, name: str) -> bool:
        """Whether a column is null in each of these rows."""
        if name in self.added:
            return _is_null(self.added[name], self.is_null)
        return _is_null(self.reader.projection(self.select, self.environment, self.names[name]), lambda _: False)

    def origins(self, name: str) -> set[Column]:
        """The columns of other relations that a column is made of in these rows."""
        read = (
            [column.name.lower() for column in self.added[name].find_all(exp.Column)] if name in self.added else [name]
        )
        found: set[Column] = set()
        for column in read:
            if column in self.names:
                found |= self.reader.of_place(self.select, self.environment, self.names[column])
        return found


def _is_null(node: object, is_null_column: Callable[[str], bool]) -> bool:
    """Whether an expression is null for certain, given the columns that are."""
    if isinstance(node, exp.Alias | exp.Cast | exp.Paren):
        return _is_null(node.this, is_null_column)
    if isinstance(node, exp.Column):
        return is_null_column(node.name.lower())
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        return (default is None or _is_null(default, is_null_column)) and all(
            _is_never_true(branch.this, is_null_column) or _is_null(branch.args["true"], is_null_column)
            for branch in node.args["ifs"]
        )
    return isinstance(node, exp.Null)


def _is_never_true(condition: exp.Expr, is_null_column: Callable[[str], bool]) -> bool:
    """Whether a condition compares with null, whatever else it says."""
    if isinstance(condition, exp.Paren):
        return _is_never_true(condition.this, is_null_column)
    if isinstance(condition, exp.And):
        return any(_is_never_true(side, is_null_column) for side in (condition.left, condition.right))
    if isinstance(condition, exp.EQ | exp.LT | exp.LTE | exp.GT | exp.GTE | exp.NEQ):
        return any(_is_null(side, is_null_column) for side in (condition.left, condition.right))
    return False


class _Reader:
    """Finds where the columns of one model's queries come from. Nodes are told apart by their identity."""

    def __init__(self, label: Callable[[str, str], str], columns: Callable[[str], Sequence[str]]) -> None:
        self._label = label
        self._columns = columns
        self._scopes: dict[int, _Scope] = {}
        self._names: dict[int, list[str]] = {}
        self._outputs: dict[tuple[int, str], frozenset[Column]] = {}
        self._joins: dict[tuple[int, str], frozenset[Column]] = {}

    # --- What a query gives

    def names(self, query: exp.Query, environment: Environment) -> list[str]:
        """The names of a query's columns, in their order."""
        if id(query) not in self._names:
            select, seen = next(_branches(query, environment))
            self._names[id(query)] = [name for name, _ in self._projections(select, seen)]
        return self._names[id(query)]

    def of_output(self, query: exp.Query, environment: Environment, name: str) -> frozenset[Column]:
        """The columns of other relations that a column of a query is made of."""
        key = (id(query), name)
        if key not in self._outputs:
            self._outputs[key] = frozenset()
            names = self.names(query, environment)
            found: set[Column] = set()
            if name in names:
                for select, seen in _branches(query, environment):
                    found |= self.of_place(select, seen, names.index(name))
            self._outputs[key] = frozenset(found)
        return self._outputs[key]

    def of_place(self, select: exp.Select, environment: Environment, place: int) -> set[Column]:
        """The columns of other relations that a select's column at a place is made of."""
        return self._of_projection(self.projection(select, environment, place), self._scope(select, environment, None))

    def projection(self, select: exp.Select, environment: Environment, place: int) -> exp.Expr | tuple[str, str]:
        """What stands at a place of a select; an alias and a column where a star passes it on."""
        return self._projections(select, environment)[place][1]

    def parts(self, query: exp.Query) -> Iterator[_Part]:
        """The selects that a query unites, also where one select around them adds columns to theirs."""
        for select, environment in _branches(query, {}):
            inner = self._wrapped(select, environment)
            if inner is None:
                names = {name: place for place, name in enumerate(self.names(query, {}))}
                yield _Part(self, select, environment, names, {})
                continue
            names = {name: place for place, name in enumerate(self.names(inner.query, inner.environment))}
            added = {
                name: projection
                for name, projection in self._projections(select, environment)
                if not isinstance(projection, tuple)
            }
            for united, seen in _branches(inner.query, inner.environment):
                yield _Part(self, united, seen, names, added)

    def _wrapped(self, select: exp.Select, environment: Environment) -> _Nested | None:
        """The one query that a select reads, where it does no more than add columns to it."""
        sources = list(self._scope(select, environment, None).sources.values())
        if any(select.args.get(clause) for clause in ("where", "group", "having", "qualify", "distinct", "limit")):
            return None
        return sources[0] if len(sources) == 1 and isinstance(sources[0], _Nested) else None

    def of_conditions(self, select: exp.Select, environment: Environment) -> set[Column]:
        """The columns by which a select chooses rows: those of its where clause and of its inner joins.

        And those of a query that it reads in place.
        """
        scope = self._scope(select, environment, None)
        found: set[Column] = set()
        read = select.args["from_"].this if select.args.get("from_") else None
        if isinstance(read, exp.Subquery):
            for branch, seen in _branches(read.this, environment):
                found |= self.of_conditions(branch, seen)
        for clause in (select.args.get("where"), select.args.get("having")):
            if clause is not None:
                found |= self._of_expression(clause, scope)
        for join in select.args.get("joins") or []:
            if join.args.get("on") is not None and not join.side:
                found |= self._of_expression(join.args["on"], scope)
        return found

    def _projections(
        self, select: exp.Select, environment: Environment
    ) -> list[tuple[str, exp.Expr | tuple[str, str]]]:
        """Each column's name with its expression, or with the alias and the column that a star passes on."""
        found: list[tuple[str, exp.Expr | tuple[str, str]]] = []
        for projection in select.expressions:
            if not projection.is_star:
                found.append((projection.alias_or_name.lower(), projection))
                continue
            scope = self._scope(select, environment, None)
            aliases = [projection.table.lower()] if isinstance(projection, exp.Column) else list(scope.sources)
            for alias in aliases:
                found += [(name, (alias, name)) for name in self._names_of_source(scope.sources.get(alias))]
        return found

    # --- Where it comes from

    def _of_projection(self, projection: exp.Expr | tuple[str, str], scope: _Scope) -> set[Column]:
        if isinstance(projection, tuple):
            alias, name = projection
            return self._of_source(scope.sources.get(alias), name) | self._of_join(scope, alias)
        return self._of_expression(projection, scope)

    def _of_expression(self, expression: exp.Expr, scope: _Scope) -> set[Column]:
        """The columns in an expression; of a query in it, all that it mentions."""
        found: set[Column] = set()
        waiting: list[exp.Expr] = [expression]
        while waiting:
            node = waiting.pop()
            if isinstance(node, exp.Column):
                found |= self._of_column(node, scope)
            elif isinstance(node, exp.Select | exp.SetOperation):
                for select, seen in _branches(node, scope.environment):
                    inner = self._scope(select, seen, scope)
                    parts = [*select.expressions, *(select.args.get("joins") or []), select.args.get("where")]
                    for part in parts:
                        if part is not None:
                            found |= self._of_expression(part, inner)
            elif not isinstance(node, exp.Table | exp.From):
                waiting += node.iter_expressions()
        return found

    def _of_column(self, column: exp.Column, scope: _Scope | None) -> set[Column]:
        name, table = column.name.lower(), column.table.lower()
        while scope is not None:
            if table:
                alias = table if table in scope.sources else None
            elif len(scope.sources) == 1 and scope.parent is None:
                (alias,) = scope.sources
            else:
                alias = next((key for key, source in scope.sources.items() if self._has(source, name)), None)
            if alias is not None:
                return self._of_source(scope.sources[alias], name) | self._of_join(scope, alias)
            scope = scope.parent
        return set()

    def _has(self, source: Source, name: str) -> bool:
        return isinstance(source, _File) or name in self._names_of_source(source)

    def _names_of_source(self, source: Source) -> Sequence[str]:
        if isinstance(source, _Nested):
            return self.names(source.query, source.environment)
        return self._columns(source) if isinstance(source, str) else ()

    def _of_source(self, source: Source, name: str) -> set[Column]:
        if isinstance(source, _Nested):
            return set(self.of_output(source.query, source.environment, name))
        if isinstance(source, _File):
            return {Column(source.name, name)}
        # A name that is no column stands for the whole row.
        return {Column(source, name)} if source is not None and name in self._columns(source) else set()

    def _of_join(self, scope: _Scope, alias: str) -> frozenset[Column]:
        """The columns that decide which row of a joined relation stands beside the others."""
        key = (id(scope.select), alias)
        if key not in self._joins:
            self._joins[key] = frozenset()
            condition = scope.conditions.get(alias)
            if condition is not None:
                self._joins[key] = frozenset(self._of_expression(condition, scope))
        return self._joins[key]

    # --- What a select reads

    def _scope(self, select: exp.Select, environment: Environment, parent: _Scope | None) -> _Scope:
        if id(select) not in self._scopes:
            scope = _Scope(select, environment, parent)
            clause = select.args.get("from_")
            if clause is not None:
                self._add(scope, clause.this, environment)
            for join in select.args.get("joins") or []:
                alias = self._add(scope, join.this, environment)
                if join.args.get("on") is not None:
                    scope.conditions[alias] = join.args["on"]
            self._scopes[id(select)] = scope
        return self._scopes[id(select)]

    def _add(self, scope: _Scope, node: exp.Expr, environment: Environment) -> str:
        alias = node.alias_or_name.lower()
        scope.sources[alias] = self._source(node, environment)
        return alias

    def _source(self, node: exp.Expr, environment: Environment) -> Source:
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Query):
            return _Nested(node.this, environment)
        if isinstance(node, exp.Table):
            if isinstance(node.this, exp.Identifier):
                if not node.db and node.name.lower() in environment:
                    return environment[node.name.lower()]
                return self._label(node.db, node.name)
            path = node.this.find(exp.Literal)
            return _File(PurePath(path.name).name) if path is not None else None
        return None
