/* sha1: the digest that the driver makes MIG UUIDs of (RFC 3174). Private to sim/state; nothing here needs it to be secure.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { SIM_SHA1_BYTES = 20 };
/* At most 55 bytes, one block: the driver's messages have 50. */
void sim_sha1(const uint8_t *message, size_t size, uint8_t ret[SIM_SHA1_BYTES]);
