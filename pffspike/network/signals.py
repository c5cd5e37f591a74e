"""Names of the signals that data sets and inference give to programs.

They name data, not populations: a phase says which population follows which signal
(`pffspike.network.roles.Roles`). A program that asks for a signal of any other name is run from the
library, with the data given by that name.
"""

IMAGE = "image"  #: spike probabilities of images
LABEL = "label"  #: the true class
NEGATIVE = "negative"  #: a wrong class
HYBRID = "hybrid"  #: spike probabilities of a hybrid of the image and another one
LATENT = "latent"  #: spike probabilities of latent neurons
CANDIDATE = "candidate"  #: the class that an image is compared under
SHOWN = "shown"  #: the class, or probabilities of classes, under which an image is reconstructed
