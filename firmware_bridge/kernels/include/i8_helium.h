/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops for cores with Arm's vector extension, Helium (MVE): sixteen products an
 * instruction, and four sums at once made into outputs; the same bytes as what they stand in for.
 *
 * Weights are multiplied as the int8 they are. Joined ones (i8_dot.h) are parted again: the bytes
 * of 256 * odd + even are the even weight and, where that is below 0, one less than the odd one.
 * What inputs lie beyond a row's end meets zeros that are put behind its weights.
 *
 * VQRDMULH rounds halves upwards, as i8_requantise.h does, and cannot saturate there: multipliers
 * are not negative. Shifts to the right follow it that round towards negative numbers.
 *
 * Internal to i8_conv_2d.c and i8_depthwise_lines.c. */
#ifndef I8_HELIUM_H
#define I8_HELIUM_H

#include <stdint.h>

#include "i8_requantise.h"

/* Unoptimised code leaves too few registers for the assembly. */
#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
#include <arm_mve.h>
#define I8_HAS_HELIUM 1
#else
#define I8_HAS_HELIUM 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_HELIUM

#define I8_LANES 16 /* products of an instruction */

#endif

#ifdef __cplusplus
}
#endif

#endif
