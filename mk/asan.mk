# The programs with ASan and UBSan. `build/sanitized` looks like `build`, so they find each other and the simulated driver:
# SUBCARD_BUILD=build/sanitized runs the golden tests and those of the runtime on them (groups golden-asan, runtime-asan of tools/check).
S := $(B)/sanitized
$(S)/bin/subcard: $(call obj,asan,$(SRC_cli)) $(B)/asan/libsc.a
	$(call link,asan,-lyaml -ldl)
$(S)/bin/subcard-runtime: $(call obj,asan,$(SRC_runtime)) $(B)/asan/libsc.a
	$(call link,asan)
$(S)/bin/subcard-sim: $(call obj,asan,$(SRC_sim)) $(B)/asan/libbase.a
	$(call link,asan)
$(S)/sim: $(SIMULATED)
	@mkdir -p $(@D)
	@ln -sfn ../sim $@
.PHONY: sanitized
sanitized: $(S)/bin/subcard $(S)/bin/subcard-runtime $(S)/bin/subcard-sim $(S)/sim
