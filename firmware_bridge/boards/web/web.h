/* SPDX-License-Identifier: Apache-2.0 */
/* The application as WebAssembly: what the page calls instead of a wire.
 *
 * The page writes a request's payload to web_payload() and calls web_request(); the answer's
 * payload is at web_reply(). The requests and their payloads are those of dev_requests.h, which a
 * board answers over its wire: here nothing is framed, since nothing can be lost. */
#ifndef WEB_H
#define WEB_H

#include <stdint.h>

/* What the page calls is kept by the linker, under its own name. */
#define WEB_EXPORT(name) __attribute__((export_name(#name))) name

void WEB_EXPORT(web_start)(void);

/* DEV_PAYLOAD_BYTES for a request, and for its answer. */
uint8_t *WEB_EXPORT(web_payload)(void);
const uint8_t *WEB_EXPORT(web_reply)(void);

/* Carries a request of `length` bytes out; the length of the answer. The answer of a request that
 * is refused begins with web_refused(). */
uint32_t WEB_EXPORT(web_request)(uint32_t type, uint32_t flags, uint32_t length);
uint32_t WEB_EXPORT(web_refused)(void);

/* Decides on what was heard since the reset where that is less than a window: its rows are repeated
 * until they fill one, as `edgeser predict` does with a short recording. 0 where no frame was heard
 * or a window was full. */
uint32_t WEB_EXPORT(web_decide_early)(void);

#endif
