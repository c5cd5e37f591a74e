"""Deployment: self-contained folders for a device, and interchange formats."""

from pffspike.deployment.folder import Deployment, deploy, extra_files

__all__ = ["Deployment", "deploy", "extra_files"]
