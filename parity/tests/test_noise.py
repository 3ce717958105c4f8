"""The noise units themselves: their size for known roundings, and errors that never pass."""

import math

import numpy as np
import pytest

from parity import LIMIT, noise_units
from parity.judging.noise import UNIT, flush, measured_truth, rms

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 16))


def product(params, batch):
    return {"y": batch["x"] @ params["w"]}


PARAMS, BATCH = {"w": RNG.normal(size=(16, 8))}, {"x": X}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_correct_arithmetic_is_a_few_units(dtype):
    truth = measured_truth(product, PARAMS, BATCH, dtype)["y"]
    output = BATCH["x"].astype(dtype) @ PARAMS["w"].astype(dtype)
    units = noise_units(output, truth.value, noise=truth.noise, peak=truth.peak)
    assert 0.1 < units < 5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_rounding_of_the_result_alone_is_at_most_one_unit(dtype):
    truth = measured_truth(lambda params, batch: {"y": batch["n"] / np.ones(5, batch["one"].dtype)}, {},
                     {"n": np.arange(1, 6), "one": np.ones(1)}, dtype)["y"]  # fmt: skip
    assert truth.noise == UNIT[dtype] * rms(truth.value) / math.sqrt(3)
    assert noise_units(truth.value.astype(dtype), truth.value, noise=truth.noise, peak=truth.peak) <= 1


def test_noise_grows_with_the_conditioning_of_the_problem():
    """For a difference of nearly equal values, the units allow for the rounding of the inputs, and for no more."""

    def difference(params, batch):
        return {"y": batch["a"] - batch["b"]}

    a = 1 + RNG.uniform(size=100)
    batch = {"a": a, "b": a * (1 + 1e-4)}
    truth = measured_truth(difference, {}, batch, "float32")["y"]
    output = batch["a"].astype(np.float32) - batch["b"].astype(np.float32)
    assert noise_units(output, truth.value, noise=truth.noise, peak=truth.peak) <= 1
    assert truth.noise > 1000 * UNIT["float32"] * rms(truth.value)


def test_one_wrong_element_of_many_is_seen():
    truth = measured_truth(product, PARAMS, BATCH, "float32")["y"]
    output = truth.value.copy()
    output[3, 5] += 2**-12 * abs(truth.value).max()
    assert noise_units(output, truth.value, noise=truth.noise, peak=truth.peak) > 10 * LIMIT


@pytest.mark.parametrize(
    ("output", "truth", "units"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([np.inf, 2.0], [np.inf, 2.0], 0.0),
        ([-np.inf, 2.0], [np.inf, 2.0], math.inf),
        ([1.0, np.inf], [1.0, 2.0], math.inf),
        ([np.inf, 2.0], [1.0, 2.0], math.inf),
        ([np.nan, 2.0], [1.0, 2.0], math.inf),
        ([np.nan, 2.0], [np.nan, 2.0], math.inf),
        ([1.0], [1.0, 2.0], math.inf),
        ([[1.0, 2.0]], [1.0, 2.0], math.inf),
        ([], [], 0.0),
    ],
)
def test_nan_misplaced_infinities_and_other_shapes_never_pass(output, truth, units):
    assert noise_units(output, truth, noise=1.0, peak=1.0) == units


def test_without_noise_an_error_is_infinite_and_no_error_is_zero():
    assert noise_units([0.0], [0.0], noise=0.0, peak=0.0) == 0
    assert noise_units([1e-300], [0.0], noise=0.0, peak=0.0) == math.inf


def test_integers_are_not_jittered():
    seen = []

    def compute(params, batch):
        seen.append(batch["labels"])
        return {"y": batch["x"] * batch["labels"]}

    measured_truth(compute, {}, {"x": np.ones(3), "labels": np.arange(3)}, "float32")
    assert len(seen) == 9
    assert all(np.array_equal(labels, np.arange(3)) for labels in seen)


def test_each_jitter_is_another():
    """One draw eight times would be one sample: a scalar's noise would be anything between nothing and a unit."""
    seen = []

    def compute(params, batch):
        seen.append((float(params["w"]), *batch["x"].tolist()))
        return {"y": params["w"] * batch["x"]}

    measured_truth(compute, {"w": np.array(1.0)}, {"x": np.ones(2)}, "float32")
    assert seen[0] == (1, 1, 1)
    assert [len(set(values)) for values in zip(*seen)] == [9, 9, 9]  # the truth and eight jitters, of each number
    assert all(len(set(values)) == 3 for values in seen[1:])  # and no two numbers move together


def test_underflow_is_rounding_too():
    assert flush(np.array([1e-40, -1e-39, 1e-37]), "float32").tolist() == [0, 0, 1e-37]
    assert flush(np.longdouble([1e-320, 1e-300]), "float64").tolist() == [0, np.longdouble(1e-300)]


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_the_root_mean_square_neither_overflows_nor_underflows(scale):
    expected = scale * math.sqrt(12.5)
    assert abs(rms(np.array([3.0, 4.0]) * scale) - expected) <= 4 * np.spacing(expected)


# The measure against values that are known on paper.  A uniform jitter of ±u has the root mean square u / √3.
SIZE = 20_000  # elements, so that a root mean square is known to a percent
PAPER = 0.02  # what chance leaves of it


def alike(value, on_paper):
    return abs(value / on_paper - 1) < 1e-3


def noise_of(compute, dtype="float32", **params):
    truth = measured_truth(lambda params, batch: {"y": compute(**params)}, params, {}, dtype)["y"]
    return truth.noise / UNIT[dtype], truth.peak / UNIT[dtype]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("a", [1.0, -3.0, 2.0**20])
def test_the_noise_of_a_product_is_known_on_paper(dtype, a):
    """y = a x with |x| = 1: the input's rounding and the result's, u a / √3 each; at worst u a each."""
    noise, peak = noise_of(lambda x: a * x, dtype, x=np.ones(SIZE))
    assert abs(noise / (abs(a) * np.sqrt(2 / 3)) - 1) < PAPER
    assert abs(peak / (abs(a) * np.sqrt(2)) - 1) < PAPER


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_noise_of_a_sum_with_a_constant_is_that_of_the_result(dtype):
    """y = x + c with |x| = 1: √(1 + (1 + c)²) u / √3."""
    for c in (0.0, 3.0, 1000.0):
        noise, peak = noise_of(lambda x: x + c, dtype, x=np.ones(SIZE))  # noqa: B023  # called at once
        assert abs(noise / np.sqrt((1 + (1 + c) ** 2) / 3) - 1) < PAPER
        assert abs(peak / np.sqrt(1 + (1 + c) ** 2) - 1) < PAPER


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_noise_of_a_dot_product_grows_with_the_root_of_its_length(dtype):
    """y = w·x of n products ±1 that add up to 0: the jitters of w and x, √(2 n) u / √3, and no result to round."""
    n = 64
    signs = np.tile([1.0, -1.0], n // 2)
    noise, _ = noise_of(lambda w, x: (w * x).sum(1), dtype, w=np.tile(signs, (2000, 1)), x=np.ones((2000, n)))
    assert abs(noise / np.sqrt(2 * n / 3) - 1) < PAPER


def test_a_jitter_goes_both_ways():
    """y = Σ x of n ones: the jitters, √n u / √3, and the result's, n u / √3.  Of one sign they would be n u / 2."""
    n = 64
    noise, _ = noise_of(lambda x: x.sum(1), x=np.ones((2000, n)))
    assert abs(noise / np.sqrt((n + n**2) / 3) - 1) < PAPER


def test_integers_and_what_does_not_move_have_the_noise_of_the_result_alone():
    noise, peak = noise_of(lambda x: np.ones(SIZE), x=np.arange(SIZE))
    assert abs(noise * np.sqrt(3) - 1) < 1e-9
    assert abs(peak - 1) < 1e-9


@pytest.mark.parametrize("sign", [1, -1])
def test_each_ratio_counts_alone_and_from_both_sides(sign):
    truth = np.zeros(10_000)
    one = truth.copy()
    one[1234] = sign * 62
    assert noise_units(one, truth, noise=1.0, peak=2.0) == 31  # the worst element; the mean ratio is 0.62
    assert alike(noise_units(one, truth, noise=0.01, peak=1e9), 62)  # the mean; the peak's is nothing
    everywhere = np.full(10_000, sign * 31.0)
    assert alike(noise_units(everywhere, truth, noise=1.0, peak=100.0), 31)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_truth_and_noise_do_not_count_what_underflows(dtype):
    tiny = np.finfo(dtype).smallest_normal / 4
    truth = measured_truth(lambda params, batch: {"y": params["x"] * 1.0}, {"x": np.full(8, tiny)}, {}, dtype)["y"]
    assert not truth.value.any()
