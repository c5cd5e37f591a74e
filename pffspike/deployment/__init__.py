"""Deployment: self-contained folders for a device, and interchange formats."""

from pffspike.deployment.exported import Exported, Target, export
from pffspike.deployment.folder import Deployment, deploy, extra_files

__all__ = ["Deployment", "Exported", "Target", "deploy", "export", "extra_files"]
