#include "runtime/log.h"

#include "base/json.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static void put(int fd, struct sc_span text)
{
        ssize_t ignored = write(fd, text.at, text.len); /* nobody is left to tell */
        (void)ignored;
}

static void to_file(const struct sc_log *log, const char *level, struct sc_span text)
{
        int fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
        if (fd < 0)
                return;
        char when[40];
        time_t now = time(NULL);
        struct tm tm;
        (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));

        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_buf line = { .arena = &arena };
        if (log->json) {
                struct sc_json_out out = { .buf = &line };
                sc_json_open(&out, NULL, '{');
                sc_json_put_text(&out, "level", level);
                sc_json_put_span(&out, "msg", text);
                sc_json_put_text(&out, "time", when);
                sc_json_close(&out, '}');
        } else {
                sc_buf_print(&line, "time=\"%s\" level=%s msg=", when, level);
                sc_json_quote(&line, text);
        }
        sc_buf_text(&line, "\n");
        put(fd, sc_buf_view(&line));
        (void)close(fd);
}

void sc_log_error(const struct sc_log *log, const struct sc_error *err)
{
        char line[1200];
        struct sc_span text = sc_span_of(sc_error_line(err, line, sizeof line));
        if (log->path)
                to_file(log, "error", text);
        put(STDERR_FILENO, text);
        put(STDERR_FILENO, SC_SPAN("\n"));
}

void sc_log_warnings(const struct sc_log *log, struct sc_span lines)
{
        struct sc_span line;
        while (sc_span_line(&lines, &line)) {
                if (!line.len)
                        continue;
                if (log->path) {
                        to_file(log, "warning", line);
                        continue;
                }
                put(STDERR_FILENO, SC_SPAN("subcard: warning: "));
                put(STDERR_FILENO, line);
                put(STDERR_FILENO, SC_SPAN("\n"));
        }
}
