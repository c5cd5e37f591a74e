"""The live page: draw an image, and watch a trained network answer, step by step."""

from pffspike.live.server import serve
from pffspike.live.subject import LiveNetwork

__all__ = ["LiveNetwork", "serve"]
