/* SPDX-License-Identifier: Apache-2.0 */
/* As much of the C library's as the sources use, for a core that comes without one. Of these the
 * device calls the root alone; the others are for tables, which a project brings ready made. */
#ifndef MATH_H
#define MATH_H

#ifdef __cplusplus
extern "C" {
#endif

/* Of normal numbers and 0, to the nearest. */
float sqrtf(float value);

float cosf(float angle);
float floorf(float value);
float log1pf(float value);
float powf(float base, float exponent);
double floor(double value);
double cos(double angle);
double sin(double angle);
double atan(double value);
double log2(double value);
long lrint(double value);

#ifdef __cplusplus
}
#endif

#endif
