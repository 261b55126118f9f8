/*
 * spawn: times whole processes, several variants in turn, round after round, so that the machine's drift hits all alike.
 *
 *   spawn ROUNDS CONFIG TEMPLATE [:: NAME PROGRAM ARGUMENT…]…      one after the other
 *   spawn -n N ROUNDS CONFIG TEMPLATE …                            N at once, time until the last one ends; "%d" in CONFIG
 * and in an argument is the number of the process
 *
 * Before each start TEMPLATE's bytes are written to CONFIG (the program under test rewrites it). Prints one line per
 * variant: NAME, min, median, p95 in microseconds, peak resident KiB.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_VARIANTS = 16, WARM_UP = 20, MAX_WORDS = 64 };

struct variant {
        const char *name;
        char **words; /* ends with NULL */
        double *us;
        long rss_kib;
};

static int nowhere; /* /dev/null: what the programs print */
static char *template;
static size_t template_size;

static void die(const char *what)
{
        perror(what);
        exit(1);
}

static void put_config(const char *path)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0 || write(fd, template, template_size) != (ssize_t)template_size || close(fd) < 0)
                die(path);
}

static double now_us(void)
{
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void numbered(char *to, size_t size, const char *from, int number)
{
        const char *at = strstr(from, "%d");
        if (at)
                (void)snprintf(to, size, "%.*s%d%s", (int)(at - from), from, number, at + 2);
        else
                (void)snprintf(to, size, "%s", from);
}

static void run(char **words, int number)
{
        static char text[MAX_WORDS][512];
        char *argv[MAX_WORDS + 1] = { 0 };
        for (int i = 0; words[i] && i < MAX_WORDS; i++) {
                numbered(text[i], sizeof text[i], words[i], number);
                argv[i] = text[i];
        }
        (void)dup2(nowhere, STDOUT_FILENO);
        (void)execv(argv[0], argv);
        _exit(127);
}

static double one(struct variant *v, const char *config)
{
        struct rusage usage;
        int status;
        put_config(config);
        double start = now_us();
        pid_t pid = vfork();
        if (pid == 0)
                run(v->words, 0);
        if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
                die("wait4");
        double us = now_us() - start;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                fprintf(stderr, "spawn: %s ended with status %d\n", v->name, status);
                exit(1);
        }
        if (usage.ru_maxrss > v->rss_kib)
                v->rss_kib = usage.ru_maxrss;
        return us;
}

static double many(struct variant *v, const char *config, int n)
{
        int gate[2], status, bad = 0;
        if (pipe2(gate, O_CLOEXEC) < 0)
                die("pipe");
        for (int i = 0; i < n; i++) {
                char path[512];
                numbered(path, sizeof path, config, i);
                put_config(path);
        }
        for (int i = 0; i < n; i++) {
                pid_t pid = fork();
                if (pid == 0) {
                        char c;
                        (void)close(gate[1]);
                        if (read(gate[0], &c, 1) >= 0) /* ends when the parent closes its end */
                                run(v->words, i);
                        _exit(127);
                }
                if (pid < 0)
                        die("fork");
        }
        (void)close(gate[0]);
        struct timespec settle = { .tv_nsec = 20000000 };
        (void)nanosleep(&settle, NULL);
        double start = now_us();
        (void)close(gate[1]);
        for (int i = 0; i < n; i++) {
                if (wait(&status) < 0)
                        die("wait");
                bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
        }
        if (bad) {
                fprintf(stderr, "spawn: %d of %d %s failed\n", bad, n, v->name);
                exit(1);
        }
        return now_us() - start;
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

static void read_template(const char *path)
{
        FILE *f = fopen(path, "re");
        template = malloc(1 << 22);
        if (!f || !template)
                die(path);
        template_size = fread(template, 1, 1 << 22, f);
        (void)fclose(f);
}

int main(int argc, char **argv)
{
        struct variant variants[MAX_VARIANTS] = { 0 };
        int at = 1, n_variants = 0, at_once = 0;

        if (argc > 2 && strcmp(argv[1], "-n") == 0) {
                at_once = (int)strtol(argv[2], NULL, 10);
                at = 3;
        }
        if (argc - at < 6) {
                fprintf(stderr, "usage: spawn [-n N] ROUNDS CONFIG TEMPLATE :: NAME PROGRAM [ARGUMENT]... [:: ...]\n");
                return 2;
        }
        nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        int rounds = (int)strtol(argv[at], NULL, 10);
        const char *config = argv[at + 1];
        read_template(argv[at + 2]);
        for (at += 3; at < argc && n_variants < MAX_VARIANTS; n_variants++) {
                argv[at] = NULL; /* "::" */
                variants[n_variants] = (struct variant){ .name = argv[at + 1], .words = argv + at + 2 };
                variants[n_variants].us = calloc((size_t)rounds, sizeof(double));
                for (at += 2; at < argc && strcmp(argv[at], "::") != 0; at++)
                        ;
        }
        int warm_up = at_once ? 2 : WARM_UP;
        for (int round = -warm_up; round < rounds; round++) {
                for (int i = 0; i < n_variants; i++) {
                        struct variant *v = &variants[i];
                        double us = at_once ? many(v, config, at_once) : one(v, config);
                        if (round >= 0)
                                v->us[round] = us;
                }
        }
        for (int i = 0; i < n_variants; i++) {
                struct variant *v = &variants[i];
                qsort(v->us, (size_t)rounds, sizeof(double), by_size);
                printf("%s\t%.0f\t%.0f\t%.0f\t%ld\n", v->name, v->us[0], v->us[rounds / 2], v->us[rounds * 95 / 100],
                       v->rss_kib);
        }
        return 0;
}
