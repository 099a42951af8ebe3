"""Asks files of JSON Lines questions that are meant for Athena, in DuckDB; run by the environment that has it.

Standard input: {"files": […], "tables": [their CREATE EXTERNAL TABLE], "asked": […]}; output: the rows of each answer.
"""

import json
import sys

import duckdb  # type: ignore[import-not-found, unused-ignore]
import sqlglot  # type: ignore[import-not-found, unused-ignore]
from sqlglot import exp  # type: ignore[import-not-found, unused-ignore]

order = json.load(sys.stdin)
database = duckdb.connect()
for file, statement in zip(order["files"], order["tables"], strict=True):
    table = sqlglot.parse_one(statement, dialect="hive")
    columns = {
        column.name: column.kind.sql("duckdb")
        for column in table.find_all(exp.ColumnDef)
        if column.parent is table.this
    }
    listed = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    rows = f"read_json('{file}', columns = {{{listed}}})"
    database.execute(f"CREATE VIEW {table.this.this.name} AS SELECT * FROM {rows}")  # noqa: S608 - the page's own names
answers = [
    database.execute(sqlglot.transpile(one, read="athena", write="duckdb")[0]).fetchall() for one in order["asked"]
]
print(json.dumps(answers))
