#include "cli/commands.h"

#include "cli/print.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The simulated node is a program of its own: nothing here knows it, and a node without it has a working subcard. */
int sc_cmd_sim(int argc, char **argv)
{
        struct sc_error err;
        char path[PATH_MAX + 8];
        ssize_t n = readlink("/proc/self/exe", path, PATH_MAX); /* lint: path: of ourselves, not of the node */
        (void)argc;

        path[n > 0 ? n : 0] = '\0';
        char *name = strrchr(path, '/');
        (void)snprintf(name ? name + 1 : path, 16, "subcard-sim");
        argv[0] = path;
        (void)execv(path, argv);
        (void)sc_fail_errno(&err, SC_E_IO,
                            "cannot start %s\n"
                            "it belongs to the package of the simulated node\n"
                            "install it beside subcard, or build it with make",
                            path);
        return sc_print_error(&err);
}
