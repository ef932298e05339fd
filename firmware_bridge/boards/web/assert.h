/* SPDX-License-Identifier: Apache-2.0 */
/* Of assert.h the firmware needs one word. */
#ifndef WEB_ASSERT_H
#define WEB_ASSERT_H

#define static_assert _Static_assert

#endif
