"""TOML to frozen dataclasses, with errors that name the key, the value and what would be right."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import tomli_w

from pffspike.errors import FileError, ValidationError, shortened
from pffspike.files import read_regular

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

_DEEPEST = 16  #: tables and arrays in each other; cards have 5
_MOST_BYTES = 2**24  #: of a card
_TOO_DEEP = f"tables or arrays lie more than {_DEEPEST} deep in each other; cards have 5 levels"
_ENDLESS = re.compile(r"\d{1000}")
_NUMBER = re.compile(r"at line (\d+)")

_TEXT_OR_INTEGER = {"str", "int"}  #: what pydantic calls the two forms of a key that may be either

_STRICT = pydantic.ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def parse(text: str, source: str) -> dict[str, Any]:
    """Parse TOML text.

    Parameters
    ----------
    text : str
        What a card holds.
    source : str
        What to call the text in an error: a path or a name.

    Raises
    ------
    ValidationError
        If the text is not TOML.
    """
    try:
        found = tomllib.loads(text)
    except RecursionError:
        raise ValidationError(f"{source}: {_TOO_DEEP}") from None
    except tomllib.TOMLDecodeError as error:
        raise ValidationError(
            f"{source} is not valid TOML: {error}{_line(text, str(error))}; fix that line"
        ) from None
    except ValueError:
        line = next((line for line in text.splitlines() if _ENDLESS.search(line)), "")
        raise ValidationError(
            f"{source}: {shortened(line)} has more digits than a number may have; give fewer"
        ) from None
    _check_depth(found, source)
    return found


def _line(text: str, error: str) -> str:
    """Line that an error tells the number of, to say which key it means."""
    number = _NUMBER.search(error)
    lines = text.rstrip().splitlines()
    index = int(number[1]) - 1 if number else len(lines) - 1
    return f": {shortened(lines[index].strip())}" if 0 <= index < len(lines) else ""


def _check_depth(data: Any, source: str) -> None:
    """Refuse tables and arrays in each other that no card needs; nothing recurs here."""
    level = [data]
    for _ in range(_DEEPEST):
        level = [
            item
            for value in level
            if isinstance(value, (dict, list))
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ValidationError(f"{source}: {_TOO_DEEP}")


def read(path: Path) -> dict[str, Any]:
    """Read and parse a TOML file.

    Parameters
    ----------
    path : Path
        Of the file.

    Returns
    -------
    dict
        Its tables.

    Raises
    ------
    FileError
        If it is missing, unreadable or too long for a card.
    ValidationError
        If it is malformed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "card.toml"
    ...     _ = path.write_text("epochs = 3")
    ...     read(path)
    {'epochs': 3}
    """
    content = read_regular(path)
    if len(content) > _MOST_BYTES:
        raise FileError(f"{path} holds {len(content)} bytes, so it is not a card; check the path")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValidationError(
            f"{path} is not UTF-8 text, so it is no card; check the path"
        ) from None
    return parse(text, str(path))


def build(kind: type[T], data: Mapping[str, Any], source: str, where: str = "") -> T:
    """Make a dataclass, and those nested in it, of parsed data.

    Parameters
    ----------
    kind : type
        A dataclass.
    data : mapping
        Tables of a parsed card.
    source, where : str
        The card and the table in it, for errors.

    Returns
    -------
    instance of ``kind``

    Raises
    ------
    ValidationError
        For the first key that is unknown, missing or has an unsuitable value.
    """
    if not isinstance(data, Mapping):
        raise ValidationError(
            f"{source}: {where or 'the card'} = {shortened(data)} is wrong: it must be a table"
        )
    try:
        built: T = _adapter(kind).validate_json(json.dumps([data], default=str))[0]
        return built
    except pydantic.ValidationError as error:
        raise ValidationError(f"{source}: {_sentence(error, kind, where)}") from None


def _adapter(kind: Any) -> pydantic.TypeAdapter[Any]:
    # In a tuple, because a dataclass takes the settings of what it stands in.
    return pydantic.TypeAdapter(tuple[kind], config=_STRICT)


def _sentence(error: pydantic.ValidationError, kind: type, where: str) -> str:
    problems = error.errors(include_url=False)
    first = _most_telling(problems)
    loc = first["loc"][1:]
    either = {p["loc"][-1] for p in problems if p["loc"][:-1] == first["loc"][:-1]}
    loc = loc[:-1] if either == _TEXT_OR_INTEGER else loc  # not part of the key
    path = [str(part) for part in loc if not _is_class(part)]
    key = ".".join([where, *path] if where else path) or "the card"
    if first["type"] == "missing":
        return f"{key} is missing; add it"
    if first["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        names = [field.name for field in dataclasses.fields(_owner(kind, loc))]
        close = difflib.get_close_matches(path[-1], names, 1) or names
        return f"{key} is not a known key; did you mean {' or '.join(close)}?"
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "value_error":
        return f"{key}: {message}" if path else message
    if either == _TEXT_OR_INTEGER:
        message = "it must be an integer or a text"
    if path[-1] == "kind":
        kinds = (p["ctx"]["expected"] for p in problems if p["loc"][-1] == "kind")
        message = f"it must be {' or '.join(dict.fromkeys(kinds))}"
    return f"{key} = {shortened(first['input'])} is wrong: {message[:1].lower()}{message[1:]}"


def _most_telling(problems: list[Any]) -> Any:
    """First problem; where a value may be one of several classes, of the one its kind names."""
    refuted = {problem["loc"][:-1] for problem in problems if problem["loc"][-1] == "kind"}
    for problem in problems:
        if not any(problem["loc"][: len(branch)] == branch for branch in refuted):
            return problem
    return next((problem for problem in problems if problem["loc"][-1] == "kind"), problems[0])


def _is_class(part: object) -> bool:
    return str(part)[:1].isupper()


def _owner(kind: type, loc: tuple[int | str, ...]) -> type:
    """Dataclass that the key at the end of a location belongs to."""
    choices, in_mapping = [kind], False
    for part in loc[:-1]:
        if isinstance(part, int) or in_mapping:  # a place in a list, or a name in a mapping
            in_mapping = False
        elif _is_class(part):  # names one of the choices of the key before it
            kind = next(choice for choice in choices if choice.__name__ == part)
        else:
            hint = typing.get_type_hints(kind, include_extras=True)[part]
            choices, in_mapping = _dataclasses(hint), typing.get_origin(hint) is Mapping
            kind = choices[0]
    return kind


def _dataclasses(hint: Any) -> list[type]:
    if hasattr(hint, "choices"):  # in an annotation, see `pffspike.network.rules.AnyRule`
        return list(hint.choices())
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return [hint]
    return [found for part in typing.get_args(hint) for found in _dataclasses(part)]


def write(data: Mapping[str, Any]) -> str:
    """TOML text of nested mappings, sequences and numbers; ``None`` is left out."""
    return tomli_w.dumps(plain(data))


def plain(value: Any) -> Any:
    """Dataclasses, mappings and sequences as plain dicts and lists without ``None``."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
