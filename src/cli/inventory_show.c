/* subcard inventory show: the cache that container starts rest on, and whether it still tells the truth. */
#include "cli/commands.h"
#include "cli/print.h"

#include "base/json.h"
#include "base/table.h"
#include "gpu/cache.h"
#include "gpu/driver_files.h"
#include "gpu/node.h"

#include <string.h>

struct show_options {
        const char *format;
};

const struct sc_option sc_show_options[] = {
        { "output", 'o', SC_OPTION_CHOICE, "text|json", "for people; for programs", offsetof(struct show_options, format) },
        { 0 },
};

struct shown {
        const struct sc_inventory *inventory;
        const char *path, *old; /* old: why the cache is no longer true, NULL if it is */
};

static const char *const kinds[] = { "library", "program", "link" };

static void write_json(const struct shown *shown, struct sc_buf *buf)
{
        const struct sc_inventory *inventory = shown->inventory;
        struct sc_json_out out = { .buf = buf, .indent = 2 };
        sc_json_open(&out, NULL, '{');
        sc_json_put_text(&out, "apiVersion", "subcard/v1");
        sc_json_put_text(&out, "kind", "Inventory");
        sc_json_put_text(&out, "path", shown->path);
        sc_json_put_raw(&out, "fresh", shown->old ? "false" : "true");
        if (shown->old)
                sc_json_put_text(&out, "why", shown->old);
        sc_json_put_text(&out, "root", *inventory->root ? inventory->root : "/");
        sc_json_put_text(&out, "bootId", inventory->boot_id);
        sc_json_put_text(&out, "driver", inventory->driver_version);
        sc_json_put_u64(&out, "refreshTimeoutMs", inventory->refresh_timeout_ms);
        sc_json_open(&out, "majors", '{');
        sc_json_put_u64(&out, "nvidia", inventory->majors.nvidia);
        sc_json_put_u64(&out, "nvidiaUvm", inventory->majors.uvm);
        sc_json_put_u64(&out, "nvidiaCaps", inventory->majors.caps);
        sc_json_close(&out, '}');
        sc_json_put_text(&out, "linksDir", inventory->links_dir);
        sc_json_open(&out, "devices", '[');
        for (uint32_t i = 0; i < inventory->n_gpus; i++)
                sc_json_put_text(&out, NULL, inventory->gpus[i].uuid);
        for (uint32_t i = 0; i < inventory->n_migs; i++)
                sc_json_put_text(&out, NULL, inventory->migs[i].uuid);
        sc_json_close(&out, ']');
        sc_json_open(&out, "files", '[');
        for (uint32_t i = 0; i < inventory->n_files; i++) {
                const struct sc_driver_file *file = &inventory->files[i];
                sc_json_open(&out, NULL, '{');
                sc_json_put_text(&out, "name", file->name);
                sc_json_put_text(&out, "dir", file->dir);
                sc_json_put_text(&out, "kind", kinds[file->kind % SC_COUNT(kinds)]);
                if (file->kind == SC_FILE_LINK)
                        sc_json_put_text(&out, "target", file->target);
                sc_json_put_text(&out, "capabilities", sc_caps_name(file->caps).text);
                sc_json_close(&out, '}');
        }
        sc_json_close(&out, ']');
        sc_json_close(&out, '}');
        sc_buf_text(buf, "\n");
}

static void write_files(const struct sc_inventory *inventory, struct sc_buf *buf)
{
        static const struct sc_column columns[] = {
                { "FILE", false }, { "KIND", false }, { "FOR", false }, { "WHERE", false }
        };
        struct sc_table table = { .arena = buf->arena, .columns = columns, .n_columns = SC_COUNT(columns) };
        for (uint32_t i = 0; i < inventory->n_files; i++) {
                const struct sc_driver_file *file = &inventory->files[i];
                bool link = file->kind == SC_FILE_LINK;
                const struct sc_cell cells[] = {
                        { file->name, NULL },
                        { kinds[file->kind % SC_COUNT(kinds)], NULL },
                        { sc_format(buf->arena, "%s", sc_caps_name(file->caps).text), NULL },
                        { link ? sc_format(buf->arena, "-> %s", file->target) : file->dir, NULL },
                };
                sc_table_row(&table, cells);
        }
        sc_table_format(&table, buf);
}

static void write_text(const struct shown *shown, struct sc_buf *buf)
{
        const struct sc_inventory *inventory = shown->inventory;
        sc_buf_print(buf, "cache       %s\n", shown->path);
        sc_buf_print(buf, "state       %s%s\n", shown->old ? "old: " : "fresh", shown->old ? shown->old : "");
        sc_buf_print(buf, "root        %s\n", *inventory->root ? inventory->root : "/");
        sc_buf_print(buf, "driver      %s, CUDA %u.%u\n", inventory->driver_version, inventory->cuda_version / 1000,
                     inventory->cuda_version % 1000 / 10);
        sc_buf_print(buf, "majors      nvidia %u, nvidia-uvm %u, nvidia-caps %u\n", inventory->majors.nvidia,
                     inventory->majors.uvm, inventory->majors.caps);
        sc_buf_print(buf, "devices     %u GPUs, %u MIG devices\n", inventory->n_gpus, inventory->n_migs);
        sc_buf_print(buf, "links       %s\n",
                     *inventory->links_dir ? inventory->links_dir : "none: one mount per driver file");
        sc_buf_print(buf, "\n");
        write_files(inventory, buf);
}

/* The line of an error that says which fact differs: the reason, else the first. */
static const char *reason(struct sc_arena *arena, const struct sc_error *err)
{
        struct sc_span rest = sc_span_of(err->text), line = { 0 };
        for (int i = 0; i < 2 && sc_span_line(&rest, &line); i++)
                continue;
        return sc_span_copy(arena, line);
}

int sc_cmd_inventory_show(int argc, char **argv)
{
        struct show_options options = { 0 };
        sc_auto_arena struct sc_arena arena = { 0 };
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sc_buf out = { .arena = &arena };
        struct sc_inventory inventory = { 0 };
        struct sc_error err;

        if (sc_options_only(sc_show_options, argc, argv, &options, &err) ||
            sc_cache_load(&arena, sc_run_path(), &inventory, &err) ||
            sc_root_open(*inventory.root ? inventory.root : "/", &root, &err))
                return sc_print_error(&err);

        struct shown shown = { &inventory, sc_format(&arena, "%s/%s", sc_run_path(), SC_CACHE_NAME), NULL };
        if (sc_cache_compare(&arena, &inventory, &root, UINT64_MAX, &err))
                shown.old = reason(&arena, &err);
        if (options.format && !strcmp(options.format, "json"))
                write_json(&shown, &out);
        else
                write_text(&shown, &out);
        return sc_print(sc_buf_view(&out));
}
