"""`parity models`: two models of a user's own, compared layer by layer.

The way of the data:

    the first model, in float64          the truth of every layer's inputs and outputs   truth.py, store.py,
                                                                                         runs.py (Record)
    the same, jittered                   how far rounding may move each of them          truth.py, runs.py (Jitter)
    both models' calls                   partners                                        pairing.py, flow.py
    the second model, forced             each layer is given what its partner got:       layers.py, runs.py (Forced)
                                         weights are carried over, its input tells what
                                         lies before it, its output tells of itself
    what is wrong there                  its cause, proven by mending a copy             causes.py, edges.py, loaded.py
    the second model, free               the outputs as a user sees them                 runs.py (Free)
    all of it again in float32           what rounding does
    both in train mode                   buffers, gradients, losses, a step              train.py, losses.py and
                                                                                         optimizers.py
    rows and faults                      a table, JSON                                   faults.py, report.py

A side (`torch_side.py`, `keras_side.py`) is a copy of a model that runs under a watcher, which sees every call of a
layer before and after and may put other tensors in.  Nothing else knows the frameworks, but for the weights' rules
(`torch_rules.py`, `keras_rules.py`) and the cures (`causes.py`, `optimizers.py`).
"""
