"""The synapses of a projection."""
