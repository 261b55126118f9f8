# subcard. Targets for people: make, demo, check, check-fast, bench, lint, fuzz, install, check-hardware (see README.md).
# Objects of one flavour lie in build/FLAVOUR; programs in build/bin and build/sim.
VERSION := $(shell cat VERSION)
B := build
CC := gcc
CLANG := clang
MUSL := musl-gcc
PYTHON := /usr/bin/python3
PREFIX := /usr
DESTDIR :=

WARN := -Wall -Wextra -Wformat=2 -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wimplicit-fallthrough -Wvla -Wcast-qual -Wundef
WARN_gcc := -Wduplicated-cond -Wlogical-op -Walloca -Wtrampolines -ftrivial-auto-var-init=zero
HARDEN := -fstack-protector-strong -fstack-clash-protection -fno-delete-null-pointer-checks -fno-strict-overflow \
	-fno-strict-aliasing
CPPFLAGS := -D_GNU_SOURCE -DSC_VERSION='"$(VERSION)"' -Isrc -I. -MMD -MP
CFLAGS := -std=gnu11 -O2 -g $(WARN) $(HARDEN)
WERROR := -Werror

# flavour: compiler, flags of compiling, flags of linking
CC_glibc := $(CC)
F_glibc := $(WARN_gcc) -fPIE -D_FORTIFY_SOURCE=2 -fcf-protection=full
L_glibc := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
CC_pic := $(CC)
F_pic := $(WARN_gcc) -fPIC -fvisibility=hidden -D_FORTIFY_SOURCE=2 -fcf-protection=full
L_pic := -shared -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--no-undefined
CC_musl := $(MUSL)
F_musl := $(WARN_gcc) -idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null) -ffunction-sections -fdata-sections
L_musl := -static -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack
CC_asan := $(CC)
F_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
L_asan := -fsanitize=address,undefined
CC_clang := $(CLANG)
F_clang := -fPIE
L_clang := -pie
CC_fuzz := $(CLANG)
F_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
L_fuzz := -fsanitize=fuzzer,address,undefined
FLAVOURS := glibc pic musl asan clang fuzz

SRC_base := $(wildcard src/base/*.c)
SRC_lib := $(SRC_base) $(wildcard src/gpu/*.c src/select/*.c src/oci/*.c src/image/*.c src/mig/*.c src/smi/*.c)
SRC_cli := $(wildcard src/cli/*.c src/cli/setup/*.c)
SRC_runtime := $(wildcard src/runtime/*.c)
SRC_sim := $(wildcard sim/state/*.c sim/tree/*.c sim/cli/*.c)
SRC_nvml := $(wildcard sim/state/*.c sim/board/*.c sim/abi/*.c)
SRC_cuda := $(wildcard sim/state/*.c sim/board/*.c sim/cuda/*.c)
SRC_smi := $(wildcard sim/smi/*.c)

obj = $(patsubst %.c,$(B)/$(1)/%.o,$(2))

PROGRAMS := $(B)/bin/subcard $(B)/bin/subcard-runtime $(B)/bin/subcard-sim
SIMULATED := $(B)/sim/libnvidia-ml.so.1 $(B)/sim/libcuda.so.1 $(B)/sim/nvidia-smi

.DEFAULT_GOAL := all
.PHONY: all clean
all: $(PROGRAMS) $(SIMULATED)

define flavour
$(B)/$(1)/%.o: %.c Makefile VERSION
	@mkdir -p $$(@D)
	@echo "  CC $(1) $$<"
	@$$(CC_$(1)) $$(CPPFLAGS) $$(CFLAGS) $$(WERROR) $$(F_$(1)) $$(EXTRA_$(1)) -c $$< -o $$@
$(B)/$(1)/libsc.a: $$(call obj,$(1),$(SRC_lib))
	@rm -f $$@
	@ar rcs $$@ $$^
$(B)/$(1)/libbase.a: $$(call obj,$(1),$(SRC_base))
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach f,$(FLAVOURS),$(eval $(call flavour,$(f))))

# link: flavour, extra flags
link = @echo "  LD $@"; mkdir -p $(@D); $(CC_$(1)) $(F_$(1)) $(L_$(1)) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(2)

$(B)/bin/subcard: $(call obj,glibc,$(SRC_cli)) $(B)/glibc/libsc.a
	$(call link,glibc,-lyaml -ldl)
$(B)/bin/subcard-runtime: $(call obj,musl,$(SRC_runtime)) $(B)/musl/libsc.a
	$(call link,musl)
$(B)/bin/subcard-sim: $(call obj,glibc,$(SRC_sim)) $(B)/glibc/libbase.a
	$(call link,glibc)
$(B)/sim/libnvidia-ml.so.1: $(call obj,pic,$(SRC_nvml)) $(B)/pic/libbase.a sim/abi/nvml.map
	$(call link,pic,-Wl$(comma)-soname$(comma)libnvidia-ml.so.1 -Wl$(comma)--version-script=sim/abi/nvml.map -lpthread)
$(B)/sim/libcuda.so.1: $(call obj,pic,$(SRC_cuda)) $(B)/pic/libbase.a sim/cuda/cuda.map
	$(call link,pic,-Wl$(comma)-soname$(comma)libcuda.so.1 -Wl$(comma)--version-script=sim/cuda/cuda.map -lpthread)
$(B)/sim/nvidia-smi: $(call obj,glibc,$(SRC_smi)) $(B)/glibc/libbase.a
	$(call link,glibc,-ldl)
comma := ,

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
include $(sort $(wildcard mk/*.mk))
