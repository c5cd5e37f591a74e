"""A population of Bernoulli neurons."""
