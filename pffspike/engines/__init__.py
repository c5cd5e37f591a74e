"""Engines: each compiles a network, runs a program on samples and returns a trace."""
