"""The classifier "pls": its parts by hand, folding, and trainings that end with it.

The helpers and small clips are those of test_loop.py.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edgeser.network import NetworkConfig, load_network
from edgeser.network.state import state_to_bytes
from edgeser.training import LabelledFeatures, TrainingData, predict_logits, train
from edgeser.training.augmentation import crop_window
from edgeser.training.config import SamplingConfig
from edgeser.training.fit import Fit, to_input
from edgeser.training.loop import ALIGNING
from edgeser.training.losses import LossConfig
from edgeser.training.optimisation import Lesson
from edgeser.training.pls import PlsConfig
from edgeser.training.pls.classifier import aligned_weights, fit_scores, windows_heard
from edgeser.training.pls.functionals import FUNCTIONALS, functionals_of
from edgeser.training.pls.ranges import Layers, heard_values, spread_over_int8
from edgeser.training.pls.regression import fit_softmax
from quantize.convert import export_int8
from quantize.foundation.errors import BadInput
from quantize.runtimes import Runtime, run_model

RNG = np.random.default_rng(8)
CONFIG = PlsConfig(components=4, rows=128)


def test_functionals_of_a_ramp_by_hand() -> None:
    windows = np.zeros((2, 4, 3, 2), np.int8)
    windows[1, :, 2, 1] = [30, 0, 20, 10]
    found = functionals_of(windows)
    assert (found.shape, found.dtype) == ((2, len(FUNCTIONALS) * 3 * 2), np.float32)
    assert not found[0].any()
    ramp = found[1].reshape(len(FUNCTIONALS), 3, 2)
    np.testing.assert_allclose(ramp[:, 2, 1], [15, np.sqrt(125), 3, 7.5, 15, 22.5, 27], rtol=1e-6)
    assert np.count_nonzero(ramp) == len(FUNCTIONALS)


def test_a_regression_of_nothing_knows_how_often_each_class_is() -> None:
    targets = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    weights, biases = fit_softmax(np.zeros((4, 2)), targets, np.ones(3), penalty=0.1)
    p = np.exp(biases) / np.exp(biases).sum()
    np.testing.assert_allclose(p, [0.75, 0.1875, 0.0625], atol=1e-7)
    assert not weights.any()
    assert abs(biases.sum()) < 1e-9
    # a class that counts three times as much is there three times
    _, biases = fit_softmax(np.zeros((4, 2)), targets, np.array([1.0, 3.0, 1.0]), penalty=0.1)
    weighed = np.exp(biases) / np.exp(biases).sum()
    # slope: sum_i s_i p = sum_i w t_i, s_i a clip's weight: (2 + 1 + 1.5 + 1) p = (3, 2.25, 0.25)
    np.testing.assert_allclose(weighed, np.array([3.0, 2.25, 0.25]) / 5.5, atol=1e-7)


def test_the_regression_is_the_one_that_others_know() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rows = RNG.normal(size=(200, 5))
    labels = (rows @ RNG.normal(size=(5, 3)) + RNG.normal(size=(200, 3))).argmax(axis=1)
    weights, biases = fit_softmax(rows, np.eye(3)[labels], np.ones(3), penalty=0.02)
    peer = linear_model.LogisticRegression(C=1 / (0.02 * 200), tol=1e-10, max_iter=5000)
    peer.fit(rows, labels)
    np.testing.assert_allclose(weights, peer.coef_.T, atol=1e-5)
    np.testing.assert_allclose(biases, peer.intercept_ - peer.intercept_.mean(), atol=1e-5)


def test_a_label_that_a_corpus_lacks_is_no_evidence_against_it() -> None:
    """Clips of a corpus without the last label: it is learnt from the others alone."""
    rows = RNG.normal(size=(120, 2))
    labels = (rows @ RNG.normal(size=(2, 3)) + RNG.normal(size=(120, 3))).argmax(axis=1)
    few = labels != 2
    lacking = np.concatenate([np.zeros(120, bool), np.ones(few.sum(), bool)])
    all_rows = np.concatenate([rows, rows[few]])
    targets = np.eye(3)[np.concatenate([labels, labels[few]])]
    present = np.ones((len(lacking), 3), np.bool_)
    present[lacking, 2] = False
    _, told = fit_softmax(all_rows, targets, np.ones(3), present, penalty=0.01)
    _, untold = fit_softmax(all_rows, targets, np.ones(3), penalty=0.01)
    _, alone = fit_softmax(rows, np.eye(3)[labels], np.ones(3), penalty=0.01)
    assert abs(told[2] - alone[2]) < 0.1
    assert untold[2] < alone[2] - 0.3


def test_separable_clips_end_too() -> None:
    rows = np.concatenate([np.full((20, 1), -50.0), np.full((20, 1), 50.0)])
    labels = np.repeat([0, 1], 20)
    weights, biases = fit_softmax(rows, np.eye(2)[labels], np.ones(2), penalty=1e-6)
    assert np.isfinite(weights).all()
    assert ((rows @ weights + biases).argmax(axis=1) == labels).all()


@pytest.mark.parametrize(
    ("takes", "clips", "most", "expected"),
    [
        (3, 4, 12, ([0] * 4 + [1, 2, 1, 2] + [2, 1, 2, 1], [0, 1, 2, 3] * 3)),
        (3, 4, 11, ([0] * 4 + [1, 2, 1, 2], [0, 1, 2, 3] * 2)),
        (1, 4, 99, ([0] * 4, [0, 1, 2, 3])),
        (2, 3, 99, ([0] * 3 + [1] * 3, [0, 1, 2] * 2)),
        (9, 10, 4, ([0] * 4, [0, 3, 6, 9])),
    ],
)
def test_which_windows_are_heard(
    takes: int, clips: int, most: int, expected: tuple[list[int], list[int]]
) -> None:
    take, clip = windows_heard(takes, clips, most)
    assert (take.tolist(), clip.tolist()) == expected


def encoded_clips() -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float64]]:
    """Three blocks of 4 columns; functionals that two of them explain; targets."""
    hidden = RNG.normal(size=(90, 3))
    encoded = np.maximum(hidden @ RNG.normal(size=(3, 12)) + 0.3 * RNG.normal(size=(90, 12)), 0.0)
    encoded[:, 5] = 0.0  # a value that never speaks
    functionals = (hidden @ RNG.normal(size=(3, 6))).astype(np.float32)
    return encoded, functionals, np.eye(3)[hidden.argmax(axis=1)]


def test_one_layer_does_what_alignment_scale_and_classifier_do() -> None:
    encoded, functionals, targets = encoded_clips()
    found = fit_scores(encoded, functionals, targets, np.ones(3), width=4, config=CONFIG)
    assert found.alignment.rotation.shape == (12, 4)
    assert found.alignment.block_shares.shape == (4, 3)
    scores = (encoded - encoded.mean(axis=0)) @ found.alignment.rotation
    assert np.square(scores / found.scale).mean() == pytest.approx(1.0)
    by_hand = scores / found.scale @ found.weights + found.biases
    whole, biases = found.folded()
    new = np.maximum(RNG.normal(size=(50, 12)), 0.0)
    np.testing.assert_allclose(encoded @ whole + biases, by_hand, atol=1e-9)
    np.testing.assert_allclose(found.logits(new), new @ whole + biases, atol=1e-9)
    assert not whole[5].any()
    assert (by_hand.argmax(axis=1) == targets.argmax(axis=1)).mean() > 0.8


def two_layers() -> tuple[Layers, NDArray[np.float64], NDArray[np.float64]]:
    """Layers about 12 values, of which value 7 rises above 0 by a thousandth; vectors, values."""
    rng = np.random.default_rng(3)
    vectors = np.abs(rng.normal(size=(400, 20)))
    rows, offsets = rng.normal(size=(12, 20)), rng.normal(size=12)
    offsets[7] = 1e-3 - (vectors @ rows[7]).max()
    layers = Layers(rows, offsets, rng.normal(size=(12, 3)), np.zeros(3))
    return layers, vectors, np.maximum(vectors @ rows.T + offsets, 0.0)


def test_a_value_that_hardly_speaks_does_not_cost_the_others_their_steps() -> None:
    layers, vectors, encoded = two_layers()
    encoded[:, 7] = np.linspace(0.0, 0.1, 400)  # little, with weights like the others'
    assert heard_values(layers.rows, vectors, encoded).all()
    found, exact = spread_over_int8(layers, vectors, encoded), layers.logits(vectors)
    np.testing.assert_allclose(found.logits(vectors), exact, atol=1e-9)
    whole = layers.divided(encoded.max(axis=0))  # every value has all steps
    lost, left = (
        np.sqrt(np.mean(np.square(two.logits(vectors, rounded=True) - exact))) / exact.std()
        for two in (whole, found)
    )
    assert lost > 0.3
    assert left < 0.02


def test_a_value_that_speaks_too_rarely_is_silenced() -> None:
    layers, vectors, encoded = two_layers()
    encoded[:, 7] = 0.0
    encoded[:3, 7] = 1.0
    assert np.flatnonzero(~heard_values(layers.rows, vectors, encoded)).tolist() == [7]
    found = spread_over_int8(layers, vectors, encoded)
    assert not (found.rows[7].any() or found.offsets[7] or found.columns[7].any())
    columns = np.where(np.arange(12)[:, None] == 7, 0.0, layers.columns)
    silent = Layers(layers.rows, layers.offsets, columns, layers.biases)
    np.testing.assert_allclose(found.logits(vectors), silent.logits(vectors), atol=1e-9)
    encoded[:4, 7] = 1.0  # one of a hundred
    assert heard_values(layers.rows, vectors, encoded).all()
    encoded[:, 7] = np.linspace(0.0, 0.01, 400)  # less than rounding makes of it
    assert not heard_values(layers.rows, vectors, encoded)[7]
    nothing = spread_over_int8(layers, vectors, np.zeros_like(encoded))
    assert not nothing.logits(vectors).any()


@pytest.fixture(scope="module")
def loop() -> ModuleType:
    path = Path(__file__).with_name("test_loop.py")
    spec = importlib.util.spec_from_file_location("loop_of_pls_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(loop: ModuleType) -> TrainingData:
    return TrainingData(
        classes=("a", "b", "c"),
        planes=("amplitude",),
        frames=24,
        train=loop.features_of(range(4), 0),
        development=loop.features_of(range(4, 6), 1),
    )


@pytest.fixture(scope="module")
def network(loop: ModuleType) -> NetworkConfig:
    return dataclasses.replace(loop.NETWORK, classifier="pls", encoder_width=3, dropout=0.0)


def quiet(done: int, planned: int) -> None:
    """Tell nobody."""


def test_the_trained_network_says_what_the_unfolded_computation_says(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    result = train(network, loop.TRAINING, loop.AUGMENTATION, data, seed=5, pls=CONFIG)
    with loop._threads(1), torch.random.fork_rng(devices=[]), torch.inference_mode(False):
        fit = Fit(network, loop.TRAINING, loop.AUGMENTATION, data, clips=data.train, seed=5)
        for _ in range(result.best_epoch + 1):
            fit.epoch()
    takes, clips = windows_heard(2, len(data.train), CONFIG.rows)
    heard = crop_window(data.train.features[takes, clips], 24, 0, None)
    with torch.inference_mode():
        net = fit.averaged
        fused = net.embed(to_input(heard)).fused
        encoded = net.encode(fused).numpy().astype(np.float64)
        assert net.encoders is not None
        rows = net.encoders.dense.weight.numpy().astype(np.float64)
        speaks = heard_values(rows, fused.numpy().astype(np.float64), encoded)
    score = fit_scores(
        encoded * speaks,
        functionals_of(heard),
        fit.targets[takes, clips].astype(np.float64),
        fit.class_weights.numpy().astype(np.float64),
        width=3,
        config=CONFIG,
    )
    final = load_network(network, result.weights, **loop.SHAPE)
    np.testing.assert_allclose(
        predict_logits(final, heard), score.logits(encoded * speaks), atol=2e-4
    )
    with torch.inference_mode():
        values = final.encode(final.embed(to_input(heard)).fused).numpy()
    assert values.max() == pytest.approx(1.0, rel=1e-5)  # what speaks has the range, or most of it
    assert not values[:, ~speaks].any()


def test_it_learns_and_another_pls_is_another_result(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    config = dataclasses.replace(loop.TRAINING, epochs=20, ema_decay=0.9)
    given = (network, config, loop.AUGMENTATION, data)
    told: list[tuple[str, int, int]] = []
    result = train(*given, seed=0, pls=CONFIG, progress=lambda *step: told.append(step))
    assert told[-3:] == [(ALIGNING.format(number=1), done, 96) for done in (0, 64, 96)]
    final = load_network(network, result.weights, **loop.SHAPE)
    logits = predict_logits(final, data.development.features[0, :, 2:26])
    assert np.mean(logits.argmax(axis=1) == data.development.labels) > 0.9
    np.testing.assert_array_equal(logits, result.development[0])
    other = train(*given, seed=0, pls=PlsConfig(components=1, rows=128))
    assert other.history == result.history
    assert other.weights != result.weights
    assert train(*given, seed=0, pls=CONFIG).weights == result.weights


def test_its_losses_reach_what_they_are_of(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    given = (network, loop.TRAINING, loop.AUGMENTATION, data)
    bits = {
        train(*given, seed=1, loss=loss).weights
        for loss in (
            LossConfig(),
            LossConfig(intra=0.0),
            LossConfig(inter=0.0),
            LossConfig(intra=0.0, inter=0.0),
            LossConfig(intra_temperature=0.5),
        )
    }
    assert len(bits) == 5


def test_without_encoders_it_and_its_losses_change_no_bit(
    loop: ModuleType, data: TrainingData
) -> None:
    given = (loop.NETWORK, loop.TRAINING, loop.AUGMENTATION, data)
    plain = train(*given, seed=1)
    other = train(*given, seed=1, pls=CONFIG, loss=LossConfig(intra=0.7, inter=0.0))
    assert other.weights == plain.weights
    with loop._threads(1), torch.random.fork_rng(devices=[]):
        fit = Fit(*given, clips=data.train, seed=1)
        state = fit.averaged.state_dict()
        assert aligned_weights(fit, state, CONFIG, quiet) is state


def test_a_second_training_is_aligned_on_all_clips_and_teachers_answer_aligned(
    loop: ModuleType, data: TrainingData, network: NetworkConfig, tmp_path: Path
) -> None:
    taught = dataclasses.replace(loop.TAUGHT, epochs=2)
    given = (network, taught, loop.AUGMENTATION, data)
    told: list[str] = []
    whole = train(*given, seed=3, pls=CONFIG, progress=lambda title, *_: told.append(title))
    aligned = [title for title in dict.fromkeys(told) if title.startswith("Aligning")]
    assert aligned == [ALIGNING.format(number=number) for number in (1, 2, 3)]

    planned, everyone = whole.best_epoch + 1, data.everyone()
    first = dataclasses.replace(taught, refit=False, teachers=0)
    chosen = train(network, first, loop.AUGMENTATION, data, seed=3, pls=CONFIG).weights
    plain = load_network(network, chosen, **loop.SHAPE)
    with loop._threads(1), torch.random.fork_rng(devices=[]):
        seed = loop._seed_of_teacher(3, 1)
        teacher = Fit(*given, clips=everyone, seed=seed)
        for _ in range(planned):
            teacher.epoch()
        state = aligned_weights(teacher, teacher.averaged.state_dict(), CONFIG, quiet)
        teacher.averaged.load_state_dict(state)
        heard = [crop_window(everyone.features[variant], 24, 0, None) for variant in (0, 1)]
        answers = np.stack([predict_logits(plain, x) for x in heard])
        answers = (answers + np.stack([teacher.logits(everyone, v) for v in (0, 1)])) / 2
        last = Fit(*given, clips=everyone, seed=3, lessons=[Lesson(answers, taught.teachers_share)])
        for _ in range(planned):
            last.epoch()
        state = aligned_weights(last, last.averaged.state_dict(), CONFIG, quiet)
    assert whole.weights == state_to_bytes(state)


@pytest.mark.parametrize("number", [1, 2])
def test_interrupted_while_it_aligns_it_ends_at_the_same_bits(
    loop: ModuleType, data: TrainingData, network: NetworkConfig, tmp_path: Path, number: int
) -> None:
    given = (network, loop.AGAIN_TOO, loop.AUGMENTATION, data)
    whole = train(*given, seed=3, pls=CONFIG)

    def interrupt(title: str, done: int, planned: int) -> None:
        if title == ALIGNING.format(number=number) and done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(*given, seed=3, pls=CONFIG, checkpoint_dir=tmp_path, progress=interrupt)
    with pytest.raises(BadInput, match="another recipe"):
        train(*given, seed=3, pls=PlsConfig(), checkpoint_dir=tmp_path, resume=True)
    resumed = train(*given, seed=3, pls=CONFIG, checkpoint_dir=tmp_path, resume=True)
    assert resumed.weights == whole.weights
    assert resumed.history == whole.history


def test_a_corpus_that_lacks_a_label_is_aligned_too(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    other = (data.train.labels != 2) & (np.arange(len(data.train)) % 2 == 0)

    def of(clips: LabelledFeatures, lacking: NDArray[np.bool_]) -> LabelledFeatures:
        return dataclasses.replace(clips, corpora=tuple("xy"[int(o)] for o in lacking))

    two = dataclasses.replace(
        data,
        train=of(data.train, other),
        development=of(data.development, np.zeros(len(data.development), np.bool_)),
    )
    given = (network, loop.TRAINING, loop.AUGMENTATION)
    free = train(*given, two, seed=1, pls=CONFIG)
    sampling = SamplingConfig(absent_labels="wrong")
    wrong = train(*given, dataclasses.replace(two, sampling=sampling), seed=1, pls=CONFIG)
    assert np.isfinite(free.development).all()
    assert free.weights != wrong.weights


@pytest.mark.parametrize(
    "wrong", [{"components": 0}, {"rows": 5}, {"penalty": 0.0}, {"penalty": float("nan")}]
)
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="out of bounds"):
        PlsConfig(**wrong)  # type: ignore[arg-type]


def test_a_second_output_beside_it_changes_nothing_of_what_it_is_fitted_on(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    """What stands beside the emotions' targets is of the second head alone."""

    def with_values(clips: LabelledFeatures) -> LabelledFeatures:
        values = RNG.uniform(-1.0, 1.0, (len(clips), 3)).astype(np.float32)
        return dataclasses.replace(clips, vad=values)

    two = dataclasses.replace(
        data, train=with_values(data.train), development=with_values(data.development)
    )
    both = dataclasses.replace(network, heads=("emotion", "vad"), style_width=4)
    taught = dataclasses.replace(loop.TAUGHT, epochs=2)
    result = train(both, taught, loop.AUGMENTATION, two, seed=4, pls=CONFIG)
    final = load_network(both, result.weights, **loop.SHAPE)
    assert final.output_widths == (3, 3)
    assert np.isfinite(predict_logits(final, two.development.features[0, :, 2:26])).all()
    with loop._threads(1), torch.random.fork_rng(devices=[]):
        fit = Fit(both, loop.TRAINING, loop.AUGMENTATION, two, clips=two.train, seed=4)
        fit.epoch()
        assert fit.targets.shape[2] > 3
        state = {name: value.clone() for name, value in fit.averaged.state_dict().items()}
        aligned = aligned_weights(fit, state, CONFIG, quiet)
        fit.targets[:, :, 3:] = 9.0
        again = aligned_weights(fit, state, CONFIG, quiet)
    assert aligned.keys() == state.keys()
    assert all(torch.equal(aligned[name], again[name]) for name in aligned)
    changed = {name for name in state if not torch.equal(aligned[name], state[name])}
    assert changed == {
        f"{layer}.{part}"
        for layer in ("encoders.dense", "classifier")
        for part in ("weight", "bias")
    }


@pytest.mark.slow
def test_int8_says_what_the_aligned_network_says(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    """Also where one value rises above 0 by next to nothing, with weights like the others'."""
    config = dataclasses.replace(loop.TRAINING, epochs=20, ema_decay=0.9)
    heard = np.concatenate([crop_window(take, 24, 0, None) for take in data.train.features])
    with loop._threads(1), torch.random.fork_rng(devices=[]):
        fit = Fit(network, config, loop.AUGMENTATION, data, clips=data.train, seed=0)
        for _ in range(config.epochs):
            fit.epoch()
        state = {name: value.clone() for name, value in fit.averaged.state_dict().items()}
        with torch.inference_mode():
            fused = fit.averaged.embed(to_input(heard)).fused
        hardly = torch.linalg.svd(fused - fused.mean(dim=0))[2][-1]  # where least varies
        state["encoders.dense.weight"][4] = hardly
        state["encoders.dense.bias"][4] = -float(fused.mean(dim=0) @ hardly)
        aligned = aligned_weights(fit, state, CONFIG, quiet)
    final = load_network(network, state_to_bytes(aligned), **loop.SHAPE)
    samples = to_input(heard).numpy()
    model = export_int8(
        final, input_shape_nchw=(1, *samples.shape[1:]), representative=samples, input_scale=1 / 32
    )
    int8 = run_model(model.int8_tflite, heard, runtime=Runtime.TFLITE_MICRO)
    said = (int8.reshape(len(heard), -1) - float(model.output.zero_point)) * model.output.scale
    logits = predict_logits(final, heard)
    assert np.corrcoef(said.ravel(), logits.ravel())[0, 1] > 0.995
    assert np.mean(said.argmax(axis=1) == logits.argmax(axis=1)) > 0.98
