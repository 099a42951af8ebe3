"""The places where the version stands: pyproject.toml decides, the template's output Version repeats it."""

import re

VERSION = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?"  # semantic versioning, without build metadata
IN_PYPROJECT = re.compile(r'(?<=^version = ")[^"]*(?="$)', re.MULTILINE)
IN_TEMPLATE = re.compile(r"(?<=^  Version:\n)(    Description: .*\n    Value: )(\S+)$", re.MULTILINE)


def checked(version: str) -> str:
    """A version as it came; ValueError if it is none."""
    if not re.fullmatch(VERSION, version):
        raise ValueError(f"{version!r} is no version: give one such as 1.2.0, without a v.")
    return version


def of_pyproject(text: str) -> str:
    """The version that pyproject.toml has."""
    (found,) = IN_PYPROJECT.findall(text)
    return str(found)


def of_template(text: str) -> str:
    """The version that the template puts into its output."""
    ((_, found),) = IN_TEMPLATE.findall(text)
    return str(found)


def pyproject_of(text: str, version: str) -> str:
    """The pyproject.toml of a version."""
    return IN_PYPROJECT.sub(version, text)


def template_of(text: str, version: str) -> str:
    """The template of a version."""
    return IN_TEMPLATE.sub(rf"\g<1>{version}", text)
