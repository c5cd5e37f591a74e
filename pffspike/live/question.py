"""What a page may ask: every value has a range, and what lies outside is one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from pffspike.choices import MODES
from pffspike.data.dataset import MAX_LEVELS
from pffspike.errors import ValidationError, shortened

_MOST_PIXELS = 2**16  #: of an image: what fits in a request
_MOST_NOISE = 2**32 - 1  #: seeds that every browser holds without rounding
_MOST_STEPS = 4096  #: of a window, as of a program


class NotJsonError(ValidationError):
    """The body of a request is not JSON."""


class Question(BaseModel):
    """An image and the way in which it is to be answered.

    Exactly one of ``sample``, ``pixels`` and ``values`` is given.

    Parameters
    ----------
    sample : int or None
        Number of a test sample.
    pixels : list of int or None
        Grey values, row by row.
    values : list of float or None
        Measured values of a table's sample, one a feature.
    mode : str
        See `pffspike.Mode`.
    window : int or None
        Steps of the window, a power of two; the network's own by default.
    noise : int
        Seed of the spikes: another one is another draw.
    device : str
        Name of a device card.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    sample: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    pixels: (
        Annotated[
            list[Annotated[int, Field(ge=0, le=MAX_LEVELS)]],
            Field(min_length=1, max_length=_MOST_PIXELS),
        ]
        | None
    ) = None
    values: Annotated[list[float], Field(min_length=1, max_length=_MOST_PIXELS)] | None = None
    mode: Literal[MODES] = "goodness"  # type: ignore[valid-type]
    window: Annotated[int, Field(ge=1, le=_MOST_STEPS)] | None = None
    noise: Annotated[int, Field(ge=0, le=_MOST_NOISE)] = 0
    device: Annotated[str, Field(min_length=1, max_length=64)] = "loihi1"

    @property
    def shown(self) -> str:
        """Which of the three the image is."""
        given = [k for k in ("sample", "pixels", "values") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValidationError(
                f"a question holds {' and '.join(given) or 'no image'}; give one of: sample, "
                f"pixels, values"
            )
        return given[0]


def parse(body: bytes) -> Question:
    """Read a question.

    Parameters
    ----------
    body : bytes
        JSON, an object with the fields of `Question`.

    Returns
    -------
    Question

    Raises
    ------
    ValidationError
        If it is not JSON (`NotJsonError`), or a value is out of its range.

    Examples
    --------
    >>> parse(b'{"sample": 3, "mode": "one_pass"}').noise
    0
    >>> parse(b'{"sample": -1}')
    Traceback (most recent call last):
    ...
    pffspike.errors.ValidationError: sample = -1 is refused: input should be greater than or ...
    """
    try:
        question = Question.model_validate_json(body)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise NotJsonError(
                'the body of the request is not JSON; send an object such as {"sample": 0}'
            ) from None
        raise ValidationError(_sentence(first)) from None
    question.shown  # noqa: B018  (or one sentence)
    return question


def _sentence(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the question"
    what = error["msg"][:1].lower() + error["msg"][1:]
    if error["type"] == "extra_forbidden":
        return f"there is no field {shortened(where)}; give: {', '.join(Question.model_fields)}"
    return f"{where[:64]} = {shortened(error['input'])} is refused: {what}"
