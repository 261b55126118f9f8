/*
 * snapshot: asks the driver once and fills an inventory: NVML, /proc, the driver's folders, the configuration's stamps.
 *
 * NVML is foreign code that may hang in the kernel or crash. sc_snapshot_ask therefore runs sc_snapshot_take in a child,
 * which sends one message through a pipe and holds no lock; a child that is late is killed, and one that can't die is left
 * behind. Never linked into subcard-runtime (a static program can't load NVML). Nothing on the node is changed here: what is
 * missing is made by gpu/prepare.h.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"
#include "gpu/usage.h"

enum {
        SC_SNAPSHOT_FILES = 1 << 0,  /* driver files: an error where one is missing that containers need */
        SC_SNAPSHOT_USAGE = 1 << 1,  /* processes */
        SC_SNAPSHOT_MINORS = 1 << 2, /* gi_minor, ci_minor: two small files per MIG device */
};

struct sc_snapshot {
        struct sc_inventory inventory;
        struct sc_usage usage;   /* with SC_SNAPSHOT_USAGE */
        struct sc_span warnings; /* lines */
};

int sc_snapshot_take(struct sc_arena *arena, const struct sc_root *root, unsigned parts, struct sc_snapshot *ret,
                     struct sc_error *err);
/* -SC_E_NVML_TIMEOUT when the driver does not answer in time. */
int sc_snapshot_ask(struct sc_arena *arena, const struct sc_root *root, unsigned parts, unsigned timeout_ms,
                    struct sc_snapshot *ret, struct sc_error *err);
