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

/* Words that the vendor's program uses instead of the library's (535.261.03). */
static const struct {
        nvmlReturn_t result;
        const char *text;
} own_words[] = {
        { NVML_ERROR_NOT_SUPPORTED, "N/A" },
        { NVML_ERROR_RESET_REQUIRED, "GPU requires reset" },
        { NVML_ERROR_OPERATING_SYSTEM, "GPU access blocked by the operating system" },
        { NVML_ERROR_LIB_RM_VERSION_MISMATCH, "Driver/library version mismatch" },
        { NVML_ERROR_FREQ_NOT_SUPPORTED, "Invalid Frequency" },
        { NVML_ERROR_NOT_READY, "System is not in ready state" },
};

const char *sim_nvml_text(const struct sim_nvml *nvml, nvmlReturn_t result)
{
        for (size_t i = 0; i < SC_COUNT(own_words); i++)
                if (own_words[i].result == result)
                        return own_words[i].text;
        const char *text = nvml->error_text ? nvml->error_text(result) : NULL;
        return text ? text : "Unknown Error";
}
