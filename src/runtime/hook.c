#include "runtime/hook.h"

#include "runtime/log.h"

#include <stdio.h>
#include <string.h>

int sc_hook_main(int argc, char **argv)
{
        const char *stage = argc > 1 ? argv[argc - 1] : "";
        struct sc_error err;

        if (strcmp(stage, "poststart") == 0 || strcmp(stage, "poststop") == 0)
                return 0;
        if (strcmp(stage, "-version") == 0 || strcmp(stage, "--version") == 0) {
                (void)puts("subcard-runtime " SC_VERSION " (nvidia-container-runtime-hook)");
                return 0;
        }
        (void)sc_fail(&err, SC_E_HOOK,
                      "--gpus was asked for, but the container runs under a runtime that is not subcard's\n"
                      "this hook only lets dockerd accept --gpus; the devices are given by the runtime\n"
                      "docker run --runtime=nvidia …, or set \"default-runtime\": \"nvidia\" in daemon.json");
        sc_log_error(&(struct sc_log){ 0 }, &err);
        return 1;
}
