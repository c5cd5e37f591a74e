"""Engines: each compiles a network, runs a program on samples and returns a recording."""

from pffspike.engines.base import Engine, Session
from pffspike.engines.registry import available_engines, engine_names, make_engine, resolve

__all__ = ["Engine", "Session", "available_engines", "engine_names", "make_engine", "resolve"]
