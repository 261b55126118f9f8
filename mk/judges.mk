# The simulated driver library: its unit tests, and the programs of others that judge it (tests/judges, needs root and network).
SRC_board := $(wildcard sim/state/*.c sim/board/*.c)
$(B)/unit/test_board: $(call obj,glibc,$(SRC_board))
$(B)/unit-asan/test_board: $(call obj,asan,$(SRC_board))
$(B)/unit/test_nvml: $(call obj,glibc,$(SRC_nvml))
$(B)/unit-asan/test_nvml: $(call obj,asan,$(SRC_nvml))

.PHONY: judges
judges: all
	@$(PYTHON) -m pytest -q -p no:cacheprovider -rs tests/judges
