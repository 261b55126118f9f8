#include "sim/state/machine.h"
#include "sim/state/sha1.h"

#include <string.h>

static void put_le(uint8_t *to, uint64_t value, unsigned bytes)
{
        for (unsigned i = 0; i < bytes; i++)
                to[i] = (uint8_t)(value >> 8 * i);
}

/* The message that gpu_uuid.c of NVIDIA's open kernel module hashes: name space, GPU part, "SMC" part. */
static void recipe(const struct sim_gpu *gpu, uint32_t gi, uint32_t engine, uint8_t ret[50])
{
        static const uint8_t name_space[16] = { 0xc8, 0x16, 0xc9, 0xa3, 0x52, 0x24, 0x56, 0xbf,
                                                0x9d, 0x9a, 0xac, 0x7e, 0xa7, 0x03, 0xfb, 0x5b };
        memcpy(ret, name_space, 16);
        memcpy(ret + 16, "NVIDIA GPU\x02", 11);
        put_le(ret + 27, gpu->chip_id, 2);
        ret[29] = 0x08;
        put_le(ret + 30, gpu->pdi, 8);
        memcpy(ret + 38, "\x0bSMC", 4);
        put_le(ret + 42, gi, 4);
        put_le(ret + 46, engine, 4);
}

const char *sim_mig_uuid(struct sc_arena *arena, const struct sim_gpu *gpu, const struct sim_gi *gi, uint32_t ci)
{
        for (uint32_t i = 0; i < gpu->n_mig_uuids; i++)
                if (gpu->mig_uuids[i].gi == gi->id && gpu->mig_uuids[i].ci == ci)
                        return gpu->mig_uuids[i].uuid;

        uint8_t message[50], d[SIM_SHA1_BYTES];
        /* which engine serves which compute instance is not known from outside: one per memory slice, in order */
        recipe(gpu, gi->id, gi->start + ci, message);
        sim_sha1(message, sizeof message, d);
        d[6] = (uint8_t)((d[6] & 0x0f) | 0x50);
        d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
        return sc_format(arena, "MIG-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1], d[2],
                         d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14], d[15]);
}
