/* SPDX-License-Identifier: Apache-2.0 */
/* What the linker script decided, and who guards it. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

extern uint32_t image_begin[], image_end[]; /* vectors, code, constants */
extern uint32_t ram_begin[], ram_end[];     /* what is used of it */
extern uint32_t stack_bottom[], stack_top[];
extern uint32_t handler_stack_top[];
extern uint32_t data_begin[], data_end[], data_image[];
extern uint32_t bss_begin[], bss_end[];
extern void (*init_begin[])(void), (*init_end[])(void); /* constructors */
extern uint32_t shared_begin[],
    shared_end[]; /* with the host; empty where it is talked to by UART */

/* Fills the stack, so that it can be seen later how much was used. */
void memory_paint_stack(void);

/* Code and constants can be read and executed, RAM that is used can be read and written, so can
 * peripherals and what is shared; nothing else can be touched. The stack lies at the bottom of RAM:
 * what overflows it leaves RAM and faults. */
void memory_protect(void);

#ifdef __cplusplus
}
#endif

#endif
