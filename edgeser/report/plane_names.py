"""What planes of features are called for people."""

from __future__ import annotations

PLANE_NAMES = {
    "amplitude": "amplitude",
    "amplitude_delta": "amplitude, difference to the frame before",
    "if_re": "instantaneous frequency, real part",
    "if_im": "instantaneous frequency, imaginary part",
    "if_mod": "instantaneous frequency, modulus",
    "if_angle": "instantaneous frequency, angle",
    "gd_re": "group delay, real part",
    "gd_im": "group delay, imaginary part",
    "gd_mod": "group delay, modulus",
    "gd_angle": "group delay, angle",
}
