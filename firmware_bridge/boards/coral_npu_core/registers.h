/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's virt machine with a core that executes what the scalar side of Google's Coral NPU does. */
#ifndef REGISTERS_H
#define REGISTERS_H

#define BOARD_NAME "coral-npu-core"

#include "virt.h"

#endif
