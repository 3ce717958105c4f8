"""Models that others wrote, built from their configurations with random weights: transformers against keras-hub."""

import numpy as np
import pytest

import parity

NEEDED = "these models are transformers' and keras-hub's: tox run -e models"
keras_hub = pytest.importorskip("keras_hub", reason=NEEDED)
transformers = pytest.importorskip("transformers", reason=NEEDED)
torch = pytest.importorskip("torch", reason=NEEDED)

RNG = np.random.default_rng(0)
BERT_NAMES = {
    "input_ids": "token_ids", "token_type_ids": "segment_ids", "attention_mask": "padding_mask",
    "embeddings.position_embeddings": "position_embedding",
}  # fmt: skip
WORDS = {
    "input_ids": RNG.integers(1, 50, (3, 9)),
    "token_type_ids": RNG.integers(0, 2, (3, 9)),
    "attention_mask": (np.arange(9) < np.array([[9], [6], [4]])).astype("int32"),
}
IMAGES = RNG.normal(size=(2, 3, 32, 32))


def bert(activation="gelu_pytorch_tanh", eps=1e-12):
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=12, hidden_act=activation, layer_norm_eps=eps,
    )  # fmt: skip
    return transformers.BertModel(config)


def keras_bert():
    return keras_hub.models.BertBackbone(
        vocabulary_size=50, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32, max_sequence_length=12
    )


def resnet():
    torch.manual_seed(0)
    config = transformers.ResNetConfig(
        embedding_size=64, hidden_sizes=[64, 96], depths=[1, 2], layer_type="basic", downsample_in_first_stage=False
    )
    return transformers.ResNetModel(config)


def keras_resnet():
    return keras_hub.models.ResNetBackbone(
        input_conv_filters=[64], input_conv_kernel_sizes=[7], stackwise_num_filters=[64, 96],
        stackwise_num_blocks=[1, 2], stackwise_num_strides=[1, 2], block_type="basic_block", image_shape=(32, 32, 3),
    )  # fmt: skip


def keras_resnet_with_another_epsilon():
    net = keras_resnet()
    net.get_layer("stack1_block0_2_bn").epsilon = 1e-3
    return net


def found(report):
    return {(fault.where, fault.part, fault.cause) for fault in report.faults}


@pytest.mark.parametrize("builder", [False, True])
def test_an_encoder_agrees_in_both_modes(builder):
    report = parity.compare_models(bert(), keras_bert if builder else keras_bert(), WORDS, names=BERT_NAMES, train=True)
    assert report.agrees, report
    assert len(report.rows) == 27
    assert report.notes == []


def test_an_encoder_of_keras_agrees_with_one_of_torch():
    words = {BERT_NAMES[name]: x for name, x in WORDS.items()}
    report = parity.compare_models(keras_bert(), bert, words, names={b: a for a, b in BERT_NAMES.items()})
    assert report.agrees, report


def test_what_two_encoders_do_differently_is_named():
    """`hidden_act="gelu"`, which is the default, is exact in transformers, and keras-hub approximates it."""
    report = parity.compare_models(bert("gelu"), keras_bert, WORDS, names=BERT_NAMES)
    layers = [f"encoder.layer.{i}" for i in range(2)]
    assert found(report) == {
        ((f"{layer}.intermediate.dense", f"{layer}.output.dense"), "between", "ACT-GELU-DEF") for layer in layers
    }
    report = parity.compare_models(bert(eps=1e-5), keras_bert, WORDS, names=BERT_NAMES)
    assert {cause for _, _, cause in found(report)} == {"LN-EPS"}
    assert len(report.faults) == 5


def test_a_mask_that_is_not_handed_on_is_found():
    class Blind(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.bert = bert()

        def forward(self, input_ids, token_type_ids, attention_mask):
            return self.bert(input_ids=input_ids, token_type_ids=token_type_ids)

    report = parity.compare_models(bert(), Blind(), WORDS)
    assert report.faults[0].where == ("encoder.layer.0.attention.self.value", "encoder.layer.0.attention.output.dense")
    assert {fault.part for fault in report.faults} == {"between"}
    assert len(report.faults) == 2


def test_loaded_weights_of_an_encoder_are_read_back():
    net, port = bert(), keras_bert()
    parity.copy_weights(net, port, WORDS, names=BERT_NAMES)
    assert parity.compare_models(net, port, WORDS, names=BERT_NAMES, weights="loaded").agrees
    dense = port.get_layer("transformer_layer_1")._feedforward_output_dense
    dense.kernel.assign(np.roll(dense.kernel.numpy(), 1, axis=0))
    report = parity.compare_models(net, port, WORDS, names=BERT_NAMES, weights="loaded")
    place = "encoder.layer.1.output.dense", "transformer_layer_1/feedforward_output_dense"
    assert [(fault.where, fault.part) for fault in report.faults] == [(place, "weights")]


POOLED = ("output pooler_output", ""), "pairing", "unknown"  # keras-hub's backbone returns no pooled features


@pytest.mark.parametrize("builder", [False, True])
def test_a_convolution_network_agrees(builder):
    report = parity.compare_models(resnet(), keras_resnet if builder else keras_resnet(), IMAGES)
    assert found(report) == {POOLED}
    assert report.notes == []


def test_a_planted_epsilon_is_found_at_its_place():
    report = parity.compare_models(resnet(), keras_resnet_with_another_epsilon, IMAGES)
    place = "encoder.stages.1.layers.0.layer.1.normalization", "stack1_block0_2_bn"
    assert found(report) == {(place, "output", "BN-EPS"), POOLED}


def test_train_mode_of_a_convolution_network_differs_by_the_variance_alone():
    report = parity.compare_models(resnet(), keras_resnet(), IMAGES, train=True)
    assert {(part, cause) for _, part, cause in found(report) - {POOLED}} == {("buffers", "BN-VAR")}
