"""Mapping: a network on the cores of a device, the design rules, the messages between cores."""

from pffspike.mapping.mapper import place
from pffspike.mapping.messages import Messages, messages, traffic
from pffspike.mapping.placement import Block, Core, Noise, Placement, Route, Usage
from pffspike.mapping.report import markdown, summary
from pffspike.mapping.rules import RULES, Finding, check

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
    "markdown",
    "messages",
    "place",
    "summary",
    "traffic",
]
