#include "gpu/devices.h"

#include <stdio.h>
#include <string.h>

enum {
        MIB = 1024 * 1024,
        MAX_MIG_INDEX = 64, /* per GPU; the largest known is 7, or 8 compute instances in each of few GPU instances */
        MAX_MINOR = 254,    /* 255 is nvidiactl */
        MAX_INSTANCE_ID = 64,
        MAX_SLICES = 64,
};

/* What is being read, for every function here. */
struct reader {
        const struct sc_nvml *nvml;
        struct sc_inventory *inventory;
        char object[24]; /* "GPU 3", "MIG device 3:1": what messages name */
        struct sc_error *err;
};

static bool is_uuid(const char *text, size_t len)
{
        static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
        if (len != sizeof shape - 1)
                return false;
        for (size_t i = 0; i < len; i++) {
                bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') ||
                           (text[i] >= 'A' && text[i] <= 'F');
                if (shape[i] == 'x' ? !hex : text[i] != '-')
                        return false;
        }
        return true;
}

bool sc_uuid_is_gpu(const char *text)
{
        return strncmp(text, "GPU-", 4) == 0 && is_uuid(text + 4, strlen(text + 4));
}

static bool is_instance_id(struct sc_span span)
{
        uint32_t value;
        return sc_parse_u32(span, MAX_INSTANCE_ID, &value);
}

bool sc_uuid_is_mig(const char *text)
{
        if (strncmp(text, "MIG-GPU-", 8) != 0)
                return strncmp(text, "MIG-", 4) == 0 && is_uuid(text + 4, strlen(text + 4));
        struct sc_span rest = sc_span_of(text + 8), uuid, gi;
        return sc_span_split(&rest, '/', &uuid) && is_uuid(uuid.at, uuid.len) && sc_span_split(&rest, '/', &gi) &&
               is_instance_id(gi) && is_instance_id(rest);
}

static int lies(const struct reader *r, const char *function, const char *what)
{
        return sc_fail(r->err, SC_E_NVML,
                       "%s: the driver gives %s\n%s gave it\nsubcard uses nothing of an answer that can't be true",
                       r->object, what, function);
}

static int fail(const struct reader *r, nvmlReturn_t result, const char *function)
{
        return sc_nvml_fail(r->err, result, function, r->object);
}

/* A text from the library: ended by us, printable ASCII, not empty, fitting. */
static int take(const struct reader *r, char *from, size_t from_size, char *to, size_t size, const char *function)
{
        from[from_size - 1] = '\0';
        struct sc_span text = sc_span_trim(sc_span_of(from));
        bool bad = !text.len || text.len >= size;
        for (size_t i = 0; i < text.len; i++)
                bad = bad || text.at[i] < 0x20 || text.at[i] > 0x7e;
        if (bad) {
                char what[SC_SHOW_SIZE + 32];
                (void)snprintf(what, sizeof what, "the text \"%s\"", sc_show(text).text);
                return lies(r, function, what);
        }
        (void)sc_copy(to, size, text);
        return 0;
}

typedef nvmlReturn_t (*text_call)(nvmlDevice_t, char *, uint32_t);

static int read_text(const struct reader *r, nvmlDevice_t device, text_call call, char *to, size_t size,
                     const char *function)
{
        char text[NVML_NAME_SIZE] = { 0 };
        nvmlReturn_t result = call(device, text, sizeof text);
        return result == NVML_SUCCESS ? take(r, text, sizeof text, to, size, function) : fail(r, result, function);
}

static void read_memory(const struct reader *r, nvmlDevice_t device, struct sc_maybe *total, struct sc_maybe *used)
{
        /* v2 keeps what the driver reserves out of `used`, as nvidia-smi shows it */
        nvmlMemory_v2_t v2 = { .version = NVML_VERSION(nvmlMemory_v2_t, 2) };
        nvmlMemory_t v1 = { 0 };
        nvmlReturn_t result = SC_NVML_CALL(r->nvml, memory_v2, device, &v2);
        if (result != NVML_SUCCESS) {
                result = r->nvml->memory(device, &v1);
                v2.total = v1.total;
                v2.used = v1.used;
        }
        bool known = result == NVML_SUCCESS;
        *total = (struct sc_maybe){ .why = sc_nvml_why(result), .value = known ? v2.total / MIB : 0 };
        *used = (struct sc_maybe){ .why = sc_nvml_why(result), .value = known ? v2.used / MIB : 0 };
}

/* Texts of NVIDIA_REQUIRE_* (brand=…), by NVML's number. */
static const char *const brands[] = { "unknown",   "quadro",    "tesla",  "nvs",        "grid",    "geforce",
                                      "titan",     "vapps",     "vpc",    "vcs",        "vws",     "cloudgaming",
                                      "quadrortx", "nvidiartx", "nvidia", "geforcertx", "titanrtx" };

static void read_kind(const struct reader *r, nvmlDevice_t device, struct sc_gpu *gpu)
{
        uint32_t brand = 0;
        int major = 0, minor = 0;
        if (SC_NVML_CALL(r->nvml, brand, device, &brand) != NVML_SUCCESS || brand >= SC_COUNT(brands))
                brand = 0;
        (void)sc_copy(gpu->brand, sizeof gpu->brand, sc_span_of(brands[brand]));
        if (SC_NVML_CALL(r->nvml, capability, device, &major, &minor) == NVML_SUCCESS && major > 0 && minor >= 0) {
                gpu->cc_major = (uint32_t)major;
                gpu->cc_minor = (uint32_t)minor;
        }
}

static int read_mig_mode(const struct reader *r, nvmlDevice_t device, struct sc_gpu *gpu)
{
        uint32_t current = 0, pending = 0;
        nvmlReturn_t result = SC_NVML_CALL(r->nvml, mig_mode, device, &current, &pending);
        gpu->mig_mode = gpu->mig_pending = SC_MIG_INCAPABLE;
        if (result == NVML_ERROR_NOT_SUPPORTED || result == NVML_ERROR_FUNCTION_NOT_FOUND)
                return 0;
        if (result != NVML_SUCCESS)
                return fail(r, result, "nvmlDeviceGetMigMode");
        if (current > NVML_MIG_ENABLE || pending > NVML_MIG_ENABLE)
                return lies(r, "nvmlDeviceGetMigMode", "a MIG mode that is neither on nor off");
        gpu->mig_mode = current ? SC_MIG_ENABLED : SC_MIG_DISABLED;
        gpu->mig_pending = pending ? SC_MIG_ENABLED : SC_MIG_DISABLED;
        return 0;
}

static int read_minor(const struct reader *r, nvmlDevice_t device, struct sc_gpu *gpu)
{
        nvmlReturn_t result = r->nvml->minor(device, &gpu->minor);
        if (result != NVML_SUCCESS)
                return fail(r, result, "nvmlDeviceGetMinorNumber");
        if (gpu->minor > MAX_MINOR)
                return lies(r, "nvmlDeviceGetMinorNumber", "a number that no device node of a GPU can have");
        for (uint32_t i = 0; i < r->inventory->n_gpus; i++)
                if (r->inventory->gpus[i].minor == gpu->minor)
                        return lies(r, "nvmlDeviceGetMinorNumber", "the number of another GPU");
        return 0;
}

static int read_bus_id(const struct reader *r, nvmlDevice_t device, struct sc_gpu *gpu)
{
        nvmlPciInfo_t pci = { 0 };
        uint32_t domain, bus, slot, function;
        char behind;
        nvmlReturn_t result = r->nvml->pci(device, &pci);
        if (result != NVML_SUCCESS)
                return fail(r, result, "nvmlDeviceGetPciInfo_v3");
        int rc = take(r, pci.busId, sizeof pci.busId, gpu->bus_id, sizeof gpu->bus_id, "nvmlDeviceGetPciInfo_v3");
        if (!rc && sscanf(gpu->bus_id, "%8x:%2x:%2x.%1x%c", &domain, &bus, &slot, &function, &behind) != 4)
                return lies(r, "nvmlDeviceGetPciInfo_v3", "a bus id of no known form");
        return rc;
}

static int read_gpu_uuid(const struct reader *r, nvmlDevice_t device, struct sc_gpu *gpu)
{
        int rc = read_text(r, device, r->nvml->uuid, gpu->uuid, sizeof gpu->uuid, "nvmlDeviceGetUUID");
        if (rc)
                return rc;
        if (!sc_uuid_is_gpu(gpu->uuid))
                return lies(r, "nvmlDeviceGetUUID", "a UUID of no known form");
        for (uint32_t i = 0; i < r->inventory->n_gpus; i++)
                if (!strcmp(r->inventory->gpus[i].uuid, gpu->uuid))
                        return lies(r, "nvmlDeviceGetUUID", "the UUID of another GPU");
        return 0;
}

static int read_gi_placement(const struct reader *r, nvmlDevice_t parent, struct sc_mig_device *mig)
{
        nvmlGpuInstance_t instance = NULL;
        nvmlGpuInstanceInfo_t info = { 0 };
        nvmlReturn_t result = SC_NVML_CALL(r->nvml, gi_by_id, parent, mig->gi, &instance);
        if (result == NVML_SUCCESS)
                result = SC_NVML_CALL(r->nvml, gi_info, instance, &info);
        mig->start.why = mig->size.why = sc_nvml_why(result);
        if (result != NVML_SUCCESS)
                return 0;
        if (info.id != mig->gi || !info.placement.size || info.placement.size > MAX_SLICES ||
            info.placement.start > MAX_SLICES - info.placement.size)
                return lies(r, "nvmlGpuInstanceGetInfo", "a placement that can't be");
        mig->start.value = info.placement.start;
        mig->size.value = info.placement.size;
        return 0;
}

static int read_instance_ids(const struct reader *r, nvmlDevice_t device, const struct sc_gpu *gpu,
                             struct sc_mig_device *mig)
{
        nvmlReturn_t result = SC_NVML_CALL(r->nvml, gi_id, device, &mig->gi);
        if (result != NVML_SUCCESS)
                return fail(r, result, "nvmlDeviceGetGpuInstanceId");
        result = SC_NVML_CALL(r->nvml, ci_id, device, &mig->ci);
        if (result != NVML_SUCCESS)
                return fail(r, result, "nvmlDeviceGetComputeInstanceId");
        if (mig->gi > MAX_INSTANCE_ID || mig->ci > MAX_INSTANCE_ID)
                return lies(r, "nvmlDeviceGetGpuInstanceId", "an instance id that can't be");
        for (uint32_t i = gpu->first_mig; i < gpu->first_mig + gpu->n_migs; i++)
                if (r->inventory->migs[i].gi == mig->gi && r->inventory->migs[i].ci == mig->ci)
                        return lies(r, "nvmlDeviceGetGpuInstanceId", "the instance ids of another MIG device");
        return 0;
}

static int read_mig_names(const struct reader *r, nvmlDevice_t device, struct sc_mig_device *mig)
{
        int rc = read_text(r, device, r->nvml->uuid, mig->uuid, sizeof mig->uuid, "nvmlDeviceGetUUID");
        if (rc)
                return rc;
        if (!sc_uuid_is_mig(mig->uuid))
                return lies(r, "nvmlDeviceGetUUID", "a UUID of no known form");
        for (uint32_t i = 0; i < r->inventory->n_migs; i++)
                if (!strcmp(r->inventory->migs[i].uuid, mig->uuid))
                        return lies(r, "nvmlDeviceGetUUID", "the UUID of another MIG device");
        rc = read_text(r, device, r->nvml->name, mig->name, sizeof mig->name, "nvmlDeviceGetName");
        if (rc)
                return rc;
        const char *profile = strstr(mig->name, " MIG ");
        if (!profile || !sc_copy(mig->profile, sizeof mig->profile, sc_span_of(profile + strlen(" MIG "))))
                return lies(r, "nvmlDeviceGetName", "a name without the profile behind \"MIG\"");
        return 0;
}

static int read_mig(struct reader *r, nvmlDevice_t parent, nvmlDevice_t device, uint32_t index)
{
        struct sc_inventory *inventory = r->inventory;
        struct sc_gpu *gpu = &inventory->gpus[inventory->n_gpus];
        struct sc_mig_device mig = { .gpu = inventory->n_gpus, .index = index };
        nvmlDeviceAttributes_t attributes = { 0 };

        if (inventory->n_migs == SC_MAX_MIGS)
                return lies(r, "nvmlDeviceGetMigDeviceHandleByIndex", "more MIG devices than a node can have");
        int rc = read_mig_names(r, device, &mig);
        if (!rc)
                rc = read_instance_ids(r, device, gpu, &mig);
        if (!rc)
                rc = read_gi_placement(r, parent, &mig);
        if (rc)
                return rc;
        if (SC_NVML_CALL(r->nvml, attributes, device, &attributes) == NVML_SUCCESS)
                mig.sm_count = attributes.multiprocessorCount;
        read_memory(r, device, &mig.memory_mib, &mig.used_mib);
        inventory->migs[inventory->n_migs++] = mig;
        gpu->n_migs++;
        return 0;
}

static int read_migs(struct reader *r, nvmlDevice_t parent)
{
        struct sc_gpu *gpu = &r->inventory->gpus[r->inventory->n_gpus];
        uint32_t max = 0;
        nvmlReturn_t result = SC_NVML_CALL(r->nvml, max_migs, parent, &max);
        if (result != NVML_SUCCESS)
                return fail(r, result, "nvmlDeviceGetMaxMigDeviceCount");
        if (max > MAX_MIG_INDEX)
                return lies(r, "nvmlDeviceGetMaxMigDeviceCount", "more MIG devices than a GPU can have");
        for (uint32_t i = 0; i < max; i++) {
                nvmlDevice_t device = NULL;
                (void)snprintf(r->object, sizeof r->object, "MIG device %u:%u", gpu->index, i);
                result = SC_NVML_CALL(r->nvml, mig_by_index, parent, i, &device);
                /* empty places: NOT_FOUND, on some drivers INVALID_ARGUMENT (nvidia_gpu_exporter skips both) */
                if (result == NVML_ERROR_NOT_FOUND || result == NVML_ERROR_INVALID_ARGUMENT)
                        continue;
                if (result != NVML_SUCCESS)
                        return fail(r, result, "nvmlDeviceGetMigDeviceHandleByIndex");
                int rc = read_mig(r, parent, device, i);
                if (rc)
                        return rc;
        }
        return 0;
}

static int read_gpu(struct reader *r, nvmlDevice_t device, uint32_t index)
{
        struct sc_inventory *inventory = r->inventory;
        struct sc_gpu *gpu = &inventory->gpus[inventory->n_gpus];
        *gpu = (struct sc_gpu){ .index = index, .first_mig = inventory->n_migs };

        int rc = read_gpu_uuid(r, device, gpu);
        if (!rc)
                rc = read_text(r, device, r->nvml->name, gpu->name, sizeof gpu->name, "nvmlDeviceGetName");
        if (!rc)
                rc = read_bus_id(r, device, gpu);
        if (!rc)
                rc = read_minor(r, device, gpu);
        if (!rc)
                rc = read_mig_mode(r, device, gpu);
        if (rc)
                return rc;
        read_kind(r, device, gpu);
        read_memory(r, device, &gpu->memory_mib, &gpu->used_mib);
        if (gpu->mig_mode == SC_MIG_ENABLED)
                rc = read_migs(r, device);
        if (!rc)
                inventory->n_gpus++;
        return rc;
}

/* A GPU that fell off the bus must not take the others with it. */
static bool is_lost(const struct sc_nvml *nvml, uint32_t index)
{
        nvmlDevice_t device = NULL;
        char text[NVML_NAME_SIZE];
        nvmlReturn_t result = nvml->by_index(index, &device);
        if (result == NVML_SUCCESS)
                result = nvml->uuid(device, text, sizeof text);
        return result == NVML_ERROR_GPU_IS_LOST || result == NVML_ERROR_RESET_REQUIRED;
}

static int read_gpus(struct reader *r, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                uint32_t n_migs = r->inventory->n_migs;
                nvmlDevice_t device = NULL;
                (void)snprintf(r->object, sizeof r->object, "GPU %u", i);
                nvmlReturn_t result = r->nvml->by_index(i, &device);
                int rc = result == NVML_SUCCESS ? read_gpu(r, device, i) : fail(r, result, "nvmlDeviceGetHandleByIndex_v2");
                if (!rc)
                        continue;
                if (!is_lost(r->nvml, i))
                        return rc;
                r->inventory->n_migs = n_migs;
        }
        return 0;
}

static int read_versions(const struct reader *r)
{
        char text[NVML_DRIVER_VERSION_SIZE] = { 0 }, version[NVML_DRIVER_VERSION_SIZE];
        int cuda = 0;
        nvmlReturn_t result = r->nvml->driver_version(text, sizeof text);
        if (result != NVML_SUCCESS)
                return fail(r, result, "nvmlSystemGetDriverVersion");
        int rc = take(r, text, sizeof text, version, sizeof version, "nvmlSystemGetDriverVersion");
        if (rc)
                return rc;
        if (strcmp(version, r->inventory->driver_version) != 0)
                return sc_fail(r->err, SC_E_DRIVER_CHANGED,
                               "the kernel module is version %s, the library NVML says %s\n"
                               "the driver's package was changed and its module not loaded again\n"
                               "reboot, or unload the nvidia modules and load them again",
                               r->inventory->driver_version, version);
        if (SC_NVML_CALL(r->nvml, cuda_version, &cuda) == NVML_SUCCESS && cuda > 0)
                r->inventory->cuda_version = (uint32_t)cuda;
        return 0;
}

int sc_devices_read(struct sc_arena *arena, const struct sc_nvml *nvml, struct sc_inventory *ret, struct sc_error *err)
{
        struct reader r = { nvml, ret, "the driver", err };
        uint32_t n = 0;
        int rc = read_versions(&r);
        if (rc)
                return rc;
        nvmlReturn_t result = nvml->count(&n);
        if (result != NVML_SUCCESS)
                return fail(&r, result, "nvmlDeviceGetCount_v2");
        if (n > SC_MAX_GPUS)
                return lies(&r, "nvmlDeviceGetCount_v2", "more GPUs than a node can have");
        ret->gpus = SC_NEW_ARRAY(arena, struct sc_gpu, SC_MAX_GPUS);
        ret->migs = SC_NEW_ARRAY(arena, struct sc_mig_device, SC_MAX_MIGS);
        ret->n_gpus = ret->n_migs = 0;
        return read_gpus(&r, n);
}
