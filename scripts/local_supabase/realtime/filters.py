"""Filters of row changes: `column=operator.value`, several of them with commas between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

_COMPARISONS = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_PATTERNS = {"like": "like", "ilike": "ilike", "match": "~", "imatch": "~*"}
_TRUTH = ("null", "true", "false", "unknown")
_OPERATORS = {*_COMPARISONS, *_PATTERNS, "in", "is", "isdistinct"}


class FilterError(Exception):
    """A filter can't be understood."""


@dataclass(frozen=True)
class Filter:
    """One condition."""

    column: str
    operator: str
    value: str
    """For `in`, the list as a PostgreSQL array."""
    negated: bool = False


def parse_filters(text: str) -> tuple[Filter, ...]:
    """The conditions in `text`, all of which must hold. Raises FilterError."""
    if not text.strip():
        return ()
    return tuple(_parse(part) for part in _split(text.strip()))


def condition(
    filters: Sequence[Filter], types: Mapping[str, str], row: str
) -> tuple[sql.Composable, list[str]]:
    """The SQL expression over the record `row`, and its parameters. Raises FilterError.

    `types` names the type of each column, as SQL writes it.
    """
    parts, parameters = list[sql.Composable](), list[str]()
    for item in filters:
        if item.column not in types:
            raise FilterError(f"invalid column for filter {item.column}")
        expression = _expression(item, types[item.column])
        if item.operator != "is":
            parameters.append(item.value)
        # A comparison with null is no match, negated or not.
        template = "coalesce(not ({}), false)" if item.negated else "coalesce({}, false)"
        parts.append(sql.SQL(template).format(expression.format(sql.Identifier(row, item.column))))
    return sql.SQL(" and ").join(parts or [sql.SQL("true")]), parameters


def _expression(item: Filter, type_name: str) -> sql.SQL:
    """With a hole for the column. The type's name comes from the catalogue, the rest from above."""
    escaped = type_name.replace("{", "{{").replace("}", "}}").replace("%", "%%")
    if item.operator == "is":
        text = f"{{}} is {item.value}"
    elif item.operator == "in":
        text = f"{{}} = any(cast(%s as {escaped}[]))"
    elif item.operator == "isdistinct":
        text = f"{{}} is distinct from cast(%s as {escaped})"
    elif item.operator in _PATTERNS:
        text = f"{{}}::text {_PATTERNS[item.operator]} %s"
    else:
        text = f"{{}} {_COMPARISONS[item.operator]} cast(%s as {escaped})"
    return sql.SQL(text)


def _parse(part: str) -> Filter:
    column, equals, rest = part.strip().partition("=")
    negated = rest.startswith("not.")
    operator, dot, value = rest.removeprefix("not.").partition(".")
    if not equals or not dot or operator not in _OPERATORS:
        raise FilterError(f"Error parsing `filter` params: {part!r}")
    if operator == "in":
        if not (value.startswith("(") and value.endswith(")")):
            raise FilterError(
                "Error parsing `filter` params: `in` filter value must be wrapped by parentheses"
            )
        return Filter(column, operator, "{" + value[1:-1] + "}", negated)
    value = _unquoted(value)
    if operator == "is" and value not in _TRUTH:
        raise FilterError(f"Error parsing `filter` params: {part!r}")
    return Filter(column, operator, value, negated)


def _split(text: str) -> Iterator[str]:
    """The parts between commas that are neither in parentheses nor in quotes."""
    current, depth, quoted, previous = "", 0, False, ""
    characters = iter(text)
    for character in characters:
        if quoted and character == "\\":
            current += character + next(characters, "")
            continue
        if character == '"' and (quoted or previous in (".", "(", ",")):
            quoted = not quoted
        elif not quoted and character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
        elif not quoted and depth == 0 and character == ",":
            yield current
            current, previous = "", ""
            continue
        current += character
        previous = character
    yield current


def _unquoted(value: str) -> str:
    if re.fullmatch(r'"(?:[^"\\]|\\.)*"', value, re.DOTALL):
        return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
    return value
