/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of what must not happen: they report and restart. */
#ifndef FAULTS_H
#define FAULTS_H

#ifdef __cplusplus
extern "C" {
#endif

void fault_handler(void);
void unexpected_handler(void);

#ifdef __cplusplus
}
#endif

#endif
