"""The processes, a sub-package each: Lava's discovery executes every file beside a process."""
