#include "runtime/low_level.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* Set to our pid before exec. exec keeps the pid, so who finds its own there was started by itself: a loop through a script
 * or a second copy of this program, which the comparison of inodes can't see. */
#define LOOP_GUARD "SUBCARD_RUNTIME_PID"
/* an engine may have no PATH of use (nct looks there, too) */
#define MORE_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* By the path that the kernel was given: /proc/self/exe would be surer and costs ten times as much at every call. */
static bool is_ourselves(const struct stat *program)
{
        struct stat self;
        const char *path = (const char *)getauxval(AT_EXECFN);
        return path && stat(path, &self) == 0 && self.st_dev == program->st_dev && self.st_ino == program->st_ino;
}

static bool is_usable(const char *path, bool *ourselves)
{
        struct stat st;
        if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
                return false;
        if (is_ourselves(&st)) {
                *ourselves = true;
                return false;
        }
        return true;
}

static bool find_in(const char *folders, const char *name, char ret[SC_PROGRAM_PATH], bool *ourselves)
{
        struct sc_span rest = sc_span_of(folders), folder;
        while (sc_span_split(&rest, ':', &folder)) {
                if (!folder.len || folder.at[0] != '/')
                        continue;
                int n = snprintf(ret, SC_PROGRAM_PATH, "%.*s/%s", SC_PRINT(folder), name);
                if (n > 0 && n < SC_PROGRAM_PATH && is_usable(ret, ourselves))
                        return true;
        }
        return false;
}

static bool find_one(const char *name, char ret[SC_PROGRAM_PATH], bool *ourselves)
{
        const char *path = getenv("PATH");
        if (name[0] == '/')
                return sc_copy(ret, SC_PROGRAM_PATH, sc_span_of(name)) && is_usable(ret, ourselves);
        return (path && find_in(path, name, ret, ourselves)) || find_in(MORE_PATH, name, ret, ourselves);
}

static bool started_by_itself(void)
{
        const char *guard = getenv(LOOP_GUARD);
        uint64_t pid;
        return guard && sc_parse_u64(sc_span_of(guard), UINT64_MAX, &pid) && pid == (uint64_t)getpid();
}

int sc_low_level_find(const struct sc_policy *policy, char ret[SC_PROGRAM_PATH], struct sc_error *err)
{
        bool ourselves = started_by_itself();
        char names[SC_POLICY_LOW_LEVEL * (SC_SHOW_SIZE + 2) + 1] = "";

        for (size_t i = 0; i < policy->n_runtimes && !ourselves; i++) {
                size_t used = strlen(names);
                (void)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                               sc_show(sc_span_of(policy->runtimes[i])).text);
                if (find_one(policy->runtimes[i], ret, &ourselves))
                        return 0;
        }
        if (ourselves)
                return sc_fail(err, SC_E_NO_RUNTIME,
                               "the OCI runtime that subcard-runtime should start is subcard-runtime itself\n"
                               "it would start itself for ever\n"
                               "set \"runtimes\" in /etc/subcard/config.yaml to runc or crun");
        return sc_fail(err, SC_E_NO_RUNTIME,
                       "no OCI runtime found: %s\nnone is in the engine's PATH or the usual folders\n"
                       "install runc, or set \"runtimes\" in /etc/subcard/config.yaml",
                       names);
}

int sc_low_level_exec(const char *program, char **argv, struct sc_error *err)
{
        char pid[24];
        char own[SC_PROGRAM_PATH];

        (void)snprintf(pid, sizeof pid, "%lld", (long long)getpid());
        if (setenv(LOOP_GUARD, pid, 1) < 0)
                return sc_fail_errno(err, SC_E_MEMORY, "cannot set a variable");
        (void)sc_copy(own, sizeof own, sc_span_of(program));
        argv[0] = own;
        (void)execv(program, argv);
        return sc_fail_errno(err, SC_E_NO_RUNTIME, "cannot start %s", program);
}
