"""What EXPLAIN says of a query: buffers and the shape of the plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow


@dataclass(frozen=True)
class Plan:
    """An executed plan."""

    root: dict[str, Any]

    @property
    def buffers(self) -> int:
        """Pages that the execution looked at, found in shared buffers or not."""
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])

    @property
    def nodes(self) -> list[dict[str, Any]]:
        """Every node, parents first."""
        return list(_walk(self.root))

    @property
    def index_conditions(self) -> str:
        """The index conditions of all nodes."""
        return " ".join(node["Index Cond"] for node in self.nodes if "Index Cond" in node)


def explain(
    connection: Connection[TupleRow], query: str, parameters: Sequence[object] | Mapping[str, object] = ()
) -> Plan:
    """Runs a query twice (the first time fills the caches of the connection) and returns its plan."""
    statement = f"explain (analyze, buffers, format json) {query}"
    connection.execute(statement, parameters)
    row = connection.execute(statement, parameters).fetchone()
    assert row is not None
    return Plan(row[0][0]["Plan"])


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _walk(child)
