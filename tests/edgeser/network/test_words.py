"""The branch of words: frozen, its moments those of the keyword network, fused late."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig, load_network, save_weights
from edgeser.network.fusion import GatedFusion, forget_one
from edgeser.network.trunk_config import DsResNetConfig
from edgeser.network.words import FrozenEncoder, WordEncoder
from edgeser.network.words_config import Fusion, WordsConfig
from quantize.foundation.errors import BadInput

KEYWORDS = NetworkConfig(
    kind="dsresnet-se", dsresnet=DsResNetConfig(widths=(8, 12, 16), dense=(12, 6))
)
VOICE = NetworkConfig(
    inputs="both", stem_width=4, widths=(8,), strides=(2,), phase_widths=(4,), phase_strides=(2,)
)
FRAMES, CHANNELS = 24, 12
PLANES = ("amplitude", "if_re")
SIZES = {"planes": PLANES, "frames": 96, "channels": CHANNELS, "classes": 3}


def keywords(seed: int = 0) -> AmplitudePhaseNetwork:
    torch.manual_seed(seed)
    net = AmplitudePhaseNetwork(KEYWORDS, ("amplitude",), FRAMES, CHANNELS, 4)
    net.train()
    for _ in range(3):  # statistics of their own
        net(torch.randn(8, 1, FRAMES, CHANNELS) * 2.0)
    return net.eval()


def encoder_of(net: AmplitudePhaseNetwork, **settings: object) -> FrozenEncoder:
    assert net.amplitude is not None
    known = {
        "kind": "frozen",
        "network": net.config,
        "planes": net.planes,
        "frames": FRAMES,
        "frontend": "0" * 64,
    }
    config = WordsConfig(**{**known, "dropout": 0.0, **settings})  # type: ignore[arg-type]
    frozen = FrozenEncoder(config, dict(net.amplitude.state_dict()))
    return FrozenEncoder(dataclasses.replace(config, sha256=frozen.sha256), frozen.state)


def fused(encoder: FrozenEncoder) -> AmplitudePhaseNetwork:
    torch.manual_seed(1)
    net = AmplitudePhaseNetwork(VOICE, PLANES, 96, CHANNELS, 3, words=encoder.config)
    assert net.words is not None
    net.words.load_encoder(encoder)
    return net.eval()


def test_a_window_of_its_own_is_one_moment_that_the_keyword_network_would_embed_so() -> None:
    net = keywords()
    encoder = encoder_of(net)
    branch = WordEncoder(encoder.config, PLANES, CHANNELS)
    branch.trunk.load_state_dict(encoder.state)
    x = torch.randn(2, 2, FRAMES, CHANNELS)
    moments = branch(x)
    assert moments.shape == (2, 6, 1, 1)
    torch.testing.assert_close(moments.flatten(1), net.embed(x[:, :1]).fused)
    assert branch(torch.randn(2, 2, 96, CHANNELS)).shape == (2, 6, 10, 1)


def test_the_encoder_picks_its_planes() -> None:
    encoder = encoder_of(keywords())
    branch = WordEncoder(encoder.config, ("amplitude", "gd_mod", "if_re"), CHANNELS)
    branch.trunk.load_state_dict(encoder.state)
    x = torch.randn(2, 3, 48, CHANNELS)
    other = torch.cat([x[:, :1], torch.randn(2, 2, 48, CHANNELS)], dim=1)
    assert torch.equal(branch(x), branch(other))


@pytest.mark.parametrize("fusion", ["concatenation", "gated"])
def test_training_leaves_the_encoder_as_it_was(fusion: Fusion) -> None:
    encoder = encoder_of(keywords(), fusion=fusion, dropout=0.5)
    net = fused(encoder).train()
    assert net.words is not None
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1, weight_decay=0.1)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    for _ in range(3):
        loss = net(torch.randn(4, 2, 96, CHANNELS)).square().sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    after = net.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved, "nothing learnt"
    assert not [name for name in moved if name.startswith("words.encoder.")]
    assert any(name.startswith("words.score.") for name in moved)
    for name, value in encoder.state.items():
        assert torch.equal(net.words.encoder_state()[name], value), name


def test_the_vector_is_the_mean_of_moments_and_their_mean_under_the_gate() -> None:
    net = fused(encoder_of(keywords()))
    assert net.words is not None
    x = torch.randn(2, 2, 96, CHANNELS)
    vector, moments = net.words(x)
    gate = torch.sigmoid(
        (moments * net.words.score.weight).sum(dim=1, keepdim=True)
        + net.words.score.bias.view(1, 1, 1, 1)  # type: ignore[union-attr]
    )
    by_hand = torch.cat([moments.mean(dim=2), (moments * gate).mean(dim=2)], dim=1)
    torch.testing.assert_close(vector[..., 0], by_hand)
    assert net.words.outputs == vector.shape[1] == 12


def test_gated_fusion_is_between_both() -> None:
    torch.manual_seed(0)
    unit = GatedFusion(5, 7, 4)
    voice, words = torch.randn(2, 5, 1, 1), torch.randn(2, 7, 1, 1)
    gate = unit.gate(torch.cat([voice, words], dim=1))
    wanted = gate * unit.voice(voice) + (1.0 - gate) * unit.words(words)
    torch.testing.assert_close(unit(voice, words), wanted)
    unit.gate[0].bias.data.fill_(50.0)  # the gate is wide open for the voice
    torch.testing.assert_close(unit(voice, words), unit.voice(voice))


def test_a_share_of_clips_loses_one_of_both() -> None:
    torch.manual_seed(0)
    voice, words = forget_one(torch.ones(4000, 1, 1, 1), torch.ones(4000, 2, 1, 1), 0.4)
    lost_voice, lost_words = voice.flatten() == 0.0, words[:, 0].flatten() == 0.0
    assert abs(float(lost_voice.float().mean()) - 0.2) < 0.03
    assert abs(float(lost_words.float().mean()) - 0.2) < 0.03
    assert not (lost_voice & lost_words).any()
    assert torch.equal(words[:, 0], words[:, 1])


def test_nothing_is_lost_once_it_is_trained() -> None:
    net = fused(encoder_of(keywords(), dropout=0.9))
    x = torch.randn(4, 2, 96, CHANNELS)
    assert torch.equal(net(x), net(x))


def test_words_alone() -> None:
    net = fused(encoder_of(keywords(), branches="words"))
    assert (net.amplitude, net.phase, net.fusion) == (None, None, None)
    x = torch.randn(2, 2, 96, CHANNELS)
    assert net(x).shape == (2, 3)
    assert net.hear(x).voice is None


def test_weights_come_back_with_their_encoder_and_no_other() -> None:
    encoder = encoder_of(keywords())
    net, x = fused(encoder), torch.randn(2, 2, 96, CHANNELS)
    again = load_network(VOICE, save_weights(net), **SIZES, words=encoder.config)  # type: ignore[arg-type]
    assert torch.equal(again(x), net(x))
    other = encoder_of(keywords(seed=5))
    assert other.config.sha256 != encoder.config.sha256
    with pytest.raises(BadInput, match="changed after the training") as told:
        load_network(VOICE, save_weights(net), **SIZES, words=other.config)  # type: ignore[arg-type]
    assert encoder.config.sha256[:16] in told.value.message
    assert other.config.sha256[:16] in told.value.message


def test_the_hash_is_of_weights_shape_frontend_and_frames() -> None:
    one = encoder_of(keywords())
    for other in (
        encoder_of(keywords(), frontend="1" * 64),
        encoder_of(keywords(), frames=25),
        encoder_of(keywords(seed=2)),
    ):
        assert other.sha256 != one.sha256
    assert encoder_of(keywords(), fusion="gated", dropout=0.1).sha256 == one.sha256


@pytest.mark.parametrize(
    "settings",
    [
        {"sha256": "no"},
        {"dropout": 1.0},
        {"width": 0},
        {"network": NetworkConfig(inputs="phase"), "planes": ("amplitude", "if_re"), "frames": 9},
        {"network": KEYWORDS, "planes": ("amplitude",), "frames": 0},
        {"network": KEYWORDS, "planes": (), "frames": 10},
    ],
)
def test_what_cannot_be(settings: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        WordsConfig(**settings)  # type: ignore[arg-type]
