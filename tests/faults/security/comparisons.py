"""Where code compares values in another way than in constant time, found in its source."""

import ast
from collections.abc import Iterator

SEARCHES = {"startswith", "endswith", "find", "rfind", "index", "rindex", "count", "removeprefix", "removesuffix"}
DUNDERS = {"__eq__", "__ne__", "__contains__", "__lt__", "__gt__", "fullmatch", "match", "search", "intersection"}
ORDERED = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def comparisons(source: str) -> Iterator[str]:
    """Every comparison of values, as it is written: operators, searches in texts, sets and tables, `match`."""
    for node in ast.walk(ast.parse(source)):
        if _compares(node):
            yield ast.unparse(node)


def _compares(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=operators):
            return any(isinstance(each, ORDERED) for each in operators)
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in SEARCHES | DUNDERS
        case ast.BinOp(op=ast.BitAnd() | ast.BitXor()) | ast.MatchValue():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset" | "dict")) | ast.Set() | ast.SetComp() | ast.DictComp():
            return True
    return False
