"""`parity models`: two models of a user's own, compared layer by layer.

The way of the data:

    the first model, in float64          the truth of every layer's inputs and outputs   truth.py, store.py,
                                                                                         runs.py (Record)
    the same, jittered                   how far rounding may move each of them          truth.py, runs.py (Jitter)
    both models' calls                   partners, and which of their tensors belong     pairing.py, aligning.py,
                                         together; what is left over                     flow.py, linking.py,
                                                                                         leftover.py
    the second model, forced             each layer is given what its partner got:       layers.py, runs.py (Forced),
                                         weights are carried over, its input tells what  links.py, outputs.py
                                         lies before it, its output tells of itself
    the same, in another order           of siblings and branches, and of features       siblings.py, unflattened.py
                                         that become an image, where that is right
    what is wrong there                  its cause, proven by mending a copy             causes.py, mends.py, edges.py,
                                                                                         suspects.py, loaded.py
    the second model, free               the outputs as a user sees them                 runs.py (Free)
    all of it again in float32           what rounding does
    both in train mode                   buffers, gradients, losses, a step              train.py, statistics.py,
                                                                                         gradients.py, losses.py,
                                                                                         optimizers.py
    rows and faults                      a table, JSON                                   rows.py, faults.py, report.py,
                                                                                         text.py

A side (`torch_side.py`, `keras_side.py`) is a copy of a model that runs under a watcher, which sees every call of a
layer before and after and may put other tensors in.  Nothing else knows the frameworks, but for the weights' rules
(`torch_rules.py`, `keras_rules.py`) and the cures (`mends.py`, `suspects.py`, `optimizer_cures.py`).
"""
