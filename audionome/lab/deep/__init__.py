"""Deep learning: a small convolutional network that learns from GTZAN alone.

`audionome.lab.deep.network` is the network, in PyTorch, and how it learns;
`audionome.lab.deep.patches` is what it sees. `audionome.lab.deep.experiment` trains it under three
protocols (``python -m audionome.lab.deep.experiment CLIPS``), `audionome.lab.deep.results` reads
what it wrote, and `audionome.lab.deep.opened` computes with a trained network, layer by layer.
`audionome.lab.deep.filters` holds filters of the pretrained ear, to look at.

Only training needs PyTorch, which the extra ``deep`` brings: ``pip install 'audionome[deep]'``.
"""
