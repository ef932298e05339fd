"""A prediction for the Edge TPU for people, and the page that says what the fit is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeser.report.figures import printable
from quantize.edgetpu.estimate import Estimate
from quantize.edgetpu.latency import (
    FITTED,
    LEAVE_ONE_OUT_MEAN,
    LEAVE_ONE_OUT_WORST,
    OVERHEAD_MS,
    PUBLISHED,
    PUBLISHED_USB2,
    SPEEDS,
    USB3_BYTES_PER_S,
    Link,
    leave_one_out,
    predict_ms,
    slower_link_ms,
)
from quantize.foundation.measurement import Measurement

if TYPE_CHECKING:
    from rich.console import Group


def estimate_tables(found: Estimate) -> Group:
    """Return a prediction as rich renderables."""
    from rich.console import Group
    from rich.text import Text

    from edgeser.report.titled import plain_table

    table = plain_table()
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("range", no_wrap=True)
    table.add_column("evidence")
    rows = [
        ("parameters", found.parameter_bytes),
        ("streamed each time", found.streamed_bytes),
        ("instructions", found.instruction_bytes),
        ("latency", found.latency_ms),
        ("first inference, more", found.first_ms),
    ]
    for name, figure in rows:
        table.add_row(name, _value(figure), _range(figure), figure.evidence.value)
    what = "parts on the Edge TPU" if found.compiled else f"of {found.operators} operators map"
    lines = [
        f"{found.source} over {found.link.value}: {found.mapped} {what}",
        "all parameters stay on the chip" if found.fits else "parameters do not fit the chip",
        f"latency: {found.latency_ms.source}",
    ]
    lines += [f"not counted: {what}" for what in found.not_counted]
    return Group(table, Text("\n".join(printable(line) for line in lines)))


def _value(figure: Measurement) -> str:
    return f"{figure.value:,.0f} B" if figure.unit == "bytes" else f"{figure.value:.2f} ms"


def _range(figure: Measurement) -> str:
    if figure.interval is None or figure.interval[0] == figure.interval[1]:
        return ""
    low, high = figure.interval
    return f"{low:,.0f} to {high:,.0f}" if figure.unit == "bytes" else f"{low:.2f} to {high:.2f}"


def fit_page() -> str:
    """Return docs/edgetpu-estimate.md: the formula, its points and its errors."""
    rows = [
        f"| {point.name} | {point.macs / 1e6:.1f} | {point.ms:g} | "
        f"{predict_ms(point, FITTED):.2f} | "
        f"{100 * (predict_ms(point, FITTED) / point.ms - 1):+.1f} % | "
        f"{100 * error:+.1f} % |"
        for point, error in zip(PUBLISHED, leave_one_out(), strict=True)
    ]
    links = [
        f"| {link.value} | {speed.bytes_per_s[0] / 1e6:g} to {speed.bytes_per_s[1] / 1e6:g} | "
        f"{speed.clock_hz / 1e6:g} | {speed.basis} |"
        for link, speed in SPEEDS.items()
    ]
    checks = []
    for check in PUBLISHED_USB2:
        (point,) = [point for point in PUBLISHED if point.name == check.network]
        compute = FITTED.compute_ms(point.activation_bytes, point.padded_macs)
        low, middle, high = slower_link_ms(
            Link.USB2, point.transferred_bytes, check.instruction_bytes, compute
        )
        checks.append(
            f"| {check.network} | {check.host} | {check.ms:g} | {middle:.1f} | "
            f"{low:.1f} to {high:.1f} |"
        )
    return _PAGE.format(
        checks="\n".join(checks),
        overhead=OVERHEAD_MS,
        bandwidth=USB3_BYTES_PER_S / 1e6,
        activation=FITTED.ms_per_activation_mb,
        mac=FITTED.ms_per_padded_gmac,
        mean=100 * LEAVE_ONE_OUT_MEAN,
        worst=100 * LEAVE_ONE_OUT_WORST,
        points="\n".join(rows),
        links="\n".join(links),
    )


_PAGE = """\
# What the prediction for the Edge TPU is worth

`edgeser estimate MODEL` predicts; nothing in it is measured on the model at hand. This page is
written by `edgeser estimate --fit`.

## Latency

`t = {overhead:g} ms + transferred bytes / bandwidth + compute`, compute = {activation:.4f} ms for a
megabyte of activations written + {mac:.4f} ms for a billion multiply-accumulates of CONV_2D and
FULLY_CONNECTED, input channels padded to 4 and output channels to 64, at 500 MHz.

Overhead and bandwidth ({bandwidth:g} MB/s over USB 3) come from an earlier fit to compiled files
with known bytes, and are held. The two compute coefficients are fitted to the ten published times
below. The published times contain the transfer of the instructions, so over USB 3 the fit does too;
over other links instructions are added.

| network | MMACs | published ms | fitted ms | error | predicted from the other nine |
| --- | --- | --- | --- | --- | --- |
{points}

Leave-one-out, the two compute coefficients refitted each time: mean error {mean:.1f} %, worst
{worst:.1f} %. With overhead and bandwidth refitted too it is 6.2 % and 15 %. PoseNet's times
include decoding on the CPU. Times are as Coral's model pages publish them, rounded to 0.1 ms; where
several are published, the middle.

Of a compiled file the bytes are known, the compute time only where it holds cycles, as older
compilers wrote them; else it is said not to be counted, and for large networks the prediction is
too low. One file at hand has a published time: MobileNet v1 0.25 at 128x128, 0.9 ms; its bytes
give 0.89 ms with the instructions in the overhead, as in the fit, and 1.45 ms with their 170,032
bytes sent besides. So over USB 3 they are in the overhead; the upper end of the range counts them.

| link | MB/s | chip's clock, MHz | known how |
| --- | --- | --- | --- |
{links}

On `usb2` and `micro` the range is that of the link's speed, of the instructions (65 % to 150 %) and
of the compute time (35 %). Published times of USB 2 hosts, with what is predicted for them:

| network | host | published ms | predicted ms | range |
| --- | --- | --- | --- | --- |
{checks}

They differ by two for the same network, and so does the range. The Coral Dev Board Micro's link is
not published; its one published time (83 ms for an SSD MobileNet v2, post-processing on its
Cortex-M7 included) does not contradict 10 to 25 MB/s.

## Bytes

Parameter bytes follow the layout in compiled files: output channels padded to 16, above 64 to 64,
each with 4 bytes of bias (and 4 of scale where weights have one scale a channel) and its weights,
input channels padded to 4. Against compiled files of Coral's test data:

| model | parameters, predicted | in the file | instructions, predicted | in the file |
| --- | --- | --- | --- | --- |
| deeplabv3_mnv2_dm05_pascal_quant | 766,720 | 766,720 | 137,743 | 160,672 |
| mobilenet_v1_0.25_128_quant | 566,676 | 566,912 | 153,744 | 170,032 |
| keras_lstm_mnist_ptq | 43,880 | 44,544 | 60,838 | 60,864 |
| split_concat | 0 | 192 | 22,326 | 23,648 |

The matrix layout was read from the first two and holds to the byte there; the tables of a softmax
and the instructions were set by hand on these files (and `testconv1`), with none held out. The
scale's 4 bytes for weights with one scale a channel are inferred: no compiled file of that kind was
at hand. Every operator of the four was placed right.
"""
