/* SPDX-License-Identifier: Apache-2.0 */
/* As much of the C library's as the sources use, for a core that comes without one. */
#ifndef ASSERT_H
#define ASSERT_H

#ifndef __cplusplus
#define static_assert _Static_assert
#endif

#endif
