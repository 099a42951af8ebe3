"""CloudWatch's metric math, as far as the template uses it: + - * /, comparisons, IF.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

Series = Sequence[float | None]
"""A value for each period; None where there is none."""

OPERATIONS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
}


def evaluated(expression: str, series: Mapping[str, Series]) -> list[float | None]:
    """An expression over series of one length: where one that it needs has no value, or a divisor is 0, it has none."""
    tree = ast.parse(expression, mode="eval").body
    (length,) = {len(one) for one in series.values()}
    return [_value(tree, {name: one[at] for name, one in series.items()}) for at in range(length)]


def names(expression: str) -> set[str]:
    """The ids that an expression uses."""
    found = {node.id for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)}
    return found - {"IF"}


def _value(node: ast.expr, at: Mapping[str, float | None]) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return at[name]
        case ast.BinOp(left=left, op=operation, right=right):
            return _operate(operation, _value(left, at), _value(right, at))
        case ast.Compare(left=left, ops=[operation], comparators=[right]):
            return _operate(operation, _value(left, at), _value(right, at))
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            met = _value(condition, at)
            return None if met is None else _value(then if met else otherwise, at)
    raise NotImplementedError(f"metric math of another kind: {ast.unparse(node)}")


def _operate(operation: ast.operator | ast.cmpop, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (isinstance(operation, ast.Div) and right == 0):
        return None
    return float(OPERATIONS[type(operation)](left, right))
