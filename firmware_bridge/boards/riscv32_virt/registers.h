/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's virt machine with a core of RV32IMC. */
#ifndef REGISTERS_H
#define REGISTERS_H

#define BOARD_NAME "riscv32-virt"

#include "virt.h"

#endif
