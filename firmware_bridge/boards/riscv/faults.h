/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of what must not happen: it reports and restarts. */
#ifndef FAULTS_H
#define FAULTS_H

#ifdef __cplusplus
extern "C" {
#endif

void fault_handler(void);

#ifdef __cplusplus
}
#endif

#endif
