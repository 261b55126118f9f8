#include "sim/tree/build.h"

#include <unistd.h>

static const char *const libraries[] = { "libnvidia-ml.so", "libcuda.so" };

static const char *built(const struct sim_build *b, const char *name)
{
        return sc_format(b->arena, "%s/%s", b->driver_dir, name);
}

static int missing(const struct sim_build *b, const char *path)
{
        return sc_fail(b->err, SC_E_DRIVER_FILES,
                       "the simulated driver lacks %s\n"
                       "subcard-sim copies the driver's files from there and can't make a node without\n"
                       "make (in the source tree), or install the whole of subcard again",
                       path);
}

/* libNAME.so.VERSION, and the names .so.1 and .so that lead to it */
static int put_library(const struct sim_build *b, const char *name)
{
        const char *from = built(b, sc_format(b->arena, "%s.1", name));
        const char *real = sc_format(b->arena, "%s.%s", name, b->machine->driver);
        const char *soname = sc_format(b->arena, "%s.1", name);
        if (access(from, R_OK) < 0)
                return missing(b, from);
        int rc = sim_put_copy(b, SIM_LIB_DIR, real, from);
        if (rc == 0)
                rc = sim_put_link(b, SIM_LIB_DIR, soname, real);
        return rc < 0 ? rc : sim_put_link(b, SIM_LIB_DIR, name, soname);
}

int sim_make_driver_files(const struct sim_build *b)
{
        int rc = 0;
        for (size_t i = 0; i < SC_COUNT(libraries) && rc == 0; i++)
                rc = put_library(b, libraries[i]);
        const char *smi = built(b, "nvidia-smi");
        if (rc == 0 && access(smi, R_OK) < 0)
                rc = missing(b, smi);
        return rc < 0 ? rc : sim_put_copy(b, "usr/bin", "nvidia-smi", smi);
}
