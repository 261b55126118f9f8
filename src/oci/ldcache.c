#include "oci/ldcache.h"

#include "base/arch.h"

#include <string.h>

enum { FLAGS_ANY_ELF = 1 }; /* old entries that every loader takes */

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* The loader's numbers wrap around at 32 bits; we must sort as it searches. */
static uint32_t number(struct sc_span text, size_t *at)
{
        uint32_t value = 0;
        for (; *at < text.len && is_digit(text.at[*at]); ++*at)
                value = value * 10 + (uint32_t)(text.at[*at] - '0');
        return value;
}

int sc_ldcache_compare(struct sc_span a, struct sc_span b)
{
        size_t i = 0, k = 0;
        while (i < a.len) {
                char x = a.at[i], y = k < b.len ? b.at[k] : '\0'; /* plain char: the loader compares with its sign */
                if (is_digit(x) != is_digit(y))
                        return is_digit(x) ? 1 : -1;
                if (is_digit(x)) {
                        uint32_t p = number(a, &i), q = number(b, &k);
                        if (p != q)
                                return (int32_t)(p - q) > 0 ? 1 : -1;
                } else if (x != y) {
                        return x > y ? 1 : -1;
                } else {
                        i++;
                        k++;
                }
        }
        char rest = k < b.len ? b.at[k] : '\0';
        return rest == '\0' ? 0 : rest > 0 ? -1 : 1;
}

static int order(const struct sc_ld_entry *a, const struct sc_ld_entry *b)
{
        return sc_ldcache_compare(b->soname, a->soname);
}

/* Stable, and leaves a sorted part as it is: an image's cache costs one walk. */
static void sort(struct sc_ld_entry *list, size_t n, struct sc_ld_entry *spare)
{
        if (n < 2)
                return;
        size_t half = n / 2;
        sort(list, half, spare);
        sort(list + half, n - half, spare);
        if (order(&list[half - 1], &list[half]) <= 0)
                return;
        memcpy(spare, list, half * sizeof *list);
        for (size_t left = 0, right = half, to = 0; left < half; to++)
                list[to] = right == n || order(&spare[left], &list[right]) <= 0 ? spare[left++] : list[right++];
}

/* ours is sorted. */
static bool is_ours(const struct sc_ld_entry *ours, size_t n, const struct sc_ld_entry *entry)
{
        while (n) {
                const struct sc_ld_entry *middle = &ours[n / 2];
                int side = order(entry, middle);
                if (side == 0)
                        return true;
                if (side > 0) {
                        ours = middle + 1;
                        n -= n / 2 + 1;
                } else {
                        n /= 2;
                }
        }
        return false;
}

static bool is_below(struct sc_span path, const char *dir)
{
        size_t len = strlen(dir);
        return len > 0 && sc_span_starts(path, dir) && path.len > len && path.at[len] == '/';
}

static bool competes(int32_t flags)
{
        return flags == SC_ARCH_LD_FLAGS || flags == FLAGS_ANY_ELF;
}

static int check_ours(const struct sc_ld_entry *ours, size_t n, struct sc_error *err)
{
        for (size_t i = 0; i < n; i++) {
                if (!ours[i].soname.len || ours[i].soname.len > SC_LDCACHE_MAX_NAME || !sc_span_starts(ours[i].path, "/") ||
                    ours[i].path.len > SC_LDCACHE_MAX_NAME)
                        return sc_fail(err, SC_E_USAGE, "\"%s\" at \"%s\" can't be in a loader cache",
                                       sc_show(ours[i].soname).text, sc_show(ours[i].path).text);
        }
        return 0;
}

static struct sc_ld_entry *ours_sorted(struct sc_arena *arena, const struct sc_ld_entry *ours, size_t *n,
                                       struct sc_ld_entry *spare)
{
        struct sc_ld_entry *list = SC_NEW_ARRAY(arena, struct sc_ld_entry, *n);
        for (size_t i = 0; i < *n; i++)
                list[i] = (struct sc_ld_entry){ .soname = ours[i].soname, .path = ours[i].path, .flags = SC_ARCH_LD_FLAGS };
        sort(list, *n, spare);
        size_t kept = 0; /* the first of two of one name */
        for (size_t i = 0; i < *n; i++) {
                if (!kept || order(&list[kept - 1], &list[i]) != 0)
                        list[kept++] = list[i];
        }
        *n = kept;
        return list;
}

int sc_ldcache_merge(struct sc_arena *arena, struct sc_span image, /* lint: parameters: plain data */
                     const struct sc_ld_entry *ours, size_t n_ours, const char *our_dir, struct sc_buf *out,
                     struct sc_error *err)
{
        struct sc_ld_cache cache = { 0 };
        int rc = image.len ? sc_ldcache_parse(arena, image, &cache, err) : 0;
        if (rc == 0)
                rc = check_ours(ours, n_ours, err);
        if (rc < 0)
                return rc;

        size_t most = cache.n + n_ours, n = 0;
        struct sc_ld_entry *spare = SC_NEW_ARRAY(arena, struct sc_ld_entry, most);
        struct sc_ld_entry *mine = ours_sorted(arena, ours, &n_ours, spare);
        struct sc_ld_entry *all = SC_NEW_ARRAY(arena, struct sc_ld_entry, most);
        for (size_t i = 0; i < cache.n; i++) {
                const struct sc_ld_entry *entry = &cache.entries[i];
                bool goes = is_below(entry->path, our_dir) || (competes(entry->flags) && is_ours(mine, n_ours, entry));
                if (!goes)
                        all[n++] = *entry;
        }
        if (n_ours)
                memcpy(all + n, mine, n_ours * sizeof *mine);
        n += n_ours;
        sort(all, n, spare);
        cache.entries = all;
        cache.n = n;
        return sc_ldcache_write(&cache, out, err);
}
