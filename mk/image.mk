# A driver of src/image and oci/ldcache for system tests and timing, as the static program that the runtime is.
$(B)/tests/image_tool: $(B)/musl/tests/system/image_tool.o $(B)/musl/libsc.a
	$(call link,musl)
