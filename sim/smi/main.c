/* nvidia-smi of a simulated node: options, one round or many, and the vendor's exit codes. */
#include "sim/smi/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool write_all(int fd, const struct sc_buf *buf)
{
        for (size_t done = 0; done < buf->len;) {
                ssize_t n = write(fd, buf->at + done, buf->len - done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return false;
                done += (size_t)n;
        }
        return true;
}

static int run_command(struct sim_smi *smi, const struct sim_smi_options *options, bool first)
{
        switch (options->command) {
        case SIM_SMI_LIST:
                return sim_smi_list(smi);
        case SIM_SMI_VERSION:
                return sim_smi_version(smi);
        case SIM_SMI_QUERY_GPU:
                return sim_smi_query_gpu(smi, options, first);
        case SIM_SMI_QUERY_APPS:
                return sim_smi_query_apps(smi, options, first);
        case SIM_SMI_HELP_QUERY_GPU:
                sim_smi_help_query_gpu(smi);
                return 0;
        case SIM_SMI_HELP_QUERY_APPS:
                sim_smi_help_query_apps(smi);
                return 0;
        default:
                return sim_smi_table(smi, options);
        }
}

static void wait_ms(uint64_t ms)
{
        struct timespec left = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000 * 1000000) };
        while (nanosleep(&left, &left) < 0 && errno == EINTR)
                ;
}

/* Rounds until somebody ends the process; one round without --loop. */
static int run_rounds(struct sim_smi *smi, const struct sim_smi_options *options, int fd)
{
        for (bool first = true;; first = false) {
                (void)clock_gettime(CLOCK_REALTIME, &smi->now);
                int r = run_command(smi, options, first);
                if (!write_all(fd, &smi->out)) {
                        fprintf(stderr, "nvidia-smi: the output can't be written\n");
                        return SIM_SMI_OTHER;
                }
                if (r || !options->loop_ms)
                        return r;
                sc_arena_free(smi->arena);
                smi->out = (struct sc_buf){ .arena = smi->arena };
                wait_ms(options->loop_ms);
        }
}

static int finish(const struct sim_smi *smi, int code)
{
        return write_all(STDOUT_FILENO, &smi->out) ? code : SIM_SMI_OTHER;
}

static int help(struct sim_smi *smi)
{
        struct sc_buf quiet = smi->out;
        (void)sim_smi_open(smi); /* only for the driver's version */
        smi->out = quiet;
        sim_smi_help(smi);
        return finish(smi, 0);
}

static int run(struct sim_smi *smi, int argc, char *const argv[])
{
        struct sim_smi_options options;
        struct sc_buf complaint = { .arena = smi->arena };
        int wrong = sim_smi_options_parse(&complaint, argc, argv, &options);
        if (!wrong && options.command == SIM_SMI_HELP)
                return help(smi);
        int r = sim_smi_open(smi); /* as the vendor's: no library and no driver are told before a wrong option */
        if (r)
                return finish(smi, r);
        if (wrong) {
                smi->out = complaint;
                return finish(smi, wrong);
        }
        int fd = STDOUT_FILENO;
        if (options.filename)
                fd = open(options.filename, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0) {
                sc_buf_print(&smi->out, "Failed to create log file %s\n\n", options.filename);
                return finish(smi, SIM_SMI_OTHER);
        }
        r = run_rounds(smi, &options, fd);
        return fd != STDOUT_FILENO && close(fd) < 0 ? SIM_SMI_OTHER : r;
}

int main(int argc, char *argv[])
{
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sim_smi smi = { .arena = &arena, .out.arena = &arena };
        int r = run(&smi, argc, argv);
        sim_smi_close(&smi);
        return r;
}
