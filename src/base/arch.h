/*
 * arch: what differs between the machines that subcard runs on, as names and numbers of their C libraries.
 *
 * Both are 64-bit and little endian; files such as the loader cache are read and written as they lie in memory.
 */
#pragma once
#include <elf.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "only little-endian machines are known"
#endif

#if defined(__x86_64__)
#define SC_ARCH_MULTIARCH   "x86_64-linux-gnu"
#define SC_ARCH_MUSL_LOADER "ld-musl-x86_64.so.1"
/* SC_ARCH_LD_FLAGS: what ldconfig notes of a library of this machine that needs libc.so.6; the loader takes no others */
enum { SC_ARCH_ELF = EM_X86_64, SC_ARCH_LD_FLAGS = 0x0303 };
#elif defined(__aarch64__)
#define SC_ARCH_MULTIARCH   "aarch64-linux-gnu"
#define SC_ARCH_MUSL_LOADER "ld-musl-aarch64.so.1"
enum { SC_ARCH_ELF = EM_AARCH64, SC_ARCH_LD_FLAGS = 0x0a03 };
#else
#error "the library folders of this machine are not known"
#endif
