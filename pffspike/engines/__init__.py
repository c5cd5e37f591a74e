"""Floor 3, the engines: each compiles a network, runs a program on samples, returns a trace."""

from pffspike.engines.registry import ENGINES, available_engines, make_engine, resolve

__all__ = ["ENGINES", "available_engines", "make_engine", "resolve"]
