/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORT_START_H
#define PORT_START_H

#ifdef __cplusplus
extern "C" {
#endif

/* Starts timers and UART. */
void port_start(void);

#ifdef __cplusplus
}
#endif

#endif
