#include "sim/state/sha1.h"

#include <string.h>

static uint32_t rotate(uint32_t x, unsigned n)
{
        return x << n | x >> (32 - n);
}

static uint32_t mixed(unsigned step, uint32_t b, uint32_t c, uint32_t d)
{
        switch (step / 20) {
        case 0:
                return ((b & c) | (~b & d)) + 0x5A827999;
        case 1:
                return (b ^ c ^ d) + 0x6ED9EBA1;
        case 2:
                return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC;
        default:
                return (b ^ c ^ d) + 0xCA62C1D6;
        }
}

static void fill_schedule(const uint8_t block[64], uint32_t w[80])
{
        for (unsigned i = 0; i < 16; i++)
                w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
                       block[4 * i + 3];
        for (unsigned i = 16; i < 80; i++)
                w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
}

void sim_sha1(const uint8_t *message, size_t size, uint8_t ret[SIM_SHA1_BYTES])
{
        uint32_t h[5] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 }, v[5], w[80];
        uint8_t block[64] = { 0 };

        memcpy(block, message, size);
        block[size] = 0x80;
        block[62] = (uint8_t)(size * 8 >> 8);
        block[63] = (uint8_t)(size * 8);
        fill_schedule(block, w);

        memcpy(v, h, sizeof v);
        for (unsigned i = 0; i < 80; i++) {
                uint32_t next = rotate(v[0], 5) + mixed(i, v[1], v[2], v[3]) + v[4] + w[i];
                v[4] = v[3];
                v[3] = v[2];
                v[2] = rotate(v[1], 30);
                v[1] = v[0];
                v[0] = next;
        }
        for (unsigned i = 0; i < SIM_SHA1_BYTES; i++)
                ret[i] = (uint8_t)((h[i / 4] + v[i / 4]) >> (24 - i % 4 * 8));
}
