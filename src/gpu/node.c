#include "gpu/node.h"

#include <stdlib.h>

static const char *from_environment(const char *name)
{
        const char *value = getenv(name);
        return value && *value ? value : NULL;
}

const char *sc_run_path(void)
{
        const char *run = from_environment("SUBCARD_RUN");
        return run ? run : SC_DEFAULT_RUN;
}

const char *sc_root_path(void)
{
        return from_environment("SUBCARD_ROOT");
}
