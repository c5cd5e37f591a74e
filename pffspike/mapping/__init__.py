"""Mapping: a network on the cores of a device, the design rules, the messages between cores."""

from pffspike.mapping.mapper import place
from pffspike.mapping.messages import Messages, loads, messages, traffic
from pffspike.mapping.placement import Block, Core, Noise, Placement, Route, Usage
from pffspike.mapping.report import markdown, summary
from pffspike.mapping.rules import RULES, Finding, check, shortfalls

__all__ = [
    "RULES",
    "Block",
    "Core",
    "Finding",
    "Messages",
    "Noise",
    "Placement",
    "Route",
    "Usage",
    "check",
    "loads",
    "markdown",
    "messages",
    "place",
    "shortfalls",
    "summary",
    "traffic",
]
