"""Mapping: a network on the cores of a device, the design rules, the messages between cores."""

from pffspike.mapping.arrange import arrange, check_objective, traffic
from pffspike.mapping.demand import Balance
from pffspike.mapping.mapper import place
from pffspike.mapping.messages import Messages, messages
from pffspike.mapping.placement import Block, Core, NoiseSetting, Placement, Route, Usage
from pffspike.mapping.report import markdown, summary
from pffspike.mapping.rules import RULES, Violation, check, unmet_constraints
from pffspike.mapping.traffic import loads, traffic_on

__all__ = [
    "RULES",
    "Balance",
    "Block",
    "Core",
    "Messages",
    "NoiseSetting",
    "Placement",
    "Route",
    "Usage",
    "Violation",
    "arrange",
    "check",
    "check_objective",
    "loads",
    "markdown",
    "messages",
    "place",
    "summary",
    "traffic",
    "traffic_on",
    "unmet_constraints",
]
