/*
 * error: how every fallible function of subcard tells what went wrong.
 *
 * One struct on the caller's stack, filled in the expression that returns. A text has up to three lines, separated by
 * '\n' in the format: what, why, try; an empty line says nothing. Library code never prints; programs print once, with
 * sc_error_print (people) or sc_error_line (engines). Nothing here allocates, so it works when memory is gone.
 *
 * Docker turns two well-known phrases of errno texts into exit codes 126 and 127; sc_errno_text therefore has its own words.
 */
#pragma once
#include <stdio.h>

/* number, exit code of the program, name, what a person finds in the manual */
#define SC_ERRORS(X)                                                                                                        \
        X(100, 7, NO_DRIVER, "no NVIDIA driver answers on this node")                                                       \
        X(101, 7, DRIVER_FILES, "files of the NVIDIA driver are missing")                                                   \
        X(102, 7, DRIVER_CHANGED, "the driver changed and the inventory can't follow")                                      \
        X(103, 7, NVML, "the driver's library NVML answered with an error")                                                 \
        X(104, 7, NVML_TIMEOUT, "the driver's library NVML does not answer in time")                                        \
        X(110, 7, NODE, "a device node is missing or has other numbers than the driver says")                               \
        X(120, 7, CACHE, "the inventory cache can't be used")                                                               \
        X(121, 6, CACHE_RIGHTS, "the inventory cache is old and only root can refresh it")                                  \
        X(201, 2, MIG_PARENT, "a GPU in MIG mode was asked for as a whole")                                                 \
        X(202, 3, MIG_OFF, "a MIG device was asked for on a GPU without MIG devices")                                       \
        X(301, 1, SPEC, "config.json can't be used")                                                                        \
        X(302, 1, NO_RUNTIME, "no OCI runtime such as runc was found")                                                      \
        X(303, 1, HOOK, "the hook was started by a runtime that is not subcard's")                                          \
        X(304, 1, IMAGE, "the container's root file system can't be used")                                                  \
        X(305, 1, GRANT, "the grant can't be recorded")                                                                     \
        X(401, 3, UNKNOWN_DEVICE, "no such device on this node")                                                            \
        X(402, 3, AMBIGUOUS, "the id fits several devices")                                                                 \
        X(403, 2, BAD_ID, "the id has no known form")                                                                       \
        X(404, 2, BAD_REQUEST, "the request contradicts itself")                                                            \
        X(405, 6, NEEDS_ADMIN, "the request needs CAP_SYS_ADMIN in the container")                                          \
        X(406, 7, REQUIREMENT, "the image requires another driver or GPU")                                                  \
        X(601, 6, POLICY, "the operator's policy refuses the request")                                                      \
        X(602, 2, CONFIG, "the operator's configuration can't be read")                                                     \
        X(901, 1, IO, "the system refused an operation")                                                                    \
        X(902, 2, USAGE, "the command line can't be understood")                                                            \
        X(903, 1, MEMORY, "no memory")                                                                                      \
        X(904, 2, INPUT, "a file has wrong content")                                                                        \
        X(905, 6, RIGHTS, "this needs root")                                                                                \
        X(906, 3, NOT_FOUND, "not there")

enum sc_code {
        SC_OK = 0,
#define X(number, exit, name, meaning) SC_E_##name = (number),
        SC_ERRORS(X)
#undef X
};

struct sc_error {
        enum sc_code code;
        char text[1024]; /* what[\nwhy[\ntry]] */
};

/* All three return -code, so that a caller writes `return sc_fail(err, …);`. */
int sc_fail(struct sc_error *err, enum sc_code code, const char *fmt, ...)
        __attribute__((format(printf, 3, 4), nonnull, cold));
/* As sc_fail, and puts ": <text of errno>" behind the first line. */
int sc_fail_errno(struct sc_error *err, enum sc_code code, const char *fmt, ...)
        __attribute__((format(printf, 3, 4), nonnull, cold));
/* Puts "<context>: " in front of an error that a callee has filled. */
int sc_within(struct sc_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull, cold));

const char *sc_errno_text(int number);
/* The exit code that belongs to an error; 1 for numbers that the table lacks. */
int sc_exit_code(enum sc_code code);
/* The meaning of a code as the manual has it, NULL if there is none. */
const char *sc_code_meaning(enum sc_code code);

/* "error[E401] what", "  why: …", "  try: …" on separate lines. */
void sc_error_print(const struct sc_error *err, FILE *to);
/* One line for engines: "subcard E401: what; why; try: …". Returns out. */
const char *sc_error_line(const struct sc_error *err, char *out, size_t size);
