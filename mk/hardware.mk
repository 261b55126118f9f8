# On a node with a real NVIDIA GPU. A copy of this machine's runc is kept, so that the built tree can be carried to a node without one.
.PHONY: check-hardware
check-hardware: all
	@mkdir -p $(B)/hardware
	@[ -e $(B)/hardware/runc ] || cp "$$(command -v runc || echo /usr/sbin/runc)" $(B)/hardware/runc 2>/dev/null || true
	@$(PYTHON) tools/check-hardware
