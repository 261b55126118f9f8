# The unit test of the command's own modules needs their objects: they are in no library.
CLI_TESTED := options print list_view list_text list_json
$(B)/unit/test_cli: $(CLI_TESTED:%=$(B)/glibc/src/cli/%.o)
$(B)/unit-asan/test_cli: $(CLI_TESTED:%=$(B)/asan/src/cli/%.o)

# The command with ASan and UBSan: `SUBCARD_TESTED=build/asan/bin/subcard pytest tests/golden` runs the golden tests on it.
$(B)/asan/bin/subcard: $(call obj,asan,$(SRC_cli)) $(B)/asan/libsc.a
	$(call link,asan,-lyaml -ldl)
