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
        for (;;) {
                while (i < a.len && k < b.len && a.at[i] == b.at[k] && !is_digit(a.at[i])) {
                        i++;
                        k++;
                }
                char x = i < a.len ? a.at[i] : '\0', y = k < b.len ? b.at[k] : '\0';
                if (is_digit(x) != is_digit(y))
                        return is_digit(x) ? 1 : -1;
                if (!is_digit(x))
                        return x == y ? 0 : x > y ? 1 : -1; /* plain char: the loader compares with its sign */
                uint32_t p = number(a, &i), q = number(b, &k);
                if (p != q)
                        return (int32_t)(p - q) > 0 ? 1 : -1;
        }
}

static int order(const struct sc_ld_entry *a, const struct sc_ld_entry *b)
{
        return sc_ldcache_compare(b->soname, a->soname);
}

static bool is_sorted(const struct sc_ld_entry *list, size_t n)
{
        for (size_t i = 1; i < n; i++) {
                if (order(&list[i - 1], &list[i]) > 0)
                        return false;
        }
        return true;
}

/* Stable. */
static void merge_sort(struct sc_ld_entry *list, size_t n, struct sc_ld_entry *spare)
{
        if (n < 2)
                return;
        size_t half = n / 2;
        merge_sort(list, half, spare);
        merge_sort(list + half, n - half, spare);
        if (order(&list[half - 1], &list[half]) <= 0)
                return;
        memcpy(spare, list, half * sizeof *list);
        for (size_t left = 0, right = half, to = 0; left < half; to++)
                list[to] = right == n || order(&spare[left], &list[right]) <= 0 ? spare[left++] : list[right++];
}

static void sort(struct sc_arena *arena, struct sc_ld_entry *list, size_t n)
{
        if (!is_sorted(list, n))
                merge_sort(list, n, SC_NEW_ARRAY(arena, struct sc_ld_entry, n / 2));
}

static bool is_below(struct sc_span path, struct sc_span dir)
{
        return dir.len > 0 && path.len > dir.len && path.at[dir.len] == '/' && memcmp(path.at, dir.at, dir.len) == 0;
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

static struct sc_ld_entry *ours_sorted(struct sc_arena *arena, const struct sc_ld_entry *ours, size_t *n)
{
        struct sc_ld_entry *list = SC_NEW_ARRAY(arena, struct sc_ld_entry, *n);
        for (size_t i = 0; i < *n; i++)
                list[i] = (struct sc_ld_entry){ .soname = ours[i].soname, .path = ours[i].path, .flags = SC_ARCH_LD_FLAGS };
        sort(arena, list, *n);
        size_t kept = 0; /* the first of two of one name */
        for (size_t i = 0; i < *n; i++) {
                if (!kept || order(&list[kept - 1], &list[i]) != 0)
                        list[kept++] = list[i];
        }
        *n = kept;
        return list;
}

/* The first place where an entry of this name may stand. */
static size_t place_of(const struct sc_ld_cache *cache, const struct sc_ld_entry *entry)
{
        size_t low = 0, high = cache->n;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (order(&cache->entries[middle], entry) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Both are sorted; so is the result. Of one name, what stays of the image's stands in front. */
static void join(struct sc_ld_cache *cache, const struct sc_ld_entry *ours, size_t n_ours, struct sc_span our_dir,
                 struct sc_ld_entry *to)
{
        size_t n = 0, next = 0;
        size_t place = n_ours ? place_of(cache, &ours[0]) : cache->n;
        for (size_t i = 0; i < cache->n; i++) {
                const struct sc_ld_entry *entry = &cache->entries[i];
                bool same = false;
                while (i >= place && next < n_ours && !(same = order(&ours[next], entry) == 0)) {
                        to[n++] = ours[next++];
                        place = next < n_ours ? place_of(cache, &ours[next]) : cache->n;
                }
                bool replaced = same && competes(entry->flags);
                if (!replaced && !is_below(entry->path, our_dir))
                        to[n++] = *entry;
        }
        while (next < n_ours)
                to[n++] = ours[next++];
        cache->entries = to;
        cache->n = n;
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
        sort(arena, cache.entries, cache.n);
        struct sc_ld_entry *mine = ours_sorted(arena, ours, &n_ours);
        join(&cache, mine, n_ours, sc_span_of(our_dir), SC_NEW_ARRAY(arena, struct sc_ld_entry, cache.n + n_ours));
        return sc_ldcache_write(&cache, out, err);
}
