"""The list of packages; everything else about the build stands in pyproject.toml.

The packages are those found under ``pffspike/`` and the two folders of cards that
``[tool.setuptools.package-dir]`` maps into it.  Discovery as configured in pyproject.toml
can do either of the two, not both.
"""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["pffspike", "pffspike.*"]),
        "pffspike.hardware",
        "pffspike.networks",
    ]
)
