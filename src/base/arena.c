#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, ALIGN = 16 };

struct sc_arena_chunk {
        struct sc_arena_chunk *older;
        size_t used, size;
        bool borrowed; /* not ours to free */
        _Alignas(ALIGN) char data[];
};

static void __attribute__((noreturn, cold)) out_of_memory(void)
{
        static const char text[] = "subcard E903: no memory\n";
        ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
        (void)ignored;
        _exit(1); /* lint: exit: the only place, see the header */
}

static size_t aligned(size_t size)
{
        return (size + ALIGN - 1) / ALIGN * ALIGN;
}

void *sc_arena_alloc(struct sc_arena *arena, size_t size)
{
        if (size > PTRDIFF_MAX - CHUNK)
                out_of_memory();
        size = aligned(size);

        struct sc_arena_chunk *c = arena->chunk;
        if (!c || c->size - c->used < size) {
                size_t room = size > CHUNK ? size : CHUNK;
                c = calloc(1, sizeof *c + room);
                if (!c)
                        out_of_memory();
                c->size = room;
                c->older = arena->chunk;
                arena->chunk = c;
        }
        void *p = c->data + c->used;
        c->used += size;
        return p;
}

void sc_arena_start(struct sc_arena *arena, void *memory, size_t size)
{
        uintptr_t start = ((uintptr_t)memory + ALIGN - 1) / ALIGN * ALIGN;
        size_t lost = start - (uintptr_t)memory + sizeof(struct sc_arena_chunk);
        if (size < lost + CHUNK / 16)
                return;
        struct sc_arena_chunk *c = (void *)start;
        *c = (struct sc_arena_chunk){ .older = arena->chunk, .size = size - lost, .borrowed = true };
        arena->chunk = c;
}

void sc_arena_shrink(struct sc_arena *arena, void *last, size_t old_size, size_t new_size)
{
        struct sc_arena_chunk *c = arena->chunk;
        old_size = aligned(old_size);
        if (c && c->used >= old_size && c->data + c->used - old_size == (char *)last)
                c->used -= old_size - aligned(new_size);
}

void *sc_arena_array(struct sc_arena *arena, size_t n, size_t size)
{
        size_t bytes;
        if (__builtin_mul_overflow(n, size, &bytes))
                out_of_memory();
        return sc_arena_alloc(arena, bytes);
}

void *sc_arena_grow(struct sc_arena *arena, void *list, size_t n, size_t *size, size_t object)
{
        if (n < *size)
                return list;
        *size = *size ? *size * 2 : 16;
        void *more = sc_arena_array(arena, *size, object);
        if (n)
                memcpy(more, list, n * object);
        return more;
}

void sc_arena_free(struct sc_arena *arena)
{
        while (arena->chunk) {
                struct sc_arena_chunk *c = arena->chunk;
                arena->chunk = c->older;
                if (!c->borrowed)
                        free(c);
        }
}
