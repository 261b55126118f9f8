# What links sim/state besides the simulated driver: its unit tests.
SRC_state := $(wildcard sim/state/*.c)
UNITS_state := $(filter test_machine test_store,$(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c)))
$(foreach u,$(UNITS_state),$(B)/unit/$(u)): $(call obj,glibc,$(SRC_state))
$(foreach u,$(UNITS_state),$(B)/unit-asan/$(u)): $(call obj,asan,$(SRC_state))
$(B)/fuzz/bin/machine: $(call obj,fuzz,$(SRC_state))
