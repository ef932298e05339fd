"""Each loss against examples worked out by hand, and against finite differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from edgeser.network.embeddings import Embeddings
from edgeser.training.losses import LossConfig
from edgeser.training.losses.alignment import symmetric_info_nce
from edgeser.training.losses.centre import CentreHead, centre_loss
from edgeser.training.losses.contrastive import broadcast_context, supervised_contrast
from edgeser.training.losses.cosine import cosine_loss
from edgeser.training.losses.cross_entropy import soft_cross_entropy
from edgeser.training.losses.focal import focal_loss
from edgeser.training.losses.generalised import generalised_cross_entropy
from edgeser.training.losses.intra import intra_class_contrast
from edgeser.training.losses.total import Loss, Truth
from quantize.foundation.errors import BadInput

ONES = torch.ones(3, dtype=torch.float64)
OF_LOGITS: dict[str, Callable[..., Tensor]] = {
    "kl": soft_cross_entropy,
    "focal": lambda *given: focal_loss(*given, gamma=2.0),
    "focal, half": lambda *given: focal_loss(*given, gamma=0.5),
    "cosine": cosine_loss,
    "gce": lambda *given: generalised_cross_entropy(*given, q=0.7),
}


def rows(*values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def answers(*probabilities: list[float]) -> Tensor:
    """Return logits whose softmax is that."""
    return rows(*probabilities).log() + 5.0


HALF = answers([0.5, 0.3, 0.2])
FIRST = rows([1.0, 0.0, 0.0])
SOFT = rows([0.7, 0.2, 0.1])


@pytest.mark.parametrize(
    ("name", "logits", "targets", "expected"),
    [
        ("kl", HALF, FIRST, math.log(2)),
        ("focal", HALF, FIRST, 0.25 * math.log(2)),
        ("focal, half", HALF, FIRST, math.sqrt(0.5) * math.log(2)),
        ("focal", HALF, SOFT, 0.7 * 0.25 * math.log(2) + 0.2 * 0.49 * math.log(10 / 3)
         + 0.1 * 0.64 * math.log(5)),
        ("cosine", answers([1 / 3] * 3), FIRST, 1 - 1 / math.sqrt(3)),
        ("cosine", HALF, HALF.softmax(1), 0.0),
        ("cosine", HALF, SOFT, 1 - (0.35 + 0.06 + 0.02) / math.sqrt(0.38 * 0.54)),
        ("gce", HALF, FIRST, (1 - 0.5**0.7) / 0.7),
    ],
)  # fmt: skip
def test_values_are_those_worked_out_by_hand(
    name: str, logits: Tensor, targets: Tensor, expected: float
) -> None:
    assert float(OF_LOGITS[name](logits, targets, ONES)) == pytest.approx(expected, abs=1e-9)


def test_cross_entropy_is_the_divergence_and_the_targets_entropy() -> None:
    entropy = -sum(p * math.log(p) for p in (0.7, 0.2, 0.1))
    divergence = float(soft_cross_entropy(HALF, SOFT, ONES)) - entropy
    assert divergence == pytest.approx(0.0851234, abs=1e-6)  # .7 ln 1.4 + .2 ln 2/3 + .1 ln 1/2
    assert float(soft_cross_entropy(HALF, HALF.softmax(1), ONES)) == pytest.approx(1.0296530)


@pytest.mark.parametrize("name", OF_LOGITS)
def test_a_clip_counts_as_its_class_is_weighed(name: str) -> None:
    loss, both = OF_LOGITS[name], HALF.repeat(2, 1)
    targets = torch.cat([FIRST, FIRST.roll(1, 1)])
    first, second = (float(loss(HALF, target[None], ONES)) for target in targets)
    weighed = float(loss(both, targets, torch.tensor([3.0, 0.5, 7.0], dtype=torch.float64)))
    assert weighed == pytest.approx((3.0 * first + 0.5 * second) / 2)


@pytest.mark.parametrize("name", OF_LOGITS)
def test_a_label_that_a_corpus_lacks_takes_no_part(name: str) -> None:
    """The loss is that of the other classes alone, and does not move with its logit."""
    loss = OF_LOGITS[name]
    present = torch.tensor([[True, False, True], [True, True, True]])
    logits = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    targets, weights = rows([0.8, 0.0, 0.2], [0.1, 0.7, 0.2]), ONES * torch.tensor([2.0, 5.0, 1.0])
    value = loss(logits, targets, weights, present)
    alone = loss(logits[:1, [0, 2]], targets[:1, [0, 2]], weights[[0, 2]])
    assert float(value.detach()) == pytest.approx(
        float((alone + loss(logits[1:], targets[1:], weights)).detach()) / 2, abs=1e-9
    )
    value.backward()
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0.0
    assert bool((logits.grad != 0.0).sum() == 5)


@pytest.mark.parametrize("present", [None, torch.tensor([[True, False, True]] * 2 + [[True] * 3])])
@pytest.mark.parametrize("name", OF_LOGITS)
def test_gradients_are_those_of_finite_differences(name: str, present: Tensor | None) -> None:
    targets = rows([1.0, 0.0, 0.0], [0.25, 0.0, 0.75], [0.2, 0.5, 0.3])
    weights = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    logits = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x: OF_LOGITS[name](x, targets, weights, present), (logits,)
    )


@pytest.mark.parametrize("name", OF_LOGITS)
def test_a_certain_answer_has_a_gradient(name: str) -> None:
    """In float32 its probability is 1, and that of the others 0."""
    logits = torch.tensor([[90.0, -90.0, 0.0], [-90.0, 90.0, 0.0]], requires_grad=True)
    present = torch.tensor([[True, False, False], [True, True, True]])
    value = OF_LOGITS[name](logits, torch.eye(3)[[0, 0]], torch.ones(3), present)
    value.backward()
    assert logits.grad is not None
    assert bool(torch.isfinite(value))
    assert bool(torch.isfinite(logits.grad).all())


def test_focal_and_generalised_go_over_into_cross_entropy() -> None:
    plain = float(soft_cross_entropy(HALF, SOFT, ONES))
    assert float(focal_loss(HALF, SOFT, ONES, gamma=0.0)) == pytest.approx(plain)
    assert float(generalised_cross_entropy(HALF, SOFT, ONES, q=1e-6)) == pytest.approx(plain)
    missed = generalised_cross_entropy(HALF, FIRST, ONES, q=1.0)
    assert float(missed) == pytest.approx(0.5)  # 1 less the probability


def test_the_gradient_of_generalised_cross_entropy_is_that_of_cross_entropy_times_p_to_the_q() -> (
    None
):
    gradients = []
    for loss in (soft_cross_entropy, OF_LOGITS["gce"]):
        logits = HALF.clone().requires_grad_()
        loss(logits, FIRST, ONES).backward()
        assert logits.grad is not None
        gradients.append(logits.grad)
    torch.testing.assert_close(gradients[1], 0.5**0.7 * gradients[0])


def test_centres_pull_by_half_the_square_of_the_distance() -> None:
    centres = rows([0.0, 0.0], [3.0, 0.0], [9.0, 9.0])
    weights = torch.tensor([2.0, 1.0, 1.0], dtype=torch.float64)
    vector = rows([3.0, 4.0])
    assert float(centre_loss(vector, centres, FIRST, weights)) == pytest.approx(2.0 * 12.5)
    half = rows([0.5, 0.5, 0.0])
    assert float(centre_loss(vector, centres, half, weights)) == pytest.approx(12.5 + 4.0)
    two = rows([3.0, 4.0], [3.0, 2.0])
    one_each = rows([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    assert float(centre_loss(two, centres, one_each, weights)) == pytest.approx((25.0 + 2.0) / 2)


def test_centre_gradients_are_those_of_finite_differences() -> None:
    targets = rows([1.0, 0.0, 0.0], [0.25, 0.0, 0.75])
    weights = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    vectors = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    centres = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, m: centre_loss(x, m, targets, weights), (vectors, centres)
    )


def test_the_centres_embedding_learns_to_classify_and_does_not_shrink_to_a_point() -> None:
    torch.manual_seed(0)
    targets = torch.eye(3).repeat(4, 1)
    fused = torch.cat([targets, torch.zeros(12, 2)], dim=1) + 0.1 * torch.randn(12, 5)
    head = CentreHead(5, 4, 3, pull=0.1)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        head(fused, targets, torch.ones(3)).backward()
        optimizer.step()
    with torch.no_grad():
        vectors = head.projection(fused)
        assert bool((head.classifier(vectors).argmax(1) == targets.argmax(1)).all())
        distances = torch.cdist(vectors, head.centres)
        assert bool((distances.argmin(1) == targets.argmax(1)).all())
        assert float(torch.cdist(head.centres, head.centres).max()) > 1.0


E1, E2 = [1.0, 0.0], [0.0, 1.0]
NEAR = math.log(1 + math.e) - 1  # of two, the one with cosine 1 is right, the other has 0


def test_contrast_is_that_worked_out_by_hand() -> None:
    vectors = rows([2.0, 0.0], [5.0, 0.0], E2)  # lengths do not matter
    targets = rows([1, 0, 0], [1, 0, 0], [0, 1, 0])  # the third has nobody of its label
    assert float(supervised_contrast(vectors, targets, ONES, temperature=1.0)) == pytest.approx(
        NEAR
    )
    half = math.log(math.exp(2) + 1) - 2
    assert float(supervised_contrast(vectors, targets, ONES, temperature=0.5)) == pytest.approx(
        half
    )
    weights = torch.tensor([3.0, 1.0, 1.0], dtype=torch.float64)
    assert float(supervised_contrast(vectors, targets, weights, temperature=1.0)) == pytest.approx(
        3 * NEAR
    )


def test_contrast_weighs_partners_by_the_chance_of_one_label() -> None:
    """Clip 0 has 1 of label 0; clip 1 is half of it, clip 2 a quarter."""
    targets = rows([1, 0, 0], [0.5, 0.5, 0], [0.25, 0, 0.75])
    vectors = rows(E1, E1, E2)
    weights = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    found = float(supervised_contrast(vectors, targets, weights, temperature=1.0))
    context = math.log(math.e + 1)
    first = -(0.5 * (1 - context) + 0.25 * (0 - context)) / 0.75
    second = -(0.5 * (1 - context) + 0.125 * (0 - context)) / 0.625
    last = -(0.25 * (0 - math.log(2)) + 0.125 * (0 - math.log(2))) / 0.375
    assert found == pytest.approx((first + 0.5 * second + 0.25 * last) / 3)


def test_clips_of_labels_that_a_corpus_lacks_are_no_context() -> None:
    vectors = rows(E1, E1, E2, E2)
    targets = rows([1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0])
    everything = float(supervised_contrast(vectors, targets, ONES, temperature=1.0))
    assert everything == pytest.approx(math.log(math.e + 2) - 1)
    present = torch.tensor([[True, False, True]] * 2 + [[True, True, True]] * 2)
    free = float(supervised_contrast(vectors, targets, ONES, present, temperature=1.0))
    assert free == pytest.approx((math.log(math.e + 2) - 1) / 2)  # the first two: nothing to tell


def test_contrast_of_clips_without_partners_is_nothing() -> None:
    vectors = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    value = supervised_contrast(vectors, torch.eye(3, dtype=torch.float64), ONES, temperature=0.1)
    value.backward()
    assert value.item() == 0.0
    assert vectors.grad is not None
    assert bool((vectors.grad == 0.0).all())


@pytest.mark.parametrize(
    "present", [None, torch.tensor([[True, False, True]] * 2 + [[True] * 3] * 2)]
)
def test_contrast_gradients_are_those_of_finite_differences(present: Tensor | None) -> None:
    targets = rows([1, 0, 0], [0.25, 0, 0.75], [0.2, 0.5, 0.3], [0, 1, 0])
    weights = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    vectors = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)

    def loss(x: Tensor) -> Tensor:
        context = broadcast_context(x, 0.5)
        return supervised_contrast(context, targets, weights, present, temperature=0.5)

    assert torch.autograd.gradcheck(loss, (vectors,))


def test_context_is_the_mean_of_the_batch_in_each_vector() -> None:
    vectors = rows([4.0, 0.0], [0.0, 2.0])
    assert broadcast_context(vectors, 0.5).tolist() == [[3.0, 0.5], [1.0, 1.5]]
    assert broadcast_context(vectors, 0.0).tolist() == vectors.tolist()


def test_alignment_is_that_worked_out_by_hand() -> None:
    first, second = rows([3.0, 0.0], E2), rows(E1, [0.0, 7.0])
    assert float(symmetric_info_nce(first, second, temperature=1.0)) == pytest.approx(NEAR)
    swapped = second.flip(0)
    assert float(symmetric_info_nce(first, swapped, temperature=1.0)) == pytest.approx(NEAR + 1)
    one_way = rows(E1, E1)  # rows tell nothing: ln 2; columns: one near and one far
    there = (NEAR + NEAR + 1) / 2
    found = float(symmetric_info_nce(first, one_way, temperature=1.0))
    assert found == pytest.approx((math.log(2) + there) / 2)


def test_alignment_gradients_are_those_of_finite_differences() -> None:
    first = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    second = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda a, b: symmetric_info_nce(a, b, temperature=0.3), (first, second)
    )


ALL = LossConfig(
    kl=0.5, focal=1.0, centre=0.3, contrastive=0.2, cosine=0.3, gce=0.7, align=0.1,
    centre_width=4, contrastive_width=3, align_width=5,
)  # fmt: skip


def embeddings_of(clips: int) -> Embeddings:
    amplitude = torch.randn(clips, 4, dtype=torch.float64, requires_grad=True)
    phase = torch.randn(clips, 2, dtype=torch.float64, requires_grad=True)
    maps = torch.zeros(clips, 4, 1, 1, dtype=torch.float64)
    return Embeddings(amplitude, phase, torch.cat([amplitude, phase], dim=1), maps)


def test_the_total_is_the_weighted_sum_of_its_parts() -> None:
    torch.manual_seed(3)
    embeddings = embeddings_of(5)
    loss = Loss(ALL, embeddings, 3).double()
    logits = torch.randn(5, 3, dtype=torch.float64)
    targets = torch.softmax(torch.randn(5, 3, dtype=torch.float64), dim=1)
    weights = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    assert loss.centre is not None
    assert loss.contrastive is not None
    assert loss.align is not None
    assert embeddings.amplitude is not None
    assert embeddings.phase is not None
    heads = [loss.align[0](embeddings.amplitude), loss.align[1](embeddings.phase)]
    context = broadcast_context(loss.contrastive(embeddings.fused), 0.5)
    expected = (
        0.5 * soft_cross_entropy(logits, targets, weights)
        + 1.0 * focal_loss(logits, targets, weights, gamma=2.0)
        + 0.3 * loss.centre(embeddings.fused, targets, weights)
        + 0.2 * supervised_contrast(context, targets, weights, temperature=0.1)
        + 0.3 * cosine_loss(logits, targets, weights)
        + 0.7 * generalised_cross_entropy(logits, targets, weights, q=0.7)
        + 0.1 * symmetric_info_nce(heads[0], heads[1], temperature=0.1)
    )
    found = loss(logits, embeddings, Truth(targets, weights))
    torch.testing.assert_close(found, expected)


def test_the_gradient_of_the_total_is_that_of_finite_differences() -> None:
    torch.manual_seed(4)
    embeddings = embeddings_of(4)
    loss = Loss(ALL, embeddings, 3).double()
    present = torch.tensor([[True, False, True]] * 2 + [[True] * 3] * 2)
    targets = rows([1, 0, 0], [0.25, 0, 0.75], [0.2, 0.5, 0.3], [0, 1, 0])
    truth = Truth(targets, torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64), present)
    logits = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

    def total(logits: Tensor, amplitude: Tensor, phase: Tensor, *_: Tensor) -> Tensor:
        fused = torch.cat([amplitude, phase], dim=1)
        value: Tensor = loss(logits, Embeddings(amplitude, phase, fused, embeddings.maps), truth)
        return value

    given = (logits, embeddings.amplitude, embeddings.phase, *loss.parameters())
    assert torch.autograd.gradcheck(total, given)


def test_what_is_not_named_learns_nothing_beside() -> None:
    assert not list(Loss(LossConfig(), embeddings_of(2), 3).parameters())
    assert LossConfig() == LossConfig(kl=1.0)


def test_alignment_needs_both_branches() -> None:
    both = embeddings_of(2)
    alone = Embeddings(both.amplitude, None, both.fused, both.maps)
    with pytest.raises(BadInput, match="one of them only"):
        Loss(LossConfig(align=1.0), alone, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kl": 0.0},
        {"kl": -1.0},
        {"focal": math.nan},
        {"centre": math.inf},
        {"cosine": 1e9},
        {"focal_gamma": -1.0},
        {"gce_q": 0.0},
        {"gce_q": 1.5},
        {"contrastive_temperature": 0.0},
        {"align_temperature": -0.1},
        {"contrastive_context": 1.0},
        {"centre_width": 0},
        {"align_width": 100_000},
    ],
)
def test_weights_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        LossConfig(**wrong)  # type: ignore[arg-type]


def test_contrast_inside_an_encoder_by_hand() -> None:
    """Two clips of the first class in one direction, the third across: ln (1 + e^-2) each."""
    blocks = torch.zeros(3, 2, 2, dtype=torch.float64)
    blocks[:, 0] = rows([1.0, 0.0], [7.0, 0.0], [0.0, 2.0])
    blocks[:, 1] = torch.randn(3, 2)  # the second class has one clip, so no partners
    targets = rows([1, 0], [1, 0], [0, 1])
    each = math.log(1 + math.exp(-2))
    found = intra_class_contrast(blocks, targets, ONES[:2], temperature=0.5)
    assert float(found) == pytest.approx(2 * each / 3)
    weighed = intra_class_contrast(blocks, targets, rows([3.0, 9.0])[0], temperature=0.5)
    assert float(weighed) == pytest.approx(2 * each)
    # for the corpus of the first clip there is no second class: the third is no context for it
    present = torch.tensor([[True, False], [True, True], [True, True]])
    lacking = intra_class_contrast(blocks, targets, ONES[:2], present, temperature=0.5)
    assert float(lacking) == pytest.approx(each / 3)


def test_the_rest_is_one_heap_in_an_encoder() -> None:
    """Clips of other classes are pushed away from the class's, and by no other."""
    blocks = torch.randn(6, 3, 4, dtype=torch.float64, requires_grad=True)
    targets = torch.eye(3, dtype=torch.float64)[[0, 0, 1, 1, 2, 2]]
    loss = intra_class_contrast(blocks, targets, torch.eye(3)[0].double(), temperature=0.1)
    loss.backward()
    assert blocks.grad is not None
    assert bool((blocks.grad[:, 0] != 0.0).any(dim=1).all())
    assert not bool(blocks.grad[:, 1:].any())
    values = []
    for _ in range(2):  # how the others lie among themselves is not asked
        moved = torch.randn(6, 3, 4, dtype=torch.float64)
        moved[:2, 0] = rows([1.0, 0.0, 0.0, 0.0])
        moved[2:, 0, 0] = 0.0
        values.append(
            intra_class_contrast(moved, targets, torch.eye(3)[0].double(), temperature=0.5)
        )
    assert float(values[0]) == pytest.approx(2 * math.log(1 + 4 * math.exp(-2)) / 6)
    torch.testing.assert_close(values[0], values[1])


@pytest.mark.parametrize(
    "present", [None, torch.tensor([[True, False, True]] * 2 + [[True] * 3] * 2)]
)
def test_the_gradient_of_the_encoders_losses_is_that_of_finite_differences(
    present: Tensor | None,
) -> None:
    torch.manual_seed(4)
    embeddings = embeddings_of(4)
    config = LossConfig(intra=0.4, intra_temperature=0.5, inter=0.6)
    loss = Loss(config, embeddings, 3, encoder_width=2).double()
    targets = rows([1, 0, 0], [0.25, 0, 0.75], [0.2, 0.5, 0.3], [0, 1, 0])
    weights = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    truth = Truth(targets, weights, present)
    logits = torch.randn(4, 3, dtype=torch.float64)
    encoded = torch.rand(4, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda z, *_: loss(logits, embeddings, truth, z), (encoded, *loss.parameters())
    )
    assert loss.inter is not None
    blocks, inter = encoded.detach()[:, :6].reshape(4, 3, 2), encoded.detach()[:, 6:]
    expected = (
        soft_cross_entropy(logits, targets, weights, present)
        + 0.4 * intra_class_contrast(blocks, targets, weights, present, temperature=0.5)
        + 0.6 * soft_cross_entropy(loss.inter(inter), targets, weights, present)
    )
    torch.testing.assert_close(loss(logits, embeddings, truth, encoded), expected)


def test_losses_of_encoders_are_of_no_effect_without_them() -> None:
    embeddings = embeddings_of(3)
    loss = Loss(LossConfig(intra=5.0, inter=5.0), embeddings, 3).double()
    assert not list(loss.parameters())
    logits, targets = torch.randn(3, 3, dtype=torch.float64), torch.eye(3, dtype=torch.float64)
    found = loss(logits, embeddings, Truth(targets, ONES), embeddings.fused)
    assert float(found) == float(soft_cross_entropy(logits, targets, ONES))
