"""Four planes as one quaternion: which planes they are, their order, and their centring."""

from __future__ import annotations

import re

import pytest
import torch

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig
from edgeser.network.centring import Centring, FirstPlaneCentring, SpeechCentring
from edgeser.network.config import QUATERNION_PLANES, Algebra
from edgeser.network.config import Centring as CentringKind
from edgeser.recipe import parse_recipe
from quantize.foundation.errors import BadInput

SHUFFLED = ("amplitude", "if_angle", "gd_angle", "amplitude_delta")


def network(
    planes: tuple[str, ...] = QUATERNION_PLANES,
    algebra: Algebra = "quaternion",
    centring: CentringKind = "none",
) -> AmplitudePhaseNetwork:
    torch.manual_seed(0)
    config = NetworkConfig(
        inputs="quaternion", algebra=algebra, centring=centring, widths=(8, 16), strides=(2, 1)
    )
    return AmplitudePhaseNetwork(config, planes, 60, 40, 6).eval()


@pytest.mark.parametrize("algebra", ["real", "quaternion"])
def test_one_trunk_hears_all_four_planes(algebra: Algebra) -> None:
    net, x = network(algebra=algebra), torch.randn(2, 4, 60, 40)
    found = net.embed(x)
    assert found.amplitude is None and found.phase is None
    assert found.fused.shape == (2, 32)
    assert net(x).shape == (2, 6)
    for plane in range(4):
        changed = x.clone()
        changed[:, plane] += torch.randn(60, 40)
        assert not torch.allclose(net(x), net(changed)), QUATERNION_PLANES[plane]


def test_planes_in_another_order_are_the_same_quaternion() -> None:
    x = torch.randn(2, 4, 60, 40)
    places = [QUATERNION_PLANES.index(name) for name in SHUFFLED]
    torch.testing.assert_close(network(SHUFFLED)(x[:, places]), network()(x))


@pytest.mark.parametrize(
    ("planes", "message"),
    [
        (("amplitude",), "lacks amplitude_delta, if_angle, gd_angle$"),
        (("amplitude", "if_re", "if_im"), "lacks .* and has if_re, if_im too$"),
        ((*QUATERNION_PLANES[:3],), "lacks gd_angle$"),
        ((*QUATERNION_PLANES, "gd_mod"), "the frontend has gd_mod too$"),
    ],
)
def test_other_planes_are_refused_by_name(planes: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        network(planes)
    assert re.search(message, caught.value.message)
    assert all(name in caught.value.hint for name in QUATERNION_PLANES[1:])


def test_a_recipe_whose_frontend_lacks_the_planes_is_refused() -> None:
    text = 'name = "mine"\n[network]\ninputs = "quaternion"\n'
    with pytest.raises(BadInput, match=r"^r\.toml: .*lacks amplitude_delta, if_angle, gd_angle"):
        parse_recipe(text, where="r.toml")


@pytest.mark.parametrize("kind", ["level", "channels", "speech"])
def test_the_amplitude_is_centred_and_the_others_stay(kind: CentringKind) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 4, 60, 40) + 1.5
    alone = SpeechCentring() if kind == "speech" else Centring(per_channel=kind == "channels")
    centred = FirstPlaneCentring(4, kind)(x)
    torch.testing.assert_close(centred[:, :1], alone(x[:, :1]), rtol=1e-4, atol=1e-5)
    assert torch.equal(centred[:, 1:], x[:, 1:])
    assert not FirstPlaneCentring(4, kind)(x).requires_grad


def test_a_networks_centring_takes_out_the_amplitudes_level_alone() -> None:
    net, x = network(centring="level"), torch.randn(2, 4, 60, 40)
    for plane, heard in ((0, False), (1, True), (2, True), (3, True)):
        moved = x.clone()
        moved[:, plane] += 0.7
        assert torch.allclose(net(moved), net(x), atol=1e-5) != heard, plane


def test_the_amplitudes_branch_hears_its_difference_and_the_phases_does_not() -> None:
    torch.manual_seed(0)
    planes = ("amplitude", "amplitude_delta", "if_re", "if_im")
    net = AmplitudePhaseNetwork(
        NetworkConfig(inputs="both", centring="speech"), planes, 60, 40, 6
    ).eval()
    x = torch.randn(2, 4, 60, 40)
    before = net.embed(x)
    for plane in range(4):
        changed = x.clone()
        changed[:, plane] += torch.randn(60, 40)
        after = net.embed(changed)
        assert after.amplitude is not None and before.amplitude is not None
        assert after.phase is not None and before.phase is not None
        assert torch.equal(after.amplitude, before.amplitude) == (plane > 1)
        assert torch.equal(after.phase, before.phase) == (plane < 2)
    with pytest.raises(BadInput, match="needs phase planes"):
        AmplitudePhaseNetwork(NetworkConfig(inputs="both"), planes[:2], 60, 40, 6)
