from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

class Frontend:
    def __new__(
        cls,
        *,
        sample_rate: int,
        window_samples: int,
        hop_samples: int,
        channels: int,
        lower_hz: float,
        upper_hz: float,
        noise_reduction: bool,
        smoothing_bits: int,
        even_smoothing: float,
        odd_smoothing: float,
        min_signal_remaining: float,
        pcan: bool,
        pcan_strength: float,
        pcan_offset: float,
        pcan_gain_bits: int,
        log: bool,
        log_scale_shift: int,
        amplitude_delta: bool,
        phase_planes: int,
        angles_by_modulus: bool,
    ) -> Frontend: ...
    @property
    def fft_size(self) -> int: ...
    @property
    def memory(self) -> tuple[int, int]: ...
    def process(self, samples: Array, amplitude: Array, phase: Array, /) -> int: ...
    def push(self, samples: Array, amplitude: Array, phase: Array, /) -> int: ...
    def frames_after(self, count: int, /) -> int: ...
    def reset(self) -> None: ...
    def bins(self, samples: Array, bins: Array, /) -> None: ...
    def weights(self, out: Array, /) -> None: ...
    def tables(self) -> bytes: ...

def quantise(affines: Array, amplitude: Array, phase: Array, output: Array, /) -> None: ...
