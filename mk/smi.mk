# Unit tests of the simulated nvidia-smi and libcuda.so.1.
SRC_smi_parts := $(filter-out sim/smi/main.c,$(SRC_smi))
UNITS_smi := $(filter test_smi_%,$(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c)))
$(foreach u,$(UNITS_smi),$(B)/unit/$(u)): $(call obj,glibc,$(SRC_smi_parts))
$(foreach u,$(UNITS_smi),$(B)/unit-asan/$(u)): $(call obj,asan,$(SRC_smi_parts))
UNITS_cuda := $(filter test_cuda_%,$(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c)))
$(foreach u,$(UNITS_cuda),$(B)/unit/$(u)): $(call obj,glibc,$(SRC_cuda))
$(foreach u,$(UNITS_cuda),$(B)/unit-asan/$(u)): $(call obj,asan,$(SRC_cuda))
