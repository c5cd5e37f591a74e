"""A population whose biases, gains and spikes are variables."""
