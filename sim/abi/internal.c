/* nvmlInternalGetExportTable: undocumented; the vendor's nvidia-smi asks for it and refuses to run without. What is known
 * (tried with nvidia-smi 470.256.02 and 535.261.03; NVIDIA/k8s-test-infra pkg/gpu/mocknvml/bridge/internal.go says the same
 * of 580.65.06): an array of words, the first its size, then 255 functions. Where one says that it isn't supported,
 * nvidia-smi prints N/A; with 0 it prints what its memory holds. */
#include "sim/abi/call.h"
#include "sim/board/answer.h"

#include <string.h>

enum { N_SLOTS = 256, TABLE_SIZE = 0x1000 };
enum { SLOT_HANDLE = 81, SLOT_PROCESSES = 213, N_PROCESS_SLOTS = 3, SLOT_PCIE_GEN = 230 };

static const unsigned char known_guid[16] = { 0xc4, 0xfe, 0x3e, 0x6c, 0xc9, 0x8f, 0x6c, 0x4e,
                                              0xa3, 0x27, 0xee, 0x69, 0x6e, 0x12, 0xf7, 0xc4 };

struct internal_process {
        uint32_t pid;
        uint64_t memory;
        uint32_t gi, ci;
        uint64_t protected_memory;
        char name[4096];
};
_Static_assert(sizeof(struct internal_process) == 4128, "stride");

static nvmlReturn_t slot_unknown(void)
{
        return NVML_ERROR_NOT_SUPPORTED;
}

static nvmlReturn_t slot_handle(uint32_t index, nvmlDevice_t *ret)
{
        ENTER();
        struct sim_device at;
        NEED(ret && sim_board_gpu(call.board, index, &at));
        *ret = sim_call_handle(&at);
        return NVML_SUCCESS;
}

/* The caller says how many records fit; it is not told of those that don't. */
static nvmlReturn_t slot_processes(nvmlDevice_t device, uint32_t *count, struct internal_process *records)
{
        DEVICE(device, SIM_ANY, count);
        uint32_t room = records ? *count : 0;
        *count = 0;
        if (!at.gi && at.gpu->mig_enabled && !call.board->rights.monitor)
                return NVML_ERROR_NO_PERMISSION;
        for (uint32_t i = 0; i < at.gpu->n_processes && *count < room; i++) {
                const struct sim_process *p = &at.gpu->processes[i];
                if ((at.gi && (p->gi != at.gi->id || p->ci != at.ci->id)) || !sim_process_lives(p))
                        continue;
                struct internal_process *record = &records[(*count)++];
                *record = (struct internal_process){ .pid = (uint32_t)p->pid, .memory = p->memory_mib * 1024 * 1024,
                                                     .gi = p->gi, .ci = p->ci };
                snprintf(record->name, sizeof record->name, "%s", p->name);
        }
        return NVML_SUCCESS;
}

static nvmlReturn_t slot_no_processes(nvmlDevice_t device, uint32_t *count, struct internal_process *records)
{
        DEVICE(device, SIM_ANY, count);
        (void)records;
        *count = 0;
        return NVML_SUCCESS;
}

static nvmlReturn_t slot_pcie_gen(nvmlDevice_t device, uint32_t *ret)
{
        DEVICE(device, SIM_ANY, ret);
        *ret = at.gpu->pcie_gen;
        return NVML_SUCCESS;
}

typedef void (*slot_fn)(void);
static union {
        uint64_t size;
        slot_fn slots[N_SLOTS];
} table;

EXPORT(nvmlInternalGetExportTable, (const void **ret, const unsigned char *guid))
{
        ENTER();
        NEED(ret && guid);
        if (memcmp(guid, known_guid, sizeof known_guid) != 0)
                return NVML_ERROR_NOT_FOUND;
        for (uint32_t i = 1; i < N_SLOTS; i++)
                table.slots[i] = (slot_fn)slot_unknown;
        table.size = TABLE_SIZE;
        table.slots[SLOT_HANDLE] = (slot_fn)slot_handle;
        for (uint32_t i = 0; i < N_PROCESS_SLOTS; i++)
                table.slots[SLOT_PROCESSES + i] = (slot_fn)(i == 0 ? slot_processes : slot_no_processes);
        table.slots[SLOT_PCIE_GEN] = (slot_fn)slot_pcie_gen;
        *ret = &table;
        return NVML_SUCCESS;
}
