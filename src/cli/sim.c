#include "cli/commands.h"

#include "cli/print.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Beside subcard in the build tree, PREFIX/lib/subcard/subcard-sim beside PREFIX/bin when installed. */
static const char *const places[] = { "subcard-sim", "../lib/subcard/subcard-sim" };

/* The simulated node is a program of its own: nothing here knows it, and a node without it has a working subcard. */
int sc_cmd_sim(int argc, char **argv)
{
        struct sc_error err;
        char own[PATH_MAX], path[PATH_MAX + 32];
        ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1); /* lint: path: of ourselves, not of the node */
        (void)argc;

        own[n > 0 ? n : 0] = '\0';
        char *name = strrchr(own, '/');
        if (name)
                *name = '\0';
        for (size_t i = 0; i < SC_COUNT(places); i++) {
                (void)snprintf(path, sizeof path, "%s/%s", own, places[i]);
                argv[0] = path;
                (void)execv(path, argv);
        }
        (void)sc_fail_errno(&err, SC_E_IO,
                            "cannot start %s\n"
                            "it belongs to the package of the simulated node\n"
                            "install it, or build it with make",
                            path);
        return sc_print_error(&err);
}
