/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that need a frontend; without one they all answer so. */
#ifndef DEV_AUDIO_H
#define DEV_AUDIO_H

#include "dev_call.h"

#ifdef __cplusplus
extern "C" {
#endif

dev_handler dev_audio_reset, dev_audio, dev_audio_decisions, dev_audio_ticks, dev_audio_heard;
dev_handler dev_audio_capture, dev_audio_rows;

#ifdef __cplusplus
}
#endif

#endif
