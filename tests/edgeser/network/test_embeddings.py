"""What a network gives to losses beside its logits: its branches' utterance vectors."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from edgeser.network import AmplitudePhaseNetwork, Embeddings, NetworkConfig
from edgeser.network.config import Inputs

PLANES = ("amplitude", "if_re", "if_im", "gd_re", "gd_im")


def network(inputs: Inputs) -> AmplitudePhaseNetwork:
    torch.manual_seed(0)
    config = NetworkConfig(inputs=inputs, widths=(8, 12), strides=(2, 1), phase_dropout=0.5)
    return AmplitudePhaseNetwork(config, PLANES, 60, 40, 6)


def test_a_network_of_both_gives_its_branches_vectors_and_both_in_one() -> None:
    net, x = network("both").eval(), torch.randn(3, len(PLANES), 60, 40)
    found = net.embed(x)
    assert isinstance(found, Embeddings)
    assert found.amplitude is not None and found.phase is not None
    assert found.amplitude.shape == (3, 24)  # the mean, and the mean under the gate
    assert found.phase.shape == (3, 32)
    assert torch.equal(found.fused, torch.cat([found.amplitude, found.phase], dim=1))
    assert torch.equal(net.classify(found.fused), net(x))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.fused = found.amplitude  # type: ignore[misc]


@pytest.mark.parametrize(("inputs", "absent"), [("amplitude", "phase"), ("phase", "amplitude")])
def test_a_branch_that_is_not_there_has_no_vector(inputs: Inputs, absent: str) -> None:
    found = network(inputs).eval().embed(torch.randn(2, len(PLANES), 60, 40))
    assert getattr(found, absent) is None
    assert torch.equal(getattr(found, inputs), found.fused)


def test_in_training_vectors_are_whole_and_losses_of_them_reach_their_branch_alone() -> None:
    net = network("both").train()
    found = net.embed(torch.randn(4, len(PLANES), 60, 40))
    assert found.amplitude is not None and found.phase is not None
    assert torch.equal(found.fused[:, :24], found.amplitude)
    dropped = found.fused[:, 24:] == 0.0
    assert bool(dropped.any()) and not bool((found.phase[dropped] == 0.0).all())
    torch.autograd.backward(found.phase.square().sum())
    assert net.phase is not None and net.amplitude is not None
    assert all(p.grad is not None for p in net.phase.parameters() if p.requires_grad)
    assert all(p.grad is None for p in net.amplitude.parameters())
