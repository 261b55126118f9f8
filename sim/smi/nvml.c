#include "sim/smi/nvml.h"

#include "base/str.h"

#include <dlfcn.h>
#include <string.h>

static const struct {
        const char *newest, *older;
        size_t offset;
} functions[] = {
#define X(type, member, newest, older) { newest, older, offsetof(struct sim_nvml, member) },
        SIM_NVML_FUNCTIONS(X)
#undef X
};

/* Names to try: the SONAME, as the vendor's program does. Nothing else: what the loader finds is what a client gets. */
#define LIBRARY "libnvidia-ml.so.1"

bool sim_nvml_open(struct sim_nvml *ret)
{
        *ret = (struct sim_nvml){ .library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL) };
        if (!ret->library)
                return false;
        for (size_t i = 0; i < SC_COUNT(functions); i++) {
                void *symbol = dlsym(ret->library, functions[i].newest);
                if (!symbol && functions[i].older)
                        symbol = dlsym(ret->library, functions[i].older);
                memcpy((char *)ret + functions[i].offset, &symbol, sizeof symbol);
        }
        return true;
}

void sim_nvml_close(struct sim_nvml *nvml)
{
        if (nvml->library)
                (void)dlclose(nvml->library); /* the process ends next: nothing to do about a failure */
        *nvml = (struct sim_nvml){ 0 };
}

const char *sim_nvml_text(const struct sim_nvml *nvml, nvmlReturn_t result)
{
        const char *text = nvml->error_text ? nvml->error_text(result) : NULL;
        return text ? text : "Unknown Error";
}
