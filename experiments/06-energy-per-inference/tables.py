"""Tables and pictures of the study's results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pffspike import plots
from pffspike.text import joule, three_energies

MAIN = "loihi1"  #: the device of the tables that show one
DRAWN = ("one_pass", "early of 2", "goodness", "hidden, backpropagation")  #: ends of names
NOT_DRAWN = ("fits Loihi 1, goodness", "spiking FF, goodness")  #: of these, to keep to nine marks
VALUES = ("events", "total", "whole_chip")  #: of an energy


def markdown(content: dict[str, Any]) -> str:
    """All tables."""
    parts = [
        f"# {content['dataset']}: accuracy against energy",
        f"Network {content['network']}, {content['images']} test images, energy per inference. "
        f"Points of the table on {MAIN}: of the events alone, with the static power of the cores "
        "in use (± the standard deviation over images, and the interval that holds 95 % of them), "
        "and with that of the whole chip. * lies on the Pareto front with the cores in use, + on "
        "the one of the events alone.",
        _points(content),
        "## Systems on devices",
        "Energy of the default profile of each card with the static power of the cores in use; in "
        "brackets of the events alone and with the whole chip, where these differ. After a | is "
        "the same by the other profiles of the card, which are other sources and no interval. A "
        "dash: the device has no energy for multiplications.",
        _systems(content),
        "## Training",
        "A > where the card has no energy for a change of a weight. Backpropagation: products "
        "forward and backward, and Adam, counted from the sizes of the layers. On Loihi learning "
        "is hypothetical: goodness and its modulator are not among the rules of the chip.",
        _training(content),
    ]
    return "\n\n".join(parts) + "\n"


def _grid(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _chosen(content: dict[str, Any], key: str) -> list[plots.Point]:
    return [
        plots.Point(
            p["series"],
            f"{p['setting']}, {p['mode']}",
            p["energy"][MAIN][key],
            p["accuracy"],
            _interval(p["accuracy"], content["images"]),
            filled=p["mode"] != "one_pass",
        )
        for p in content["points"]
    ]


def _interval(accuracy: float, images: int) -> tuple[float, float]:
    """Accuracy less and plus its standard error over test images."""
    error = (accuracy * (1 - accuracy) / images) ** 0.5
    return accuracy - error, accuracy + error


def _points(content: dict[str, Any]) -> str:
    fronts = {key: set(plots.pareto_front(_chosen(content, key))) for key in ("total", "events")}
    rows = []
    for index, point in enumerate(content["points"]):
        on = "".join(
            sign
            for sign, key in (("*", "total"), ("+", "events"))
            if _chosen(content, key)[index] in fronts[key]
        )
        found, counts = point["energy"][MAIN], point["counts"]
        operations = counts["spread"]["synaptic_operations"]["deviation"]
        zeros = point.get("without_zeros", {}).get(MAIN)
        rows.append(
            [
                point["series"],
                point["setting"],
                point["mode"],
                f"{100 * point['accuracy']:.1f} %",
                f"{counts['steps']:.1f}",
                f"{counts['synaptic_operations']:,.0f} ± {operations:,.0f}",
                joule(found["events"]) + (f" ({joule(zeros['events'])})" if zeros else ""),
                f"{joule(found['total'])} ± {joule(found['deviation'])}",
                f"{joule(found['low'])} to {joule(found['high'])}",
                joule(found["whole_chip"]),
                found["cores"].removesuffix("s").removesuffix(" core"),
                on,
            ]
        )
    head = ["series", "setting", "mode", "accuracy", "steps", "synaptic operations"]
    head += ["events (without zero weights)", "with the cores in use", "95 % of images"]
    return _grid([*head, "with the whole chip", "cores", "front"], rows)


def _systems(content: dict[str, Any]) -> str:
    devices = list(content["systems"][0]["energy"])
    rows = [
        [s["system"], f"{100 * s['accuracy']:.1f} %", *(_shown(s["energy"][d]) for d in devices)]
        for s in content["systems"]
    ]
    return _grid(["system", "accuracy", *devices], rows)


def _shown(found: dict[str, Any], times: int = 1) -> str:
    if found["total"] is None:
        return "-"
    shown = three_energies(*(found[key] * times for key in VALUES))
    others = [
        joule(found["total_by_profile"][name] * times)
        for name in found["comparable"]
        if found["total_by_profile"][name] != found["total"]
    ]
    if others:
        shown += f" \\| {', '.join(others)}"
    return ("> " if "learning_update" in found["unpriced"] else "") + shown


def _training(content: dict[str, Any]) -> str:
    devices = list(content["systems"][0]["energy"])
    rows = []
    for name, found in content["training"].items():
        rows.append([name, "an image", *(_shown(found["energy"][d]) for d in devices)])
        times = found["presentations"]
        whole = [_shown(found["energy"][d], times) for d in devices]
        rows.append([name, f"all {times:,} images of a training", *whole])
    return _grid(["system", "of", *devices], rows)


def draw(content: dict[str, Any], out: Path) -> None:
    """All pictures."""
    panels = {
        f"{MAIN}, events alone": _chosen(content, "events"),
        f"{MAIN}, with the cores in use": _chosen(content, "total"),
    }
    best = max(p["accuracy"] for p in content["points"])
    drawing = plots.accuracy_against_energy(panels, best - 0.25, "one pass (hollow)")
    plots.save_all(drawing, out / "pareto.png")
    found = content["systems"]
    devices = {
        f"{device} (loihi2 has its values)" if device == "loihi1" else device: {
            s["system"]: tuple(e[key] for key in VALUES)
            for s in found
            if s["system"].endswith(DRAWN) and not s["system"].endswith(NOT_DRAWN)
            if (e := s["energy"][device])["total"] is not None
        }
        for device in found[0]["energy"]
        if device != "loihi2"  # Loihi 1's values
    }
    plots.save_all(plots.ranges(devices), out / "devices.png")
    bars = {
        f"{s['system']}, {device}": s["energy"][device]["by_event"]
        for s in found
        if s["system"].startswith("spiking PFF,") and s.get("mode") in ("one_pass", "goodness")
        for device in (MAIN, "spinnaker", "cpu2015")
    }
    learned = content["training"]["spiking PFF"]["energy"]
    bars |= {f"training, {d}": learned[d]["by_event"] for d in (MAIN, "spinnaker", "cpu2015")}
    plots.save_all(plots.shares(bars), out / "shares.png")
