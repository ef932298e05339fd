/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_certainty.h"

#define ONE_BITS 24u  /* of a weight: the label's own is 2^24 */
#define STEP_BITS 10u /* of an exponent: from one entry of the table to the next */

/* 2^24 * 2^(-i / 64), rounded. */
static const uint32_t powers[65] = {
    16777216u, 16596492u, 16417715u, 16240863u, 16065917u, 15892855u, 15721658u, 15552304u,
    15384775u, 15219050u, 15055111u, 14892937u, 14732511u, 14573813u, 14416824u, 14261526u,
    14107901u, 13955931u, 13805598u, 13656884u, 13509772u, 13364245u, 13220286u, 13077877u,
    12937002u, 12797645u, 12659789u, 12523418u, 12388516u, 12255067u, 12123055u, 11992466u,
    11863283u, 11735492u, 11609078u, 11484025u, 11360319u, 11237946u, 11116891u, 10997140u,
    10878679u, 10761494u, 10645571u, 10530897u, 10417458u, 10305242u, 10194234u, 10084422u,
    9975792u,  9868333u,  9762032u,  9656875u,  9552851u,  9449948u,  9348154u,  9247455u,
    9147842u,  9049301u,  8951823u,  8855394u,  8760003u,  8665641u,  8572295u,  8479954u,
    8388608u,
};

/* 2^-(exponent / 2^16) in Q24, rounded. */
static uint32_t power(uint64_t exponent) {
  const uint32_t whole = exponent >> 16 > ONE_BITS ? ONE_BITS + 1u : (uint32_t)(exponent >> 16);
  const uint32_t entry = (uint32_t)(exponent >> STEP_BITS) & 63u;
  const uint32_t rest = (uint32_t)exponent & ((1u << STEP_BITS) - 1u);
  const uint32_t fall = powers[entry] - powers[entry + 1u];
  const uint32_t value = powers[entry] - ((fall * rest + (1u << (STEP_BITS - 1u))) >> STEP_BITS);
  return (value + ((1u << whole) >> 1)) >> whole;
}

uint32_t dev_certainty(const int32_t *sums, uint32_t classes, uint32_t label, uint32_t windows,
                       uint32_t multiplier) {
  const uint64_t whole = (uint64_t)windows << 8; /* from Q24 to Q16 */
  uint32_t total = 0;
  for (uint32_t i = 0; i < classes; ++i) {
    const uint64_t below = (uint64_t)(sums[label] - sums[i]) * multiplier;
    total += power((below + whole / 2u) / whole);
  }
  return (uint32_t)((((uint64_t)DEV_CERTAINTY_ONE << ONE_BITS) + total / 2u) / total);
}
