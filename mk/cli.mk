# The unit test of the command's own modules needs their objects: they are in no library.
CLI_TESTED := options print list_view list_text list_json
$(B)/unit/test_cli: $(CLI_TESTED:%=$(B)/glibc/src/cli/%.o)
$(B)/unit-asan/test_cli: $(CLI_TESTED:%=$(B)/asan/src/cli/%.o)
