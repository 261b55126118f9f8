#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static const struct {
        enum sc_code code;
        int exit;
        const char *meaning;
} errors[] = {
#define X(number, exit, name, meaning) { SC_E_##name, exit, meaning },
        SC_ERRORS(X)
#undef X
};

/* The client of dockerd 20.10 greps messages for the libc texts of ENOENT and EACCES. */
static const struct {
        int number;
        const char *text;
} errno_texts[] = {
        { ENOENT, "does not exist" },
        { EACCES, "access refused" },
        { EPERM, "not permitted" },
        { ENOSPC, "the disk is full" },
        { EROFS, "the file system is read-only" },
        { ELOOP, "a symbolic link stands in the way" },
        { EXDEV, "leads to another file system" },
        { ENOTDIR, "a part of the path is no directory" },
        { EISDIR, "is a directory" },
        { EEXIST, "is there already" },
        { ETXTBSY, "is being written" },
        { ENOEXEC, "has no known program format" },
};

const char *sc_errno_text(int number)
{
        for (size_t i = 0; i < sizeof errno_texts / sizeof *errno_texts; i++)
                if (errno_texts[i].number == number)
                        return errno_texts[i].text;
        return strerror(number);
}

int sc_fail(struct sc_error *err, enum sc_code code, const char *fmt, ...)
{
        va_list args;
        va_start(args, fmt);
        err->code = code;
        (void)vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        return -(int)code;
}

/* Inserts text into err->text at a position; what no longer fits is cut at the end. */
static void insert(struct sc_error *err, size_t at, const char *text)
{
        size_t room = sizeof err->text - 1 - at;
        size_t n = strlen(text);
        if (n > room)
                n = room;
        size_t tail = strlen(err->text + at);
        if (tail > room - n)
                tail = room - n;
        memmove(err->text + at + n, err->text + at, tail);
        memcpy(err->text + at, text, n);
        err->text[at + n + tail] = '\0';
}

int sc_fail_errno(struct sc_error *err, enum sc_code code, const char *fmt, ...)
{
        const char *text = sc_errno_text(errno);
        va_list args;
        va_start(args, fmt);
        err->code = code;
        (void)vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        insert(err, strcspn(err->text, "\n"), text);
        insert(err, strcspn(err->text, "\n") - strlen(text), ": ");
        return -(int)code;
}

int sc_within(struct sc_error *err, const char *fmt, ...)
{
        char context[256];
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(context, sizeof context, fmt, args);
        va_end(args);
        insert(err, 0, ": ");
        insert(err, 0, context);
        return -(int)err->code;
}

int sc_exit_code(enum sc_code code)
{
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
                if (errors[i].code == code)
                        return errors[i].exit;
        return 1;
}

const char *sc_code_meaning(enum sc_code code)
{
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
                if (errors[i].code == code)
                        return errors[i].meaning;
        return NULL;
}

void sc_error_print(const struct sc_error *err, FILE *to)
{
        static const char *const labels[] = { "", "  why: ", "  try: " };
        const char *at = err->text;

        fprintf(to, "error[E%d] ", (int)err->code);
        for (size_t i = 0; i < 3 && *at; i++) {
                size_t n = strcspn(at, "\n");
                if (n) /* an error may have something to try and no reason */
                        fprintf(to, "%s%.*s\n", labels[i], (int)n, at);
                at += n + (at[n] == '\n');
        }
}

const char *sc_error_line(const struct sc_error *err, char *out, size_t size)
{
        static const char *const joints[] = { "", "; ", "; try: " };
        const char *at = err->text;
        size_t used = (size_t)snprintf(out, size, "subcard E%d: ", (int)err->code);

        for (size_t i = 0; i < 3 && *at && used < size; i++) {
                size_t n = strcspn(at, "\n");
                if (n)
                        used += (size_t)snprintf(out + used, size - used, "%s%.*s", joints[i], (int)n, at);
                at += n + (at[n] == '\n');
        }
        return out;
}
