"""Tables and pictures of the study's results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pffspike import plots
from pffspike.text import joule

MAIN = "loihi1"  #: the device of the tables that show one
DRAWN = ("one_pass", "early of 2", "goodness", "hidden, backpropagation")  #: ends of names


def markdown(content: dict[str, Any]) -> str:
    """All tables."""
    parts = [
        f"# {content['dataset']}: accuracy against energy",
        f"Network {content['network']}, {content['images']} test images, energy per inference. "
        f"Points of the table on {MAIN}; * lies on the Pareto front of energy with static power, "
        "+ on the one of the events alone.",
        _points(content),
        "## Systems on devices",
        "Energy of the default profile of each card, with static power where it states one, and "
        "the range over its profiles, from without static power; no range: the card has one "
        "profile. A dash: the device has no figure for multiplications.",
        _systems(content),
        "## Training",
        "A > where the card has no figure for a change of a weight. Backpropagation: products "
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
        )
        for p in content["points"]
    ]


def _points(content: dict[str, Any]) -> str:
    fronts = {key: set(plots.pareto_front(_chosen(content, key))) for key in ("joule", "dynamic")}
    rows = []
    for index, point in enumerate(content["points"]):
        on = "".join(
            sign
            for sign, key in (("*", "joule"), ("+", "dynamic"))
            if _chosen(content, key)[index] in fronts[key]
        )
        priced = point["energy"][MAIN]
        zeros = point.get("without_zeros", {}).get(MAIN)
        rows.append(
            [
                point["series"],
                point["setting"],
                point["mode"],
                f"{100 * point['accuracy']:.1f} %",
                f"{point['counts']['steps']:.1f}",
                f"{point['counts']['synaptic_operations']:,.0f}",
                f"{joule(priced['dynamic'])}" + (f" ({joule(zeros['dynamic'])})" if zeros else ""),
                f"{joule(priced['joule'])} ({joule(priced['low'])} to {joule(priced['high'])})",
                on,
            ]
        )
    head = ["series", "setting", "mode", "accuracy", "steps", "synaptic operations"]
    head += ["events (without zero weights)", "with static power (range)", "front"]
    return _grid(head, rows)


def _systems(content: dict[str, Any]) -> str:
    devices = list(content["systems"][0]["energy"])
    rows = [
        [s["system"], f"{100 * s['accuracy']:.1f} %", *(_price(s["energy"][d]) for d in devices)]
        for s in content["systems"]
    ]
    return _grid(["system", "accuracy", *devices], rows)


def _price(priced: dict[str, Any], times: int = 1) -> str:
    if priced["joule"] is None:
        return "-"
    shown = joule(priced["joule"] * times)
    if priced["high"] > priced["low"]:
        shown += f" ({joule(priced['low'] * times)} to {joule(priced['high'] * times)})"
    return ("> " if "learning_update" in priced["unpriced"] else "") + shown


def _training(content: dict[str, Any]) -> str:
    devices = list(content["systems"][0]["energy"])
    rows = []
    for name, found in content["training"].items():
        rows.append([name, "an image", *(_price(found["energy"][d]) for d in devices)])
        times = found["presentations"]
        whole = [_price(found["energy"][d], times) for d in devices]
        rows.append([name, f"all {times:,} images of a training", *whole])
    return _grid(["system", "of", *devices], rows)


def draw(content: dict[str, Any], out: Path) -> None:
    """All pictures."""
    panels = {
        f"{MAIN}, events alone": _chosen(content, "dynamic"),
        f"{MAIN}, with static power": _chosen(content, "joule"),
    }
    best = max(p["accuracy"] for p in content["points"])
    plots.save(plots.accuracy_against_energy(panels, best - 0.25), out / "pareto.png")
    found = content["systems"]
    devices = {
        device: {
            s["system"]: (e["low"], e["joule"], e["high"])
            for s in found
            if s["system"].endswith(DRAWN) and (e := s["energy"][device])["joule"] is not None
        }
        for device in found[0]["energy"]
        if device != "loihi2"  # Loihi 1's figures
    }
    plots.save(plots.ranges(devices), out / "devices.png")
    bars = {
        f"{s['system']}, {device}": s["energy"][device]["by_event"]
        for s in found
        if s["system"].startswith("spiking PFF") and s.get("mode") in ("one_pass", "goodness")
        for device in (MAIN, "spinnaker", "cpu")
    }
    learned = content["training"]["spiking PFF"]["energy"]
    bars |= {f"training, {d}": learned[d]["by_event"] for d in (MAIN, "spinnaker", "cpu")}
    plots.save(plots.shares(bars), out / "shares.png")
