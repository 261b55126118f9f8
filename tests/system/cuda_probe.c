/*
 * cuda_probe: what torch prints in the walk-through (O9, O10), asked from libcuda.so.1 as any CUDA program asks: found by
 * dlopen. First the properties of device 0, then the memory of its context. Exits with the CUDA error that stopped it.
 *
 * With --all: one line for each device instead: ordinal, name, MiB, multiprocessors, UUID, UUID of the parent, PCI bus id.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *library;

static void *function(const char *name)
{
        void *found = dlsym(library, name);
        if (!found) {
                fprintf(stderr, "cuda_probe: libcuda.so.1 has no %s\n", name);
                exit(254);
        }
        return found;
}

static void check(const char *what, int result)
{
        if (result == 0)
                return;
        int (*error_name)(int, const char **) = function("cuGetErrorName");
        const char *text = NULL;
        (void)error_name(result, &text);
        printf("CUDA available: False\n");
        fprintf(stderr, "cuda_probe: %s: %d %s\n", what, result, text ? text : "?");
        exit(result < 253 ? result : 253);
}

#define CALL(name, ...) check(#name, ((int (*)())function(#name))(__VA_ARGS__))

static int device_count(void)
{
        int count = 0;
        CALL(cuInit, 0U);
        CALL(cuDeviceGetCount, &count);
        return count;
}

static void tell(int count, size_t bytes)
{
        char name[256];
        CALL(cuDeviceGetName, name, (int)sizeof name, 0);
        printf("CUDA available: True\nDevice count: %d\nDevice name: %s\n", count, name);
        printf("Memory: %g GB\n", (double)bytes / (1024.0 * 1024.0 * 1024.0));
}

static void tell_both(void)
{
        size_t properties = 0, unused = 0, total = 0;
        void *context = NULL;
        int count = device_count();
        CALL(cuDeviceTotalMem_v2, &properties, 0);
        tell(count, properties);
        if (((int (*)())function("cuMemGetInfo_v2"))(&unused, &total) != 201) {
                fprintf(stderr, "cuda_probe: memory of a context is told without a context\n");
                exit(252);
        }
        CALL(cuDevicePrimaryCtxRetain, &context, 0);
        CALL(cuCtxSetCurrent, context);
        CALL(cuMemGetInfo_v2, &unused, &total);
        tell(count, total);
        CALL(cuDevicePrimaryCtxRelease_v2, 0);
}

static void print_uuid(const unsigned char bytes[16])
{
        for (int i = 0; i < 16; i++)
                printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
}

static void tell_all(void)
{
        int count = device_count();
        for (int i = 0; i < count; i++) {
                char name[256], bus[32];
                size_t bytes = 0;
                int sm = 0;
                unsigned char own[16], parent[16];
                CALL(cuDeviceGetName, name, (int)sizeof name, i);
                CALL(cuDeviceTotalMem_v2, &bytes, i);
                CALL(cuDeviceGetAttribute, &sm, 16, i);
                CALL(cuDeviceGetUuid_v2, own, i);
                CALL(cuDeviceGetUuid, parent, i);
                CALL(cuDeviceGetPCIBusId, bus, (int)sizeof bus, i);
                printf("%d, %s, %zu, %d, ", i, name, bytes >> 20, sm);
                print_uuid(own);
                printf(", ");
                print_uuid(parent);
                printf(", %s\n", bus);
        }
}

int main(int argc, char *argv[])
{
        library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
        if (!library) {
                printf("CUDA available: False\n");
                fprintf(stderr, "cuda_probe: %s\n", dlerror());
                return 255;
        }
        if (argc > 1 && strcmp(argv[1], "--all") == 0)
                tell_all();
        else
                tell_both();
        return fflush(stdout) ? 251 : 0;
}
