/* build: what the parts of sim/tree share while a node is being made. Private to sim/tree. */
#pragma once
#include "sim/tree/tree.h"

struct sim_build {
        struct sc_arena *arena;
        const struct sc_root *root;
        const char *dir;
        const char *driver_dir;
        struct sim_machine *machine;
        struct sc_error *err;
};

/* A directory below the node, made where it is missing: fd or error. */
int sim_make_dir(const struct sim_build *b, const char *path);
int sim_put_file(const struct sim_build *b, const char *dir, const char *name, mode_t mode, struct sc_span text);
int sim_put_link(const struct sim_build *b, const char *dir, const char *name, const char *target);
/* A copy of a file of the host. */
int sim_put_copy(const struct sim_build *b, const char *dir, const char *name, const char *from);

int sim_make_proc(const struct sim_build *b);         /* proc.c: version, params, gpus, devices, boot_id */
int sim_make_capabilities(const struct sim_build *b); /* capabilities.c: access records, minors */
int sim_make_nodes(const struct sim_build *b);        /* nodes.c: dev/ */
int sim_make_driver_files(const struct sim_build *b); /* files.c */

/* Majors that no driver of the host owns; changes machine->major_uvm and major_caps where they are taken. */
int sim_choose_majors(const struct sim_build *b);
/* Opens a node and runs a program in the new tree, to be sure that its mount lets one. */
int sim_try_tree(const struct sim_build *b);
