"""What a population's activity says: sparsity, ensembles, information, probes, lesions.

`describe` and `information_per_spike` put what they find beside what chance would give, `few_shot`
asks what a linear read-out finds of a class from a few samples, and `lesion` makes the network
without some neurons. All others take rates of any network: a row an image, a column a neuron.
"""

from pffspike.representations.activity import Representation, describe, ensembles, sparsity
from pffspike.representations.information import Information, information_per_spike
from pffspike.representations.lesions import lesion
from pffspike.representations.probes import FewShot, few_shot

__all__ = [
    "FewShot",
    "Information",
    "Representation",
    "describe",
    "ensembles",
    "few_shot",
    "information_per_spike",
    "lesion",
    "sparsity",
]
