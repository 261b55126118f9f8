/*
 * table_mig: the second section of the default table: one pair of lines for each MIG device that the library shows.
 */
#pragma once
#include "sim/smi/layout.h"
#include "sim/smi/smi.h"

/* Nothing at all where no chosen GPU is in MIG mode. */
void sim_smi_put_mig_devices(struct sim_smi *smi, const struct sim_smi_layout *layout);
