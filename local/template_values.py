"""The template as it is written, and what CloudFormation makes of its intrinsic functions, as far as it uses them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

STACK = "mms-gateway"
ACCOUNT = "123456789012"
PSEUDO = {
    "AWS::StackName": STACK,
    "AWS::Region": "eu-west-1",
    "AWS::Partition": "aws",
    "AWS::AccountId": ACCOUNT,
    "AWS::URLSuffix": "amazonaws.com",
}


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms: `!Sub x` is {"Fn::Sub": "x"}."""


def _short_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if name == "GetAtt":
        value = value.split(".", 1)
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _short_form)


def read_template(path: Path) -> dict[str, Any]:
    """A template, its functions in their long form."""
    read: dict[str, Any] = yaml.load(path.read_text(), _Loader)  # noqa: S506 - a safe loader's child
    return read


class TemplateValues:
    """What CloudFormation makes of values of a template."""

    def __init__(
        self, template: Mapping[str, Any], names: Mapping[str, str] | None = None, /, **parameters: str
    ) -> None:
        """`names` has what each name stands for in a stack that is there; without it they are made up."""
        self._template = template
        self._names = names
        defaults = {name: str(one.get("Default", "")) for name, one in template["Parameters"].items()}
        self._parameters = {**defaults, **parameters}

    def of(self, value: Any) -> Any:  # noqa: PLR0911 - one for each function
        """A value with its functions worked out; None where CloudFormation leaves it out."""
        match value:
            case {"Ref": "AWS::NoValue"}:
                return None
            case {"Ref": name}:
                return self._named(name)
            case {"Fn::GetAtt": [name, attribute]}:
                return self._named(f"{name}.{attribute}")
            case {"Fn::If": [condition, then, otherwise]}:
                return self.of(then if self.holds(condition) else otherwise)
            case {"Fn::FindInMap": [name, *keys]}:
                first, second = map(self.of, keys)
                return self._template["Mappings"][name][first][second]
            case {"Fn::Sub": [text, values]}:
                return self._substituted(text, {name: str(self.of(one)) for name, one in values.items()})
            case {"Fn::Sub": text}:
                return self._substituted(text, {})
            case {"Fn::Split": [delimiter, text]}:
                return self.of(text).split(delimiter)
            case {"Fn::Join": [delimiter, texts]}:
                return delimiter.join(str(one) for one in self.of(texts))
            case dict():
                return {name: told for name, one in value.items() if (told := self.of(one)) is not None}
            case list():
                return [told for one in value if (told := self.of(one)) is not None]
        return value

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template is met."""
        return self._meets(self._template["Conditions"][condition])

    def exists(self, resource: str) -> bool:
        """Whether a resource comes to be."""
        condition = self._template["Resources"][resource].get("Condition")
        return condition is None or self.holds(condition)

    def _meets(self, rule: Any) -> bool:
        match rule:
            case {"Condition": name}:
                return self.holds(name)
            case {"Fn::Not": [one]}:
                return not self._meets(one)
            case {"Fn::Equals": [left, right]}:
                return bool(self.of(left) == self.of(right))
        raise NotImplementedError(f"a condition of another kind: {rule}")

    def _substituted(self, text: str, values: Mapping[str, str]) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda found: values.get(found[1]) or self._named(found[1]), text)

    def _named(self, name: str) -> str:
        if name in self._parameters:
            return self._parameters[name]
        return self._made_up(name) if self._names is None else self._names[name]

    def _made_up(self, name: str) -> str:
        if name in PSEUDO:
            return PSEUDO[name]
        if name == "Api.Stage":  # SAM's
            return str(self._template["Resources"]["Api"]["Properties"]["StageName"])
        resource, _, attribute = name.partition(".")
        if not self.exists(resource):
            raise LookupError(f"{name} is named, and the resource does not exist")
        properties = self._template["Resources"][resource]["Properties"]
        if attribute == "Arn" and "AlarmName" in properties:
            return f"arn:aws:cloudwatch:{PSEUDO['AWS::Region']}:{ACCOUNT}:alarm:{self.of(properties['AlarmName'])}"
        named = properties.get("DashboardName") if not attribute else None
        return str(self.of(named)) if named is not None else ".".join(filter(None, (f"{STACK}-{resource}", attribute)))
