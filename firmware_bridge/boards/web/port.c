/* SPDX-License-Identifier: Apache-2.0 */
/* A page as a board: time comes from the page, requests come by web.c. */
#include "port.h"

#include "web.h"

#define MICROSECONDS_A_SECOND 1000000u

/* What the page supplies: a clock in microseconds, and someone who hears of a failure. */
__attribute__((import_module("page"), import_name("microseconds"))) double page_microseconds(void);
__attribute__((import_module("page"), import_name("failed"))) void page_failed(const char *reason);

const char port_board[] = "web";
const uint32_t port_unread_bytes = 0;

uint64_t port_microseconds(void) {
  return (uint64_t)page_microseconds();
}

uint32_t port_ticks(void) {
  return (uint32_t)port_microseconds();
}

uint32_t port_begin(void) {
  return port_ticks();
}

uint32_t port_ticks_per_second(void) {
  return MICROSECONDS_A_SECOND;
}

int port_read(void) {
  return -1;
}

void port_wait(void) {
}

void port_write(const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
}

void port_log(const char *line) {
  (void)line;
}

void port_fatal(const char *reason) {
  page_failed(reason);
  __builtin_trap();
}

void port_stack(uint32_t *bytes, uint32_t *used) {
  *bytes = 0;
  *used = 0;
}

const void *port_constants(size_t *bytes) {
  *bytes = 0;
  return "";
}
