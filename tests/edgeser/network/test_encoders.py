"""Encoders between the utterance vector and the classifier, and networks that have none."""

from __future__ import annotations

import pytest
import torch

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig, load_network, save_weights
from edgeser.network.config import Classifier
from edgeser.network.encoders import Encoders, intra_and_inter
from quantize.foundation.errors import BadInput

PLANES = ("amplitude", "if_re")


def network(classifier: Classifier) -> AmplitudePhaseNetwork:
    torch.manual_seed(0)
    config = NetworkConfig(
        widths=(8, 12), strides=(2, 1), classifier=classifier, encoder_width=3, dropout=0.5
    )
    return AmplitudePhaseNetwork(config, PLANES, 60, 40, 4)


def test_each_encoder_is_a_dense_layer_of_its_own() -> None:
    torch.manual_seed(1)
    encoders, fused = Encoders(5, 2, 3), torch.randn(7, 5)
    assert (encoders.count, encoders.outputs) == (3, 9)
    intra, inter = intra_and_inter(encoders(fused), 3)
    weight, bias = encoders.dense.weight, encoders.dense.bias
    for number, block in enumerate((intra[:, 0], intra[:, 1], inter)):
        own = slice(3 * number, 3 * number + 3)
        alone = torch.relu(torch.nn.functional.linear(fused, weight[own], bias[own]))
        torch.testing.assert_close(block, alone)


def test_they_stand_between_the_vector_and_the_classifier() -> None:
    net, x = network("pls").eval(), torch.randn(3, len(PLANES), 60, 40)
    fused = net.embed(x).fused
    assert net.encoders is not None
    assert fused.shape == (3, 24)
    assert net.encode(fused).shape == (3, 15)  # four classes' encoders and one more, of 3 each
    torch.testing.assert_close(net(x), net.classifier(torch.relu(net.encoders.dense(fused))))
    dropped = net.train().encode(torch.ones(64, 24))
    assert not torch.equal(dropped[0], dropped[1])  # the vector is dropped out before them


def test_a_network_without_them_is_what_it_was() -> None:
    """The trunk's first weights are those of the network with encoders, and it has no others."""
    plain, other = network("linear"), network("pls")
    assert plain.encoders is None
    theirs = other.state_dict()
    shared = {k: v for k, v in plain.state_dict().items() if not k.startswith("classifier")}
    assert shared.keys() == {k for k in theirs if not k.startswith(("classifier", "encoders"))}
    assert all(torch.equal(value, theirs[name]) for name, value in shared.items())
    fused = torch.randn(2, 24)
    assert torch.equal(plain.eval().encode(fused), fused)


def test_their_weights_are_ordinary_weights() -> None:
    net, form = network("pls").eval(), {"planes": PLANES, "frames": 60, "channels": 40}
    again = load_network(net.config, save_weights(net), **form, classes=4)  # type: ignore[arg-type]
    x = torch.randn(2, len(PLANES), 60, 40)
    assert torch.equal(again(x), net(x))
    with pytest.raises(BadInput, match="not those of this network"):
        load_network(network("linear").config, save_weights(net), **form, classes=4)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [{"classifier": "plz"}, {"encoder_width": 0}, {"encoder_width": 257}]
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=next(iter(wrong))):
        NetworkConfig(**wrong)  # type: ignore[arg-type]
