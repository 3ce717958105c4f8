"""Signals: windows and short-time spectra."""

from parity.divergences.entry import Divergence


class Stft(Divergence):
    """torch's short-time Fourier transform is centred and (frequency, time); TensorFlow's is neither.

    torch pads both ends by half a window so that frame t is about sample t · hop, and multiplies by ones; TensorFlow
    begins with the first sample and multiplies by a Hann window.  64 samples become (9, 17) and (13, 9).
    """

    name, apis = "STFT", ("torch.stft", "tf.signal.stft")
    words = ("spectrogram", "stft", "center", "hann window", "audio", "output shape")
    gap = float("inf")
    gives = {
        "torch": "float32 (9, 17, 2): -8.22, 0, -5.12, ...; rms 2.48",
        "tf": "float32 (13, 9, 2): -0.334, 0, 0.00912, ...; rms 1.47",
    }
    source = "torch.stft; tf.signal.stft"
    cure = "torch.stft(..., window=torch.hann_window(n), center=False), transposed"

    def inputs(rng):
        return {"x": rng.normal(size=64)}

    def torch(x):
        import torch

        return torch.view_as_real(
            torch.stft(
                x,
                16,
                hop_length=4,
                window=torch.ones(16),
                return_complex=True,
            ),
        )

    def tf(x):
        import tensorflow as tf

        spectrum = tf.signal.stft(x, frame_length=16, frame_step=4)
        return tf.stack([tf.math.real(spectrum), tf.math.imag(spectrum)], -1)

    def aligned_torch(x):
        import torch

        window = torch.hann_window(16, dtype=x.dtype)
        spectrum = torch.stft(
            x,
            16,
            hop_length=4,
            window=window,
            center=False,
            return_complex=True,
        )
        return torch.view_as_real(spectrum.T)


class Hann(Divergence):
    """The Hann window is periodic in torch and TensorFlow, and symmetric in NumPy.

    A symmetric window of n samples is a periodic one of n - 1 with its first sample again at the end.  Spectra want
    the periodic one; designs of filters the other.
    """

    name, apis = "HANN", ("torch.hann_window", "tf.signal.hann_window", "numpy.hanning")
    words = ("hann window", "hanning", "periodic", "symmetric", "spectrogram")
    gap, units = 0.13, 3.8e6
    source = "torch.hann_window, periodic; numpy.hanning"
    cure = "numpy.hanning(n + 1)[:-1]; or periodic=False in the others"

    def torch():
        import torch

        return torch.hann_window(16)

    def tf():
        import tensorflow as tf

        return tf.signal.hann_window(16)

    def numpy():
        import numpy as np

        return np.hanning(16)

    def aligned_numpy():
        import numpy as np

        return np.hanning(17)[:-1]
