# What people run: make demo, make check, make check-fast; check-system and check-engines run parts of it. As root the first
# two install the Debian packages that are missing, so they start make anew: this one was read without them.
.PHONY: demo check check-fast check-system check-engines setup
setup:
	@[ "$$(id -u)" != 0 ] || tools/setup
demo:
	@[ "$$(id -u)" = 0 ] || { tools/demo; exit 1; }
	@tools/setup
	@$(MAKE) -s -j2 all
	@tools/demo
check: setup
	@$(MAKE) -s -j2 all units
	@tools/check $(CHECK_OPTIONS)
check-fast:
	@$(MAKE) -s -j2 units $(if $(wildcard tests/fuzz/*.c),fuzzers)
	@tools/check --fast
check-system: setup
	@$(MAKE) -s -j2 all
	@tools/check system
# Docker 28.5 of Debian unstable and Docker 29 built by Go: not in `make check`, the second takes minutes to build.
check-engines:
	@[ "$$(id -u)" != 0 ] || tools/setup --engines
	@$(MAKE) -s -j2 all
	@$(PYTHON) -m pytest -q -p no:cacheprovider -rfEs tests/system --engines=debian-sid,docker29
