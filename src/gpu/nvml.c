#include "gpu/nvml.h"

#include "gpu/driver_files.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

const struct sc_nvml_symbol sc_nvml_symbols[] = {
#define X(need, member, newest, older, parameters) { SC_NVML_##need, newest, older, offsetof(struct sc_nvml, member) },
        SC_NVML_SYMBOLS(X)
#undef X
};
const size_t sc_nvml_n_symbols = SC_COUNT(sc_nvml_symbols);

static const struct {
        nvmlReturn_t result;
        const char *text;
} texts[] = {
#define X(name, number, text) { name, text },
        NVML_RETURNS(X)
#undef X
};

const char *sc_nvml_text(nvmlReturn_t result)
{
        for (size_t i = 0; i < SC_COUNT(texts); i++)
                if (texts[i].result == result)
                        return texts[i].text;
        return "a result without a name";
}

enum sc_why sc_nvml_why(nvmlReturn_t result)
{
        switch (result) {
        case NVML_SUCCESS:
                return SC_KNOWN;
        case NVML_ERROR_NO_PERMISSION:
                return SC_NO_PERMISSION;
        case NVML_ERROR_NOT_FOUND:
        case NVML_ERROR_GPU_IS_LOST:
        case NVML_ERROR_RESET_REQUIRED:
                return SC_GONE;
        case NVML_ERROR_INVALID_ARGUMENT:
                return SC_NOT_APPLICABLE;
        default:
                return SC_NOT_SUPPORTED;
        }
}

/* What one result means for the whole node, and what to try. The last row is for every other result. */
static const struct {
        nvmlReturn_t result;
        enum sc_code code;
        const char *hint;
} meanings[] = {
        { NVML_ERROR_DRIVER_NOT_LOADED, SC_E_NO_DRIVER, "load it with `modprobe nvidia`, then look into the kernel's log" },
        { NVML_ERROR_LIB_RM_VERSION_MISMATCH, SC_E_DRIVER_CHANGED,
          "reboot, or unload the nvidia modules and load those of the installed version" },
        { NVML_ERROR_LIBRARY_NOT_FOUND, SC_E_DRIVER_FILES, "install the driver's libraries again" },
        { NVML_ERROR_NO_PERMISSION, SC_E_NVML, "run it as root, or look at the mode of /dev/nvidiactl" },
        { NVML_ERROR_GPU_IS_LOST, SC_E_NVML, "look for Xid messages in the kernel's log; a lost GPU needs a reboot" },
        { NVML_ERROR_UNKNOWN, SC_E_NVML, "nvidia-smi; a device cgroup that forbids /dev/nvidiactl gives this too" },
        { NVML_SUCCESS, SC_E_NVML, "nvidia-smi, and the kernel's log for messages of NVRM" },
};

int sc_nvml_fail(struct sc_error *err, nvmlReturn_t result, const char *function, const char *object)
{
        size_t i = 0;
        while (meanings[i].result != result && meanings[i].result != NVML_SUCCESS)
                i++;
        return sc_fail(err, meanings[i].code, "%s: the driver answers \"%s\"\n%s gave result %d\n%s", object,
                       sc_nvml_text(result), function, (int)result, meanings[i].hint);
}

/* dlerror quotes libc texts that a client of dockerd would turn into exit codes (base/error.h). */
static struct sc_shown loader_text(void)
{
        const char *text = dlerror();
        if (!text || strcasestr(text, "no such file") || strcasestr(text, "permission denied"))
                text = "the loader cannot open it or a library that it needs";
        const char *colon = strstr(text, ": ");
        return sc_show(sc_span_of(colon ? colon + 2 : text));
}

static int load(const struct sc_root *root, struct sc_nvml *nvml, struct sc_error *err)
{
        static const char soname[] = "libnvidia-ml.so.1";
        char inside[SC_PATH_SIZE];
        bool found = sc_driver_find_library(root, soname, inside, sizeof inside);

        if (found)
                (void)snprintf(nvml->path, sizeof nvml->path, "%.3500s%s", root->path, inside);
        if (!found && *root->path)
                return sc_fail(err, SC_E_DRIVER_FILES,
                               "no %s below %s\nsubcard asks the driver through this library\n"
                               "install the driver's libraries there, or correct SUBCARD_ROOT",
                               soname, root->path);
        nvml->library = dlopen(found ? nvml->path : soname, RTLD_NOW | RTLD_LOCAL);
        if (!nvml->library && found)
                return sc_fail(err, SC_E_DRIVER_FILES, "cannot load %s\n%s\ninstall the driver's libraries again",
                               nvml->path, loader_text().text);
        if (!nvml->library)
                return sc_fail(err, SC_E_DRIVER_FILES,
                               "no %s on this node\nsubcard asks the driver through this library\n"
                               "install the driver's libraries (Debian: libnvidia-ml1)",
                               soname);
        return 0;
}

/* An object pointer into a function pointer: POSIX's own way. */
static void set_call(struct sc_nvml *nvml, const struct sc_nvml_symbol *symbol, void *at)
{
        memcpy((char *)nvml + symbol->offset, &at, sizeof at);
}

void sc_nvml_use_older(struct sc_nvml *nvml, const struct sc_nvml_symbol *symbol)
{
        set_call(nvml, symbol, symbol->older ? dlsym(nvml->library, symbol->older) : NULL);
}

static int resolve(struct sc_nvml *nvml, struct sc_error *err)
{
        for (size_t i = 0; i < sc_nvml_n_symbols; i++) {
                const struct sc_nvml_symbol *symbol = &sc_nvml_symbols[i];
                void *at = dlsym(nvml->library, symbol->newest);
                if (!at && symbol->older)
                        at = dlsym(nvml->library, symbol->older);
                if (!at && symbol->need == SC_NVML_MUST)
                        return sc_fail(err, SC_E_NVML,
                                       "%s has no function %s\nthe library is no NVML or an unknown version of it\n"
                                       "install the driver's libraries again",
                                       *nvml->path ? nvml->path : "libnvidia-ml.so.1", symbol->newest);
                set_call(nvml, symbol, at);
        }
        return 0;
}

int sc_nvml_open(const struct sc_root *root, struct sc_nvml *ret, struct sc_error *err)
{
        int rc = load(root, ret, err);
        if (rc)
                return rc;
        rc = resolve(ret, err);
        if (rc)
                return rc;
        nvmlReturn_t result = ret->init();
        if (result != NVML_SUCCESS)
                return sc_nvml_fail(err, result, "nvmlInit_v2", "the driver's library NVML");
        ret->started = true;
        return 0;
}

void sc_nvml_close(struct sc_nvml *nvml)
{
        if (nvml->started)
                (void)nvml->shutdown();
        if (nvml->library)
                (void)dlclose(nvml->library);
        nvml->started = false;
        nvml->library = NULL;
}
