# Figures, side by side in one run; NVIDIA's runtime is built by its Go module name where that can be had.
$(B)/bench/spawn: tests/bench/spawn.c
	@mkdir -p $(@D)
	@$(MUSL) $(CFLAGS) -D_GNU_SOURCE -static -o $@ $<
$(B)/bench/fake_runtime $(B)/bench/exec_only: $(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	@$(MUSL) $(CFLAGS) -static -o $@ $<
.PHONY: bench
bench: all $(B)/bench/spawn $(B)/bench/fake_runtime $(B)/bench/exec_only
	$(PYTHON) tests/bench/bench.py
