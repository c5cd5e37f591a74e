"""Accuracy against energy: trains what is missing, computes energies, writes table and pictures.

python experiments/06-energy-per-inference/run.py [--dataset mnist] [--network FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import systems
import tables

from pffspike import storage
from pffspike.cards import toml
from pffspike.cards.networks import changed
from pffspike.data import Dataset, load
from pffspike.devices import Device, load_device
from pffspike.errors import ValidationError
from pffspike.files import write_whole
from pffspike.studies.script import run_script
from pffspike.trained import TrainedNetwork

HERE = Path(__file__).parent
MODES = (  # (mode, candidates)
    ("one_pass", None),
    ("proposal", 2),
    ("proposal", 3),
    ("early", 2),
    ("early", 3),
    ("early", None),
    ("goodness", None),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="digits", choices=("digits", "mnist"))
    parser.add_argument("--network", type=Path, help="a trained network of the data set's card")
    parser.add_argument("--data", type=Path, help="folder with the data set's files")
    parser.add_argument("--output", "-o", type=Path, help="default: results/energy/DATASET")
    parser.add_argument(
        "--no-variants",
        action="store_true",
        help="leave out the other networks and rate PFF, which take longest to train",
    )
    options = parser.parse_args()
    out = options.output or Path("results") / "energy" / options.dataset
    (out / "runs").mkdir(parents=True, exist_ok=True)
    content = study(
        options.dataset, options.network, options.data, out / "runs", not options.no_variants
    )
    write_whole(out / "results.json", json.dumps(content, indent=1) + "\n")
    write_whole(out / "table.md", tables.markdown(content))
    tables.draw(content, out)
    print(tables.markdown(content))
    print(f"wrote {out}/results.json, table.md and pictures")


def study(
    name: str, given: Path | None, folder: Path | None, store: Path, others: bool
) -> dict[str, Any]:
    """All points and systems of a data set; without ``others`` those of the card's network."""
    whole = toml.read(HERE / "config.toml")
    config, seed, tolerance = whole[name], whole["seed"], whole["budget"]
    devices = [load_device(device) for device in whole["devices"]]
    data = load(name, folder)
    data = dataclasses.replace(
        data,
        test_images=data.test_images[: config["images"]],
        test_labels=data.test_labels[: config["images"]],
    )
    if given:
        base = storage.load(given)
        if not base.finished:
            raise ValidationError(
                f"{given} is not trained to the end: pffspike train --resume {given}"
            )
    else:
        base = systems.train(config["card"], config["changes"], data, seed, store)
    points = list(sweep_base(base, config, data, devices, seed, tolerance))
    if "rule_abiding" in config:
        points += rule_abiding(config["rule_abiding"], data, devices, seed, store, tolerance)
    for series, setting, state in variants(config, data, seed, store, base) if others else ():
        for mode in ("one_pass", "goodness"):
            point = systems.spiking(state, data, mode, devices, seed)
            points.append({"series": series, "setting": setting, **point})
    return {
        "dataset": name,
        "images": len(data.test_images),
        "network": base.network.name,
        "points": points,
        "systems": compare(points, config, data, devices, seed, store, others),
        "training": train_energies(base, points, config, data, devices, seed, store),
        "not_counted": {d.name: list(d.not_counted) for d in devices},
    }


def sweep_base(
    base: TrainedNetwork,
    config: dict[str, Any],
    data: Dataset,
    devices: list[Device],
    seed: int,
    tolerance: float,
) -> Iterator[dict[str, Any]]:
    """Modes, numbers of steps and bits of the weights: nothing has to be trained."""
    for mode, candidates in MODES:
        point = systems.spiking(
            base, data, mode, devices, seed, candidates=candidates, tolerance=tolerance
        )
        yield {"series": "mode", "setting": point["mode"], **point}
    for window in config["windows"]:
        state = systems.with_window(base, window)
        for mode in ("one_pass", "goodness"):
            point = systems.spiking(state, data, mode, devices, seed)
            yield {"series": "steps", "setting": f"window of {window}", **point}
    for bits in config["bits"]:
        state = systems.with_bits(base, bits, data, seed)
        for mode in ("one_pass", "goodness"):
            point = systems.spiking(state, data, mode, devices, seed, rasters=True)
            yield {"series": "bits", "setting": f"weights of {bits} bits", **point}
    placed = [device for device in devices if device.limits]
    for objective in config.get("placements", ()):
        for mode in ("one_pass", "goodness"):
            point = systems.spiking(base, data, mode, placed, seed, placement=objective)
            yield {"series": "placement", "setting": f"for {objective}", **point}


def rule_abiding(
    card: str, data: Dataset, devices: list[Device], seed: int, store: Path, tolerance: float
) -> Iterator[dict[str, Any]]:
    """The network that breaks no design rule of Loihi 1, with weights of 8 bits."""
    state = systems.with_bits(systems.train(card, {}, data, seed, store), 8, data, seed)
    systems.check_rules(state)
    for mode, candidates in (("one_pass", None), ("early", 2), ("goodness", None)):
        point = systems.spiking(
            state, data, mode, devices, seed, candidates=candidates, tolerance=tolerance
        )
        yield {"series": "fits Loihi 1", "setting": f"{card}, 8 bits", **point}


def variants(
    config: dict[str, Any],
    data: Dataset,
    seed: int,
    store: Path,
    base: TrainedNetwork,
) -> Iterator[tuple[str, str, TrainedNetwork]]:
    """Networks that have to be trained: widths, targets of sparsity, polarity, spiking FF."""
    short = config.get("short_epochs")
    common = changed(config["changes"], {"training": {"epochs": short}} if short else {})

    def trained(pff: dict[str, Any]) -> TrainedNetwork:
        return systems.train(config["card"], changed(common, {"pff": pff}), data, seed, store)

    layers = len([p for p in base.network.populations if p.name.startswith("hidden_")]) // 2
    if short:
        yield "width", f"the card's own, {short} epochs", trained({})
    for width in config["widths"]:
        yield "width", f"{layers} x {width}", trained({"hidden": [width] * layers})
    for target in config["targets"]:
        yield "sparsity", f"target {target:.3f} a step", trained({"target_rate": target})
    yield "polarity", "positive high", trained({"positive": "high"})
    ff = systems.train(config["ff"]["card"], config["ff"]["changes"], data, seed, store)
    yield "spiking FF", "label at the input", ff


def compare(
    points: list[dict[str, Any]],
    config: dict[str, Any],
    data: Dataset,
    devices: list[Device],
    seed: int,
    store: Path,
    others: bool,
) -> list[dict[str, Any]]:
    """Spiking PFF and FF, rate-coded PFF, and a perceptron that is as accurate."""
    found = [{"system": f"spiking PFF, {p['mode']}", **p} for p in points if p["series"] == "mode"]
    found += [
        {"system": f"{name}, {p['mode']}", **p}
        for series, name in (
            ("fits Loihi 1", "spiking PFF that fits Loihi 1"),
            ("spiking FF", "spiking FF"),
        )
        for p in points
        if p["series"] == series
    ]
    found += rate_pff(config["rate_pff"], data, devices, seed, store) if others else []
    hidden, accuracy, result = equal_perceptron(points, config, data, seed, store)
    got = result["modes"]["one_pass"]
    found.append(
        {
            "system": f"perceptron, {' x '.join(map(str, hidden))} hidden, backpropagation",
            "hidden": hidden,
            "accuracy": accuracy,
            "energy": systems.dense(got["operations"], sum(hidden) + data.classes, devices),
        }
    )
    return found


def rate_pff(
    settings: dict[str, Any], data: Dataset, devices: list[Device], seed: int, store: Path
) -> list[dict[str, Any]]:
    """Rate-coded PFF in its two modes."""
    result = systems.rate("rate_pff", settings, data, seed, store)
    units, found = sum(settings["hidden"]), []
    # One pass up, then, label by label, half of the 12 steps and one more.
    for mode, neurons in (("one_pass", units + data.classes), ("goodness", units * (1 + 70))):
        got = result["modes"][mode]
        energy = systems.dense(got["operations"], neurons, devices)
        found.append({"system": f"rate PFF, {mode}", "accuracy": got["accuracy"], "energy": energy})
    return found


def equal_perceptron(
    points: list[dict[str, Any]], config: dict[str, Any], data: Dataset, seed: int, store: Path
) -> tuple[list[int], float, dict[str, Any]]:
    """The smallest perceptron within a standard error of PFF's best mode (else the largest).

    Its hidden units, its accuracy (the mean of three seeds) and the result of the first.
    """
    best = max(p["accuracy"] for p in points if p["series"] == "mode")
    enough = best - (best * (1 - best) / len(data.test_labels)) ** 0.5
    for hidden in config["perceptrons"]:
        settings = _perceptron(config, hidden)
        results = [
            systems.rate("perceptron", settings, data, seed + more, store) for more in range(3)
        ]
        accuracy = statistics.fmean(r["modes"]["one_pass"]["accuracy"] for r in results)
        if accuracy >= enough:
            break
    return hidden, accuracy, results[0]


def _perceptron(config: dict[str, Any], hidden: list[int]) -> dict[str, Any]:
    return {"hidden": hidden, "epochs": config["perceptron_epochs"]}


def train_energies(
    base: TrainedNetwork,
    points: list[dict[str, Any]],
    config: dict[str, Any],
    data: Dataset,
    devices: list[Device],
    seed: int,
    store: Path,
) -> dict[str, Any]:
    """Energies of learning an image: PFF on every device, backpropagation where it runs."""
    hidden, _, result = equal_perceptron(points, config, data, seed, store)
    settings = _perceptron(config, hidden)
    return {
        "spiking PFF": systems.training_spiking(base, data, devices, seed),
        "backpropagation": systems.training_perceptron(settings, result, data, devices),
    }


if __name__ == "__main__":
    run_script(main)
