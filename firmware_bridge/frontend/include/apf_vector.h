/* SPDX-License-Identifier: Apache-2.0 */
/* Loops worth compiling for wider vectors too, where the compiler and the loader can choose by the
 * processor at hand. The code is the same, and being all integers so are its results. */
#ifndef APF_VECTOR_H
#define APF_VECTOR_H

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) &&       \
    !defined(APF_NO_CLONES)
#define APF_VECTOR __attribute__((target_clones("avx2", "sse4.1", "default")))
#else
#define APF_VECTOR
#endif

#endif
