/* Starts the core, runs layers one by one and says of each how many ticks it took and whether its
 * outputs are as expected. Speaks and ends by semihosting. */
#include "harness.h"

#include <string.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#ifdef SSE_300
/* Its system counter counts up. */
#define COUNTER_CONTROL REGISTER(0x58100000u)
#define COUNT REGISTER(0x58000000u)
static void start_timer(void) {
  COUNTER_CONTROL = 1;
}
#else
/* A timer of Arm's CMSDK counts down. */
#define TIMER_CTRL REGISTER(0x40000000u)
#define TIMER_VALUE REGISTER(0x40000004u)
#define TIMER_RELOAD REGISTER(0x40000008u)
#define COUNT (-TIMER_VALUE)
static void start_timer(void) {
  TIMER_RELOAD = UINT32_MAX;
  TIMER_VALUE = UINT32_MAX;
  TIMER_CTRL = 1;
}
#endif
#define COPROCESSORS REGISTER(0xE000ED88u)
#define FULL_ACCESS_TO_FPU (0xFu << 20)
#define SYS_WRITE0 0x04
#define SYS_EXIT 0x18
#define STOPPED 0x20026
#define FAULTED 0x20023

extern uint32_t stack_top;
void reset_handler(void);

static void ask_host(int32_t operation, uint32_t argument) {
  register int32_t r0 __asm__("r0") = operation;
  register uint32_t r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void fault_handler(void) {
  ask_host(SYS_EXIT, FAULTED);
}

__attribute__((section(".vectors"), used)) static void *const vectors[] = {
    &stack_top,
    (void *)reset_handler,
    (void *)fault_handler,
    (void *)fault_handler,
    (void *)fault_handler,
    (void *)fault_handler,
    (void *)fault_handler,
};

static void write_number(uint32_t value, char end) {
  char text[12];
  char *digit = text + sizeof(text) - 2;
  digit[0] = end;
  digit[1] = '\0';
  do {
    *--digit = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  ask_host(SYS_WRITE0, (uint32_t)(uintptr_t)digit);
}

void reset_handler(void) {
  COPROCESSORS |= FULL_ACCESS_TO_FPU;
  __asm__ volatile("dsb\n\tisb");
  start_timer();
  for (uint32_t i = 0; i < layer_count; ++i) {
    memset(test_output, 0xA5, layers[i].output_bytes);
    const uint32_t start = COUNT;
    layers[i].run();
    const uint32_t ticks = COUNT - start;
    write_number(ticks, ' ');
    write_number(memcmp(test_output, layers[i].expected, layers[i].output_bytes) == 0, '\n');
  }
  ask_host(SYS_EXIT, STOPPED);
}
