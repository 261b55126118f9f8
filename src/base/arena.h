/*
 * arena: memory that lives as long as one task and is freed at once.
 *
 * Data graphs (a parsed config.json, an inventory, edits) live in an arena, so nothing inside them is freed singly and a
 * pointer into them is borrowed. When the system has no memory left the process ends with one line and exit code 1: no
 * caller could do better, and nothing has been changed by then that a next run does not mend.
 */
#pragma once
#include <stddef.h>

struct sc_arena {
        struct sc_arena_chunk *chunk; /* newest; older ones hang behind it */
};

/* Lets an empty arena begin in zeroed memory that outlives it: a short program then never asks the system for any. */
void sc_arena_start(struct sc_arena *arena, void *memory, size_t size);
/* Zeroed memory, aligned for any type. Never NULL. */
void *sc_arena_alloc(struct sc_arena *arena, size_t size) __attribute__((returns_nonnull, malloc));
/* n objects of one size; ends the process when the product overflows. */
void *sc_arena_array(struct sc_arena *arena, size_t n, size_t size) __attribute__((returns_nonnull, malloc));
/* The list with room for one object behind its first n: itself, or a copy of twice the *size (in objects; 0: NULL). */
void *sc_arena_grow(struct sc_arena *arena, void *list, size_t n, size_t *size, size_t object)
        __attribute__((returns_nonnull));
/* Gives back the end, which nobody has written to, of the allocation that was made last; of an earlier one nothing. */
void sc_arena_shrink(struct sc_arena *arena, void *last, size_t old_size, size_t new_size);
/* Frees everything; the arena can be used again. A zeroed arena is a valid empty one. */
void sc_arena_free(struct sc_arena *arena);

#define SC_NEW(arena, type)          ((type *)sc_arena_alloc((arena), sizeof(type)))
#define SC_NEW_ARRAY(arena, type, n) ((type *)sc_arena_array((arena), (n), sizeof(type)))

#define sc_auto_arena                __attribute__((cleanup(sc_arena_free))) /* sc_auto_arena struct sc_arena a = { 0 }; */
