"""Roles: which populations images, labels, answers and latent states belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from pffspike.errors import ValidationError, unknown

Role = Literal["input", "label", "readout", "latent"]
NAMES: tuple[Role, ...] = get_args(Role)  #: of all roles


@dataclass(frozen=True)
class Roles:
    """Which populations have the parts that commands ask for.

    These four can't be told from the graph, so the network names them; what a population is called
    decides nothing else. All others follow: hidden populations have a rule with a goodness
    threshold, and predictions learn from the population that they predict. A name for which there
    is no such population stands for a role that nobody has, which is how a network without a
    latent population says so.

    A population is not a signal. Signals are data with names of their own
    (`pffspike.network.signals`), and each phase says in `Phase.inputs` which population follows
    which: ``{"eye": "image", "answer": "label"}`` in one phase and ``{"eye": "image", "answer":
    "negative"}`` in another, of a network with ``Roles(input="eye", label="answer")``.

    Parameters
    ----------
    input : str
        The input population that images drive.
    label : str
        The input population with a neuron for each class.
    readout : str
        The population whose neuron with the most spikes is the answer of one pass.
    latent : str
        The input population that the latent states of images drive.

    Raises
    ------
    ValidationError
        If two roles name the same population.

    Examples
    --------
    >>> Roles(input="eye", readout="vote").label
    'label'
    >>> Roles(input="label")
    Traceback (most recent call last):
    ...
    pffspike.errors.ValidationError: roles: input and label are both 'label'; name different \
populations, or give '' for a role that none has
    """

    input: str = "image"
    label: str = "label"
    readout: str = "readout"
    latent: str = "latent"

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for role, name in vars(self).items():
            if name and name in seen:
                raise ValidationError(
                    f"roles: {seen[name]} and {role} are both {name!r}; name different "
                    f"populations, or give '' for a role that none has"
                )
            seen[name] = role

    def of(self, role: Role) -> str:
        """Name of the population that has a role, if there is one.

        Parameters
        ----------
        role : {"input", "label", "readout", "latent"}
            The role.

        Returns
        -------
        str

        Raises
        ------
        ValidationError
            If there is no such role.

        Examples
        --------
        >>> Roles().of("input")
        'image'
        """
        if role not in NAMES:
            raise unknown("role", role, NAMES)
        return str(getattr(self, role))


USUAL = Roles()  #: what a network has that says nothing; no part of its hash

_MEANING = {
    "input": ("input", "that images drive"),
    "label": ("label", "with a neuron for each class"),
    "readout": ("read-out", "whose spikes are the answer"),
    "latent": ("latent", "that latent states drive"),
}
_LATENT = ", or train a network whose card has, for example, latent = 20"


def is_driven(role: str) -> bool:
    """Whether the population of a role must be an input of the network."""
    return role != "readout"


def missing(network: str, role: Role) -> ValidationError:
    """Error for a role that no population of a network has.

    Parameters
    ----------
    network : str
        Its name.
    role : {"input", "label", "readout", "latent"}
        The role that is needed.

    Returns
    -------
    ValidationError

    Examples
    --------
    >>> print(missing("tiny", "readout"))
    network 'tiny' has no read-out population; name the one whose spikes are the answer in its \
roles (in a card: [roles] readout = "...")
    """
    noun, what = _MEANING[role]
    return ValidationError(
        f"network {network!r} has no {noun} population; name the one {what} in its roles (in a "
        f'card: [roles] {role} = "..."){_LATENT if role == "latent" else ""}'
    )
