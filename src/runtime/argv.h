/*
 * argv: the command line of an OCI runtime, read as runc and crun read it, to find the few words that concern us.
 *
 * Pure. The words are passed on unchanged, whatever is found here. "--root create state x" is no create.
 */
#pragma once
#include "base/str.h"

enum sc_call {
        SC_CALL_OTHER,  /* handed on untouched */
        SC_CALL_CREATE, /* create, run */
        SC_CALL_DELETE,
};

struct sc_argv {
        enum sc_call call;
        bool version;         /* --version or -v in front of any command */
        const char *root;     /* --root, "" */
        const char *log;      /* --log, NULL */
        bool log_json;        /* --log-format json */
        const char *bundle;   /* --bundle, -b, NULL: the working directory */
        const char *pid_file; /* NULL */
        const char *id;       /* NULL where it is missing */
};

void sc_argv_read(int argc, char *const *argv, struct sc_argv *ret);
