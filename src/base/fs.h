/*
 * fs: files below a root directory, atomic replacement, locks.
 *
 * A root is a directory handle; a path below it can't leave it: openat2 with RESOLVE_IN_ROOT follows links as if the
 * root were "/", and magic links are refused (fs_walk.h stands in where there is no openat2). For what is created there,
 * sc_openat_strict refuses every symbolic link and every change of mount on the way. Paths here are absolute as seen from
 * the root ("/proc/devices") or relative, alike.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

#include <fcntl.h>
#include <sys/stat.h>

struct sc_root {
        int fd;          /* -1: not open */
        char path[4096]; /* as the caller gave it, without a slash at the end, "" for "/": only for messages and for paths
                            that another program gets (mount sources) */
};

void sc_close(int *fd);                                  /* keeps errno; -1 is fine */
#define sc_auto_close __attribute__((cleanup(sc_close))) /* sc_auto_close int fd = …; */
void sc_root_close(struct sc_root *root);
#define sc_auto_root __attribute__((cleanup(sc_root_close))) /* sc_auto_root struct sc_root root = { .fd = -1 }; */

int sc_root_open(const char *path, struct sc_root *ret, struct sc_error *err);

/* The bare system calls, -1 and errno: for callers to whom absence is data. flags as open(2), O_CLOEXEC is added. */
int sc_openat_root(int root_fd, const char *path, int flags, mode_t mode);   /* links stay inside the root */
int sc_openat_strict(int root_fd, const char *path, int flags, mode_t mode); /* no link, no other mount */

/* The whole of a regular file or proc file, at most max bytes; a larger one is an error. An absent file gives
 * -SC_E_NOT_FOUND, everything else -SC_E_IO. The span ends with NUL (not counted). */
int sc_read_file(struct sc_arena *arena, const struct sc_root *root, const char *path, size_t max, struct sc_span *ret,
                 struct sc_error *err);
int sc_read_fd(struct sc_arena *arena, int fd, const char *name, size_t max, struct sc_span *ret, struct sc_error *err);

/* All of the content; -1 and errno. */
int sc_write_all(int fd, struct sc_span content);

enum sc_durable { SC_FLEETING, SC_DURABLE }; /* SC_DURABLE: fsync of file and directory (security.md R16) */

/* Replaces dir_fd/name as a whole: readers see the old or the new content, never a part. One writer at a time: where there
 * can be two, the caller holds a lock. */
int sc_write_file(int dir_fd, const char *name, struct sc_span content, mode_t mode, enum sc_durable durable,
                  struct sc_error *err);

/* All missing directories of an absolute path of the host (mode 0755 whatever the umask), then the last one opened:
 * fd or error. */
int sc_make_dirs(const char *path, struct sc_error *err);

/* An exclusive lock on dir_fd/name (made if absent), waited for at most timeout_ms; returns its fd: closing it unlocks.
 * -SC_E_NVML_TIMEOUT when time is up (the only holder for long is a refresh). */
int sc_lock(int dir_fd, const char *name, unsigned timeout_ms, struct sc_error *err);

/* The names in a directory, without "." and "..", in the file system's order: `struct sc_names names = { .fd = fd };` and
 * sc_next_name until NULL; then names.failed says whether that was an error (errno). A name lives until the next call.
 * The caller keeps and closes the fd. */
struct sc_names {
        int fd;
        bool failed;
        uint32_t at, end;
        _Alignas(8) char bytes[4096];
};
const char *sc_next_name(struct sc_names *names);

uint64_t sc_monotonic_ms(void);
