# Installing. The names of NVIDIA's toolkit are links to ours: daemon.json files name the first, dockerd looks for the second.
BINDIR := $(PREFIX)/bin
LIBDIR := $(PREFIX)/lib/subcard
MANDIR := $(PREFIX)/share/man
MANPAGES := $(patsubst man/%.scd,$(B)/man/%,$(wildcard man/*.scd))

$(B)/man/%: man/%.scd
	@mkdir -p $(@D)
	@scdoc <$< >$@
.PHONY: man install uninstall
man: $(MANPAGES)
install: all man
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/sim/machines
	install -m 0755 $(B)/bin/subcard $(B)/bin/subcard-runtime $(DESTDIR)$(BINDIR)
	ln -sf subcard-runtime $(DESTDIR)$(BINDIR)/nvidia-container-runtime
	ln -sf subcard-runtime $(DESTDIR)$(BINDIR)/nvidia-container-runtime-hook
	install -m 0755 $(B)/bin/subcard-sim $(DESTDIR)$(LIBDIR)
	install -m 0755 $(SIMULATED) $(DESTDIR)$(LIBDIR)/sim
	install -m 0644 sim/machines/*.json $(DESTDIR)$(LIBDIR)/sim/machines
	for page in $(notdir $(MANPAGES)); do \
		install -D -m 0644 $(B)/man/$$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; done
uninstall:
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,subcard subcard-runtime nvidia-container-runtime nvidia-container-runtime-hook)
	rm -rf $(DESTDIR)$(LIBDIR)
	for page in $(notdir $(MANPAGES)); do rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; done
