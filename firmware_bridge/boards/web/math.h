/* SPDX-License-Identifier: Apache-2.0 */
/* What the frontend's sources name of math.h. Its tables are computed before they are compiled, so
 * nothing of it is linked but the root, which is an instruction. */
#ifndef WEB_MATH_H
#define WEB_MATH_H

double atan(double x);
double cos(double x);
double floor(double x);
double log2(double x);
double pow(double x, double y);
double round(double x);
double sin(double x);
double sqrt(double x);
float cosf(float x);
float floorf(float x);
float log1pf(float x);
float powf(float x, float y);
float sqrtf(float x);
long lrint(double x);

#endif
