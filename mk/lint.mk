# The numbers and directions of tools/lint, and the compilers' own judgement: clang builds everything without a warning.
.PHONY: lint format
lint: $(call obj,clang,$(SRC_lib) $(SRC_cli) $(SRC_runtime) $(SRC_sim) $(SRC_nvml) $(SRC_cuda) $(SRC_smi))
	@$(PYTHON) tools/lint
format:
	clang-format -i $$(git ls-files 'src/*.[ch]' 'sim/*.[ch]' 'tests/*.[ch]')
