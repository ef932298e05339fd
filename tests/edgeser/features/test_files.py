"""Features as .npz: what the C code put out, with the names of its planes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeser.features.files import write_npz
from firmware_bridge.frontend import FrontendConfig, compute_features
from quantize.foundation.errors import BadInput


def test_the_file_holds_all_that_the_frontend_gave_and_needs_no_pickle(tmp_path: Path) -> None:
    config = FrontendConfig(phase_planes=("if_re", "if_im"), channels=20)
    samples = np.random.default_rng(0).integers(-9000, 9000, 16_000, np.int16)
    features = compute_features(samples, config)
    write_npz(tmp_path / "deep" / "x.npz", features, config)
    with np.load(tmp_path / "deep" / "x.npz", allow_pickle=False) as found:
        assert set(found.files) == {"amplitude", "phase", "phase_planes", "frontend"}
        np.testing.assert_array_equal(found["amplitude"], features.amplitude)
        np.testing.assert_array_equal(found["phase"], features.phase)
        assert (found["amplitude"].dtype, found["phase"].dtype) == (np.uint16, np.int16)
        assert found["phase_planes"].tolist() == ["if_re", "if_im"]
        assert FrontendConfig.from_dict(json.loads(str(found["frontend"]))) == config


def test_the_amplitudes_difference_has_a_member_of_its_own(tmp_path: Path) -> None:
    config = FrontendConfig(
        amplitude_delta=True, phase_planes=("if_angle", "gd_angle"), angle_weight="modulus"
    )
    samples = np.random.default_rng(0).integers(-9000, 9000, 16_000, np.int16)
    features = compute_features(samples, config)
    write_npz(tmp_path / "x.npz", features, config)
    with np.load(tmp_path / "x.npz", allow_pickle=False) as found:
        assert found["amplitude_delta"].dtype == np.int16
        step = np.diff(found["amplitude"].astype(int), axis=0)
        np.testing.assert_array_equal(found["amplitude_delta"][1:], step)
        assert found["phase_planes"].tolist() == ["if_angle", "gd_angle"]
        np.testing.assert_array_equal(found["phase"], features.phase[:, :, 1:])
        assert FrontendConfig.from_dict(json.loads(str(found["frontend"]))) == config


def test_a_full_disk_is_one_line_and_leaves_nothing(small_disk: Path) -> None:
    config = FrontendConfig(phase_planes=("if_re", "if_im"))
    noise = np.random.default_rng(0).integers(-9000, 9000, 16_000 * 10, np.int16)
    with pytest.raises(BadInput, match="No space left"):
        write_npz(small_disk / "x.npz", compute_features(noise, config), config)
    assert list(small_disk.iterdir()) == []
