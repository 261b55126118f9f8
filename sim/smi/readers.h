/*
 * readers: one function for each kind of value that --query-gpu can ask for.
 *
 * A reader fills `text` (SIM_SMI_CELL bytes, without unit) or returns why it can't. `what` says which value of its kind: the
 * place of a function in struct sim_nvml, a clock, a bit … as the table in fields.c gives it.
 */
#pragma once
#include "sim/smi/csv.h"

struct sim_smi_ask {
        struct sim_smi *smi;
        const struct sim_smi_gpu *gpu;
        uint32_t what;
        char *text;
};
typedef nvmlReturn_t sim_smi_reader(const struct sim_smi_ask *ask);

/* Two small numbers in one `what`. */
#define SIM_SMI_PAIR(high, low) ((uint32_t)(high) << 16 | (uint32_t)(low))
/* A function that takes the device first, by its place in struct sim_nvml. */
#define SIM_SMI_FN(member) ((uint32_t)offsetof(struct sim_nvml, member))

sim_smi_reader sim_smi_read_timestamp, sim_smi_read_driver, sim_smi_read_count, sim_smi_read_index;
sim_smi_reader sim_smi_read_absent;      /* what no such GPU has */
sim_smi_reader sim_smi_read_text;        /* what: FN */
sim_smi_reader sim_smi_read_number;      /* what: FN */
sim_smi_reader sim_smi_read_enabled;     /* what: FN; "Enabled", "Disabled" */
sim_smi_reader sim_smi_read_watts;       /* what: FN of milliwatts */
sim_smi_reader sim_smi_read_mode;        /* what: PAIR(FN of two modes, 0 current 1 pending) */
sim_smi_reader sim_smi_read_inforom;     /* what: the object */
sim_smi_reader sim_smi_read_pci;         /* what: enum below */
sim_smi_reader sim_smi_read_memory;      /* what: enum below */
sim_smi_reader sim_smi_read_utilization; /* what: 0 GPU, 1 memory */
sim_smi_reader sim_smi_read_compute_mode, sim_smi_read_capability, sim_smi_read_pstate, sim_smi_read_yes_no;
sim_smi_reader sim_smi_read_encoder;  /* what: 0 sessions, 1 frames/s, 2 latency */
sim_smi_reader sim_smi_read_reasons;  /* what: FN of the mask */
sim_smi_reader sim_smi_read_reason;   /* what: the bit */
sim_smi_reader sim_smi_read_ecc;      /* what: PAIR(error << 8 | counter, location) or location 0xFF for the total */
sim_smi_reader sim_smi_read_retired;  /* what: the cause, 0 single bit, 1 double bit */
sim_smi_reader sim_smi_read_remapped; /* what: 0 corrected, 1 uncorrected, 2 pending, 3 failure */
sim_smi_reader sim_smi_read_temperature, sim_smi_read_memory_temperature;
sim_smi_reader sim_smi_read_power_field; /* what: the field's number */
sim_smi_reader sim_smi_read_power_bound; /* what: 0 least, 1 most */
sim_smi_reader sim_smi_read_clock;       /* what: PAIR(FN, clock) */

enum {
        SIM_SMI_PCI_BUS_ID,
        SIM_SMI_PCI_DOMAIN,
        SIM_SMI_PCI_BUS,
        SIM_SMI_PCI_DEVICE,
        SIM_SMI_PCI_DEVICE_ID,
        SIM_SMI_PCI_SUB_ID
};
enum { SIM_SMI_MEMORY_TOTAL, SIM_SMI_MEMORY_RESERVED, SIM_SMI_MEMORY_USED, SIM_SMI_MEMORY_FREE };
enum { SIM_SMI_ECC_TOTAL = 0xFF };
