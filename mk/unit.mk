# Unit tests: tests/unit/test_MODULE.c, one cmocka program each, in the plain and in the sanitized flavour.
UNITS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_PROGRAMS := $(foreach u,$(UNITS),$(B)/unit/$(u) $(B)/unit-asan/$(u))

$(B)/unit/%: $(B)/glibc/tests/unit/%.o $(B)/glibc/libsc.a
	$(call link,glibc,-lcmocka -lyaml -ldl)
$(B)/unit-asan/%: $(B)/asan/tests/unit/%.o $(B)/asan/libsc.a
	$(call link,asan,-lcmocka -lyaml -ldl)
.SECONDARY:
.PHONY: units
units: $(UNIT_PROGRAMS)

# parts of programs that have units of their own
$(B)/unit/test_argv: $(B)/glibc/src/runtime/argv.o
$(B)/unit-asan/test_argv: $(B)/asan/src/runtime/argv.o
