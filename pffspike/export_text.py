"""What the README.txt of an export says of ``network.json``, and of the network in the folder.

``network.json`` gives real numbers as the card has them; ``model.md`` says how each is rounded.

- ``seed``: of the training, in decimal digits;
- ``populations``, in the order that keys random numbers (``index``): ``size``; ``input``: whether
  its spike probabilities come from outside; ``normalization``, and its table ``gain`` for 0, 1, ...
  spikes, integers times ``2^gain_exponent``; ``rule``: null, or its ``kind`` and ``parameters`` (of
  goodness ``threshold``, ``slope``, whether ``positive`` samples have low or high goodness, and
  whether the population ``decides``; of delta the ``population`` or the ``signal`` of the target),
  and what follows from them: ``coefficients`` (``offset``, ``gain``, ``slope``, ``theta``) for each
  sign of a phase, and ``target_population`` or ``target_signal``, if any;
  ``bias``: ``initial`` value, ``learning_rate``, ``homeostasis``, ``target_rate``, ``limit``;
- ``projections``, in the order that keys initial weights: from ``pre`` to ``post``;
  ``connectivity`` and ``block``; ``weights``: whose file it uses, its own unless it is ``tied``;
  ``exponent`` of the grid; ``low`` and ``high``, integers times ``2^exponent``;
  ``weighted_by_gain``: whether it is normalized; ``learning_rate`` (0: fixed); ``initial`` and
  ``scale`` of the initial weights;
- ``programs``: ``burn_in`` and ``window`` in steps; ``phases`` in order: ``inputs`` (the signal or
  the neuron that each input population follows), ``projections`` that are enabled, populations that
  are ``active``, ``sign`` (or the signal that holds it), populations that ``learn``, ``stream``;
  ``hard_negative``, if there is one: ``signal`` that is replaced, deciding ``population`` and
  ``phase``, signal of the ``truth``, ``noise``;
- ``training``: ``dataset``, ``epochs``, ``decay``, share of ``hard_negatives``, ``shift`` in
  pixels, ``flip`` (whether images are mirrored), ``latent_images`` that latent states are inferred
  of after each epoch, ``latent_decay`` of their learning rates, ``coding`` and ``encoding``;
- ``roles``: which population is the ``input`` that images drive, the ``label`` with a neuron for
  each class, the ``readout`` whose spikes are the answer of one pass, and the ``latent`` one that
  latent states drive; a role that no population has is left out. What a population is called says
  nothing else: a phase says which signal it follows, by the names of ``model.md``;
- ``decisions``: by the program that decides; of ``goodness`` the sign that the goodness of each
  population has in the score of a label, of ``one_pass`` the population that names the label;
- ``data`` that it was trained on, null where they are not known: ``name``, ``levels`` (the grey
  value that stands for white), ``shape`` (rows and columns of an image), ``classes`` and
  ``class_names``, number of training ``samples``, a digest of the training part, ``train``, and,
  if they are events, the ``binning``: ``steps``, ``duration`` of one, ``sensor``, ``downsample``;
- ``card``: the same network in TOML, and its ``hash``; ``provenance``: what it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pffspike.cards import toml

_CODING = {
    "grey": "neuron k of the input population spikes with the probability x of pixel k.",
    "on_off": "with the mean of coding/mean.npy, neuron k of the input population spikes with the\n"
    "probability clip(2 (x - mean), 0, 1) of pixel k, and the second half of the neurons with\n"
    "clip(2 (mean - x), 0, 1).",
    "saccades": "the image moves in three saccades; neuron k of the input population spikes where\n"
    "pixel k becomes brighter, and the second half of the neurons where it becomes darker.",
}
_ENCODING = {
    "rates": "",
    "latency": "The larger its value, the earlier a neuron spikes, once a presentation.",
    "even": "Instead of by chance, neurons spike evenly spaced, as often as their values say.",
}


def describe(description: Mapping[str, Any]) -> str:
    """Describe ``network.json`` in general and the network that it holds.

    Parameters
    ----------
    description : mapping
        Content of ``network.json``.

    Returns
    -------
    str
        Lines of text.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> from pffspike.export_description import describe_network
    >>> from pffspike.network import initial
    >>> from pffspike.trained import TrainedNetwork
    >>> network = load_network("digits")
    >>> content = describe_network(TrainedNetwork(network, initial(network, 0), 0))
    >>> print([line for line in describe(content).splitlines() if "G(" in line][0])
    goodness: the score of a label is - G(hidden_1) - G(hidden_2); the largest decides, the lowest
    """
    return f"{__doc__}\n{_this_network(description)}"


def _this_network(description: Mapping[str, Any]) -> str:
    training = description["training"]
    sections = {
        f"The network in this folder (seed {description['seed']})": [],
        "Populations": [_population(p) for p in description["populations"]],
        "Projections": [_projection(p) for p in description["projections"]],
        "Active populations": [
            f"{program['name']}, {phase['name']}: {', '.join(phase['active'])}"
            for program in description["programs"]
            for phase in program["phases"]
        ],
        "Training": [_values(training)],
        "Images": [_data(description["data"]), *_coded(description["data"], training)],
        "Roles": [f"{role}: {name}" for role, name in description["roles"].items()],
        "Decisions": _decisions(description["decisions"]),
    }
    return "\n".join(
        f"{title}\n{'-' * len(title)}\n" + "".join(f"{line}\n" for line in lines)
        for title, lines in sections.items()
    )


def _data(data: Mapping[str, Any] | None) -> str:
    if data is None:
        return "The data that the network was trained on are not known."
    rows, columns = data["shape"]
    return (
        f"Trained on {data['samples']} images of {data['name']}, {rows} x {columns} pixels, "
        f"{data['classes']} classes; levels = {data['levels']}."
    )


def _coded(data: Mapping[str, Any] | None, training: Mapping[str, Any]) -> list[str]:
    """How samples become what the input population is given."""
    binning = data and data.get("binning")
    if binning:
        return [
            f"They are events, in {binning['steps']} steps: one at time t belongs to step",
            f"floor(t / {binning['duration']}). Neurons of the sensor, {binning['sensor']} "
            f"(channels, rows, columns),",
            f"are taken together by {binning['downsample']} in a row and in a column; a neuron of "
            f"the input population",
            "spikes in a step in which one of its own has an event.",
        ]
    return [
        "A grey value v of 0 to levels is x = floor((2^25 v + levels) / (2 levels)) * 2^-24;",
        _CODING[training["coding"]],
        *filter(None, [_ENCODING[training.get("encoding", "rates")]]),
    ]


def _population(population: Mapping[str, Any]) -> str:
    start = f"{population['name']}: {population['size']} neurons, {population['normalization']}"
    if population["input"]:
        return f"{start}, input"
    rule = population["rule"] or {"kind": "none", "parameters": {}}
    parameters = _values(rule["parameters"])
    return (
        f"{start}\n  rule: {rule['kind']}{': ' if parameters else ''}{parameters}"
        f"\n  bias: {_values(population['bias'])}"
    )


def _projection(projection: Mapping[str, Any]) -> str:
    learns = f"learning rate {projection['learning_rate']:.10g}"
    if projection["tied"]:
        learns = f"tied to {projection['tied']}"
    gain = "" if projection["weighted_by_gain"] else ", not normalized"
    return (
        f"{projection['name']}: {projection['pre']} to {projection['post']}, "
        f"{projection['connectivity']}, {learns}{gain}"
    )


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in toml.plain(values).items())


def _decisions(decisions: Mapping[str, Any]) -> list[str]:
    found = []
    if "goodness" in decisions:
        signs = decisions["goodness"].items()
        score = " ".join(f"{'-' if sign < 0 else '+'} G({name})" for name, sign in signs)
        found.append(
            f"goodness: the score of a label is {score}; the largest decides, the lowest\n"
            "label of equals (model.md, section 6)"
        )
    if "one_pass" in decisions:
        found.append(
            f"one_pass: the neuron of {decisions['one_pass']} with the most spikes in the window\n"
            "names the label; random numbers part equals (model.md, section 6)"
        )
    return found
