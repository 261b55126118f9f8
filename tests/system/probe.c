/*
 * probe: what of the GPU's device nodes a container can open, asked from inside. Static, needs no file of the image.
 *
 *   probe [--nvidia MAJOR] [--uvm MAJOR] [--caps MAJOR]
 *
 * Makes every node it can think of (the nvidia major with minors 0..255, uvm 0..1, capabilities 0..4323) and opens it, and
 * opens whatever lies below /dev already. A major that no driver owns answers ENXIO where the device cgroup allows the
 * node, and EPERM where it does not. Prints one JSON object:
 *   granted        nodes that answered ENXIO or opened, "MAJOR:MINOR"
 *   denied         number of nodes that answered EPERM for reading and for writing
 *   mknod_refused  number of nodes that could not be made (EPERM, EACCES, EROFS), and that nothing below /dev shows
 *   other          any other answer, "MAJOR:MINOR ERRNO"
 *   paths          nodes of these majors found below /dev: path -> answer
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { MAX_MINORS = 4324, MAX_PATHS = 512 };
enum answer { UNSEEN, GRANTED, DENIED, REFUSED, OTHER };

struct major {
        const char *option;
        unsigned number, n_minors;
        unsigned char answers[MAX_MINORS];
        int errnos[MAX_MINORS];
};

static struct major majors[] = {
        { .option = "--nvidia", .number = 195, .n_minors = 256 },
        { .option = "--uvm", .number = 510, .n_minors = 2 },
        { .option = "--caps", .number = 237, .n_minors = MAX_MINORS },
};
enum { N_MAJORS = sizeof majors / sizeof *majors };

static struct {
        char path[256];
        const char *answer;
} paths[MAX_PATHS];
static size_t n_paths;

/* Reading first; a rule that grants only writing must not go unseen. */
static enum answer try_open(const char *path, int *ret_errno)
{
        int flags[] = { O_RDONLY | O_NONBLOCK, O_WRONLY | O_NONBLOCK };
        enum answer got = DENIED;
        for (size_t i = 0; i < 2; i++) {
                int fd = open(path, flags[i]);
                if (fd >= 0 || errno == ENXIO) {
                        if (fd >= 0)
                                close(fd);
                        return GRANTED;
                }
                if (errno == EACCES && i == 1)
                        continue; /* a node 0444 and not root: the answer to reading stands */
                if (errno != EPERM) {
                        *ret_errno = errno;
                        got = OTHER;
                }
        }
        return got;
}

static void note(struct major *major, unsigned minor, enum answer answer, int error)
{
        if (minor >= MAX_MINORS || major->answers[minor] == GRANTED)
                return;
        major->answers[minor] = (unsigned char)answer;
        major->errnos[minor] = error;
}

static struct major *major_of(dev_t dev)
{
        for (size_t i = 0; i < N_MAJORS; i++)
                if (major(dev) == majors[i].number)
                        return &majors[i];
        return NULL;
}

static void walk(const char *folder, int depth)
{
        DIR *dir = depth < 4 ? opendir(folder) : NULL;
        if (!dir)
                return;
        for (struct dirent *e; (e = readdir(dir));) {
                char path[256];
                struct stat st;
                if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path)
                        continue;
                if (lstat(path, &st) != 0)
                        continue;
                if (S_ISDIR(st.st_mode))
                        walk(path, depth + 1);
                struct major *m = S_ISCHR(st.st_mode) ? major_of(st.st_rdev) : NULL;
                if (!m || n_paths == MAX_PATHS)
                        continue;
                int error = 0;
                enum answer answer = try_open(path, &error);
                note(m, minor(st.st_rdev), answer, error);
                memcpy(paths[n_paths].path, path, sizeof path);
                const char *refusal = answer == DENIED ? "denied" : strerrorname_np(error);
                paths[n_paths++].answer = answer == GRANTED ? "granted" : refusal;
        }
        closedir(dir);
}

/* A place where nodes can be made: /tmp, or /dev where the root file system is read-only. */
static const char *place(void)
{
        static const char *const places[] = { "/tmp", "/dev" };
        for (size_t i = 0; i < 2; i++)
                if (access(places[i], W_OK) == 0)
                        return places[i];
        return "/tmp";
}

static bool is_refusal(int error)
{
        return error == EPERM || error == EACCES || error == EROFS;
}

static void make_and_open(struct major *major, const char *folder)
{
        for (unsigned minor = 0; minor < major->n_minors; minor++) {
                char path[64];
                int error = 0;
                snprintf(path, sizeof path, "%s/probe-%u-%u", folder, major->number, minor);
                if (mknod(path, S_IFCHR | 0666, makedev(major->number, minor)) != 0) {
                        if (major->answers[minor] == UNSEEN)
                                note(major, minor, is_refusal(errno) ? REFUSED : OTHER, errno);
                        continue;
                }
                enum answer answer = try_open(path, &error);
                unlink(path);
                note(major, minor, answer, error);
        }
}

static void print_all(enum answer which, const char *name, bool with_errno)
{
        const char *comma = "";
        printf("\"%s\": [", name);
        for (size_t i = 0; i < N_MAJORS; i++)
                for (unsigned m = 0; m < MAX_MINORS; m++)
                        if (majors[i].answers[m] == which) {
                                const char *error = with_errno ? strerrorname_np(majors[i].errnos[m]) : NULL;
                                printf("%s\"%u:%u%s%s\"", comma, majors[i].number, m, error ? " " : "", error ? error : "");
                                comma = ", ";
                        }
        printf("]");
}

static unsigned count(enum answer which)
{
        unsigned n = 0;
        for (size_t i = 0; i < N_MAJORS; i++)
                for (unsigned m = 0; m < MAX_MINORS; m++)
                        n += majors[i].answers[m] == which;
        return n;
}

int main(int argc, char **argv)
{
        for (int i = 1; i + 1 < argc; i += 2)
                for (size_t k = 0; k < N_MAJORS; k++)
                        if (!strcmp(argv[i], majors[k].option))
                                majors[k].number = (unsigned)strtoul(argv[i + 1], NULL, 10);
        walk("/dev", 0);
        for (size_t i = 0; i < N_MAJORS; i++)
                make_and_open(&majors[i], place());
        printf("{");
        print_all(GRANTED, "granted", false);
        printf(", \"denied\": %u, \"mknod_refused\": %u, ", count(DENIED), count(REFUSED));
        print_all(OTHER, "other", true);
        printf(", \"paths\": {");
        for (size_t i = 0; i < n_paths; i++)
                printf("%s\"%s\": \"%s\"", i ? ", " : "", paths[i].path, paths[i].answer);
        printf("}}\n");
        return 0;
}
