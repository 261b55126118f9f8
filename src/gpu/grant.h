/*
 * grant: the record that a container holds devices, from its creation to its removal.
 *
 * One small JSON file per container in RUN/grants, named by a hash of the runtime's --root and the container id. Written
 * before runc is exec'ed, by the process that becomes runc (pid and start time stay). A grant is alive while that process
 * or the one in the engine's pid file lives, in the same boot. A pid file that outlives its container and names a number
 * that is in use again keeps the grant alive: the safe side. Ended grants leave a copy in /var/lib/subcard/last, one per
 * container; beyond 10,000 the oldest go (looked at whenever the hash of an ended one ends in 00, every 256th).
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"
#include "gpu/node.h"

struct sc_grant {
        const char *id, *runtime_root; /* the container's id; runc's --root ("" where none was given) */
        const char *bundle, *pid_file; /* absolute; pid_file "" where none was given */
        const char *boot_id;
        const char *links; /* the driver folder the container holds, "" if none */
        int64_t pid;
        uint64_t start_time;        /* field 22 of /proc/PID/stat */
        const char *const *devices; /* UUIDs */
        const char *const *indexes; /* "0:1", "2": what they were called then */
        size_t n_devices;
        bool alive; /* set by sc_grants_read */
};

struct sc_grants {
        struct sc_grant *list;
        size_t n;
        size_t n_bad; /* files that are no grants of this version */
};

/* In RUN/grants (0700, made where missing), 0600, as a whole. Errors are -SC_E_GRANT. */
int sc_grant_write(const char *run, const struct sc_grant *grant, struct sc_error *err);
/* Takes the grant away and keeps a copy in last_dir (absolute path; NULL: no copy). Absent: fine, 0. Where only the copy
 * fails the grant is gone too, and the error is about the copy. */
int sc_grant_end(struct sc_arena *arena, const char *run, const char *last_dir, const char *runtime_root, const char *id,
                 struct sc_error *err);
/* Whether there is a record, without reading it. */
bool sc_grant_exists(const char *run, const char *runtime_root, const char *id);
/* All grants of a run directory; files that are no grants are skipped and counted in *ret_bad. */
int sc_grants_read(struct sc_arena *arena, const char *run, const char *boot_id, struct sc_grant **ret, size_t *ret_n,
                   size_t *ret_bad, struct sc_error *err); /* lint: parameters: three results that belong together */
/* Start time of a process, 0 if there is none; a zombie is none. */
uint64_t sc_process_start_time(int64_t pid);
