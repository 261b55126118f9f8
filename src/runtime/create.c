#include "runtime/create.h"

#include "gpu/grant_homes.h"
#include "runtime/files.h"
#include "runtime/fresh.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CONFIG "config.json"

struct create {
        struct sc_arena *arena;
        const struct sc_argv *argv;
        const char *bundle; /* absolute */
        int bundle_fd;
        mode_t mode; /* of config.json */
        struct sc_spec spec;
        struct sc_answer answer;
        struct sc_edits edits;
        struct sc_buf warnings;
};

static int open_bundle(struct create *c, struct sc_error *err)
{
        const char *path = c->argv->bundle ? c->argv->bundle : ".";
        c->bundle_fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (c->bundle_fd < 0)
                return sc_fail_errno(err, SC_E_SPEC, "cannot open the bundle %s", sc_show(sc_span_of(path)).text);
        if (path[0] == '/') { /* as all engines call us */
                c->bundle = path;
                return 0;
        }
        char *absolute = realpath(path, NULL);
        if (!absolute)
                return sc_fail_errno(err, SC_E_SPEC, "cannot find the bundle %s", sc_show(sc_span_of(path)).text);
        c->bundle = sc_span_copy(c->arena, sc_span_of(absolute));
        free(absolute);
        return 0;
}

static int read_config(struct create *c, struct sc_error *err)
{
        struct sc_span text;
        struct stat st;
        sc_auto_close int fd = openat(c->bundle_fd, CONFIG, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return sc_fail_errno(err, SC_E_SPEC, "cannot open " CONFIG " in the bundle %s", c->bundle);
        c->mode = st.st_mode & 07777;
        if (sc_read_fd(c->arena, fd, CONFIG, SC_JSON_MAX_BYTES, &text, err) < 0) {
                err->code = SC_E_SPEC;
                return sc_within(err, "bundle %s", c->bundle);
        }
        return sc_spec_read(c->arena, text, &c->spec, err);
}

static int write_config(struct create *c, struct sc_error *err)
{
        struct sc_buf out = { .arena = c->arena };
        int rc = sc_spec_edit(c->arena, &c->spec, &c->edits, &out, err);
        if (rc < 0 || sc_span_equal(sc_buf_view(&out), c->spec.json.text))
                return rc;
        return sc_write_file(c->bundle_fd, CONFIG, sc_buf_view(&out), c->mode, SC_FLEETING, err);
}

static int write_grant(struct create *c, const char *links, struct sc_error *err)
{
        const struct sc_selection *chosen = &c->answer.selection;
        const char **devices = SC_NEW_ARRAY(c->arena, const char *, chosen->n_migs + chosen->n_gpus + 1);
        const char **indexes = SC_NEW_ARRAY(c->arena, const char *, chosen->n_migs + chosen->n_gpus + 1);
        struct sc_grant grant = {
                .id = c->argv->id,
                .runtime_root = c->argv->root,
                .bundle = c->bundle,
                .pid_file = "",
                .boot_id = c->answer.inventory.boot_id,
                .links = links ? links : "",
                .pid = getpid(),
                .start_time = sc_process_start_time(getpid()),
                .devices = devices,
                .indexes = indexes,
        };
        for (size_t i = 0; i < chosen->n_migs; i++) {
                devices[grant.n_devices] = chosen->migs[i]->uuid;
                indexes[grant.n_devices++] =
                        sc_format(c->arena, "%s", sc_mig_index(&c->answer.inventory, chosen->migs[i]).text);
        }
        for (size_t i = 0; i < chosen->n_gpus; i++) {
                devices[grant.n_devices] = chosen->gpus[i]->uuid;
                indexes[grant.n_devices++] = sc_format(c->arena, "%u", chosen->gpus[i]->index);
        }
        if (c->argv->pid_file && c->argv->pid_file[0] == '/')
                grant.pid_file = c->argv->pid_file;
        else if (c->argv->pid_file) {
                char here[4096];
                if (!getcwd(here, sizeof here))
                        return sc_fail_errno(err, SC_E_GRANT, "cannot tell the working directory");
                grant.pid_file = sc_format(c->arena, "%s/%s", here, c->argv->pid_file);
        }
        return sc_grant_write(sc_grant_home(c->arena), &grant, err);
}

static int give(struct create *c, bool *ret_granted, struct sc_error *err)
{
        const struct sc_answer *answer = &c->answer;
        const struct sc_share share = sc_answer_share(answer);
        const struct sc_files files = { &answer->inventory, &c->spec, answer->request.caps, c->bundle_fd, c->bundle };
        const char *links;

        if (!c->argv->id)
                return sc_fail(err, SC_E_USAGE, "the container id is missing");
        if (c->spec.bad_env != SC_JSON_NONE) {
                (void)sc_json_fail(&c->spec.json, c->spec.bad_env, err, "an entry of process.env without \"=\"");
                err->code = SC_E_SPEC;
                return sc_within(err, CONFIG);
        }
        sc_edits_devices(c->arena, &share, &c->edits);
        int rc = sc_files_give(c->arena, &files, &c->edits, &c->warnings, &links, err);
        if (rc < 0)
                return rc;
        /* runc would bind the node of the same path on the host, which is not this root's */
        if (c->spec.has_user_namespace && answer->inventory.root[0])
                sc_edits_bind_nodes(c->arena, answer->inventory.root, &c->edits);
        rc = write_grant(c, links, err);
        if (rc < 0)
                return rc;
        *ret_granted = true;
        rc = write_config(c, err);
        if (rc < 0)
                sc_create_undo(c->arena, c->argv);
        return rc;
}

void sc_create_undo(struct sc_arena *arena, const struct sc_argv *argv)
{
        struct sc_error ignored; /* the error that led here is the one to tell */
        (void)sc_grant_end(arena, sc_grant_home(arena), NULL, argv->root, argv->id, &ignored);
}

int sc_create(struct sc_arena *arena, const struct sc_argv *argv, const struct sc_log *log, char program[SC_PROGRAM_PATH],
              bool *ret_granted, struct sc_error *err)
{
        struct create c = { .arena = arena, .argv = argv, .warnings = { .arena = arena } };
        int rc = open_bundle(&c, err);
        if (rc == 0)
                rc = read_config(&c, err);
        sc_auto_close int bundle = c.bundle_fd;
        (void)bundle;
        if (rc < 0)
                return rc;

        const struct sc_asker asker = { c.spec.env, c.spec.n_env, c.spec.device_mounts, c.spec.n_device_mounts,
                                        c.spec.has_sys_admin };
        rc = sc_fresh_answer(arena, &asker, &c.answer, err);
        if (rc == 0)
                rc = sc_low_level_find(&c.answer.policy, program, err);
        if (rc < 0)
                return rc;
        sc_log_warnings(log, c.answer.request.warnings);
        c.edits.cut_hook = c.spec.has_our_hook;
        if (c.answer.request.kind == SC_REQUEST_NOTHING)
                return c.spec.has_our_hook ? write_config(&c, err) : 0;
        rc = give(&c, ret_granted, err);
        sc_log_warnings(log, sc_buf_view(&c.warnings));
        return rc;
}
