# Programs of the unit tests that need sources of src/cli: the readers of the operator's configuration.
CONFIG_SOURCES := $(wildcard src/cli/config*.c src/cli/toml*.c)
CONFIG_UNITS := test_config_yaml test_config_toml test_config test_toml
$(foreach u,$(CONFIG_UNITS),$(B)/unit/$(u)): $(call obj,glibc,$(CONFIG_SOURCES))
$(foreach u,$(CONFIG_UNITS),$(B)/unit-asan/$(u)): $(call obj,asan,$(CONFIG_SOURCES))

# What the TOML reader understood, as JSON, for the comparison with Python's tomllib.
$(B)/unit/toml_dump: $(call obj,glibc,$(CONFIG_SOURCES))
$(B)/unit-asan/toml_dump: $(call obj,asan,$(CONFIG_SOURCES))
units: $(B)/unit/toml_dump $(B)/unit-asan/toml_dump

$(B)/fuzz/bin/toml $(B)/fuzz/bin/yaml: $(call obj,fuzz,$(CONFIG_SOURCES))
$(B)/fuzz/bin/toml $(B)/fuzz/bin/yaml: L_fuzz += -lyaml
