# Fuzzers: tests/fuzz/fuzz_NAME.c, seeds in tests/fuzz/corpus/NAME/. `make fuzz` runs each for FUZZ_SECONDS (new inputs go to
# build/corpus, what fails to build/fuzz-NAME-*), `make fuzz-replay` runs every seed once.
FUZZ_SECONDS ?= 10
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_LIMITS := -timeout=10 -rss_limit_mb=2048

$(B)/fuzz/bin/%: $(B)/fuzz/tests/fuzz/fuzz_%.o $(B)/fuzz/libsc.a
	$(call link,fuzz)

# fuzz_run: name, options and folders of inputs; its output is shown only where something failed
fuzz_run = $(B)/fuzz/bin/$(1) $(FUZZ_LIMITS) -artifact_prefix=$(B)/fuzz-$(1)- -print_final_stats=1 $(2) >$(B)/fuzz/$(1).log 2>&1 || \
	{ tail -40 $(B)/fuzz/$(1).log; exit 1; }; \
	awk '/number_of_executed_units/ { print "  FUZZ $(1): " $$2 " inputs" }' $(B)/fuzz/$(1).log

.PHONY: fuzzers fuzz fuzz-replay $(FUZZERS:%=fuzz-%) $(FUZZERS:%=replay-%)
fuzzers: $(FUZZERS:%=$(B)/fuzz/bin/%)
fuzz: $(FUZZERS:%=fuzz-%)
fuzz-replay: $(FUZZERS:%=replay-%)
$(FUZZERS:%=fuzz-%): fuzz-%: $(B)/fuzz/bin/%
	@mkdir -p $(B)/corpus/$* tests/fuzz/corpus/$*
	@$(call fuzz_run,$*,-max_total_time=$(FUZZ_SECONDS) $(B)/corpus/$* tests/fuzz/corpus/$*)
$(FUZZERS:%=replay-%): replay-%: $(B)/fuzz/bin/%
	@mkdir -p tests/fuzz/corpus/$*
	@$(call fuzz_run,$*,-runs=0 tests/fuzz/corpus/$*)
