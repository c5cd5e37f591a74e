"""A network as Lava processes: all that runs it, with NumPy and Lava alone.

What is to be run is a `plan.Plan`, plain values; how, a `plan.Setting`; what changes lies in a
`memory.Memory`. Nothing here knows a specification, a session or a runtime, so that an export can
hold these files beside its data, as they are (`pffspike.deployment.folder`). Each process has a
folder of its own, because Lava executes every file that lies beside a process.
"""
