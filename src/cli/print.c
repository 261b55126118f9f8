#include "cli/print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_set(const char *name)
{
        const char *value = getenv(name);
        return value && *value;
}

/* As locale(7): the first of the three that is set decides. */
static bool has_utf8(void)
{
        static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
        for (size_t i = 0; i < SC_COUNT(names); i++)
                if (is_set(names[i])) {
                        const char *value = getenv(names[i]);
                        return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
                }
        return false;
}

struct sc_term sc_term_of(int fd, const char *choice)
{
        const char *term = getenv("TERM");
        bool colour = isatty(fd) && !is_set("NO_COLOR") && term && strcmp(term, "dumb") != 0;
        if (choice && !strcmp(choice, "always"))
                colour = true;
        if (choice && !strcmp(choice, "never"))
                colour = false;
        return (struct sc_term){ colour, has_utf8() };
}

int sc_print(struct sc_span text)
{
        struct sc_error err;
        while (text.len) {
                ssize_t n = write(STDOUT_FILENO, text.at, text.len);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0) {
                        (void)sc_fail_errno(&err, SC_E_IO, "cannot write the answer to standard output");
                        return sc_print_error(&err);
                }
                text = (struct sc_span){ text.at + n, text.len - (size_t)n };
        }
        return 0;
}

int sc_print_error(const struct sc_error *err)
{
        sc_error_print(err, stderr);
        return sc_exit_code(err->code);
}

void sc_print_warnings(struct sc_span lines)
{
        struct sc_span line;
        while (sc_span_line(&lines, &line))
                (void)fprintf(stderr, "warning: %.*s\n", SC_PRINT(line));
}
