# Fuzzers: tests/fuzz/fuzz_NAME.c, seeds in tests/fuzz/corpus/NAME/. `make fuzz` runs each for FUZZ_SECONDS (what it finds new
# goes to build/corpus, crashes to build/fuzz-crash-*), `make fuzz-replay` runs every seed once.
FUZZ_SECONDS ?= 10
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

$(B)/fuzz/bin/%: $(B)/fuzz/tests/fuzz/fuzz_%.o $(B)/fuzz/libsc.a
	$(call link,fuzz)

.PHONY: fuzzers fuzz fuzz-replay
fuzzers: $(FUZZERS:%=$(B)/fuzz/bin/%)
fuzz: fuzzers
	@set -e; for f in $(FUZZERS); do \
		mkdir -p $(B)/corpus/$$f tests/fuzz/corpus/$$f; \
		echo "  FUZZ $$f ($(FUZZ_SECONDS) s)"; \
		$(B)/fuzz/bin/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
			-artifact_prefix=$(B)/fuzz-crash-$$f- $(B)/corpus/$$f tests/fuzz/corpus/$$f; \
	done
fuzz-replay: fuzzers
	@set -e; for f in $(FUZZERS); do \
		n=$$(find tests/fuzz/corpus/$$f -type f 2>/dev/null | wc -l); \
		echo "  REPLAY $$f ($$n seeds)"; \
		[ $$n -eq 0 ] || $(B)/fuzz/bin/$$f -runs=0 -verbosity=0 tests/fuzz/corpus/$$f; \
	done
