/* A stand-in for libcuda.so.1: what listing the GPUs needs, after NVIDIA's CUDA driver API reference.
   Nothing is computed: a context cannot be made (801, not supported). */
#include "stub.h"

enum { OK = 0, INVALID_VALUE = 1, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101, NOT_SUPPORTED = 801 };

struct named { int code; const char *name, *words; };
/* Names and sentences: CUresult in the CUDA driver API reference. */
static const struct named ERRORS[] = {
    {0, "CUDA_SUCCESS", "no error"},
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {34, "CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"},
    {46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {801, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {802, "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"},
    {804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", "forward compatibility was attempted on non supported HW"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

static int ready = 0;

static const struct named *named(int code) {
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++)
        if (ERRORS[i].code == code)
            return &ERRORS[i];
    return NULL;
}
int cuGetErrorName(int code, const char **out) {
    *out = named(code) ? named(code)->name : NULL;
    return *out ? OK : INVALID_VALUE;
}
int cuGetErrorString(int code, const char **out) {
    *out = named(code) ? named(code)->words : NULL;
    return *out ? OK : INVALID_VALUE;
}

/* The GPUs that a program may use: all, or those that CUDA_VISIBLE_DEVICES counts (numbers only). */
static int visible[64], visible_count = -1;
static void choose(void) {
    char text[256];
    const char *given = getenv("CUDA_VISIBLE_DEVICES");
    visible_count = 0;
    if (!given) {
        while (visible_count < gpu_count() && visible_count < 64) {
            visible[visible_count] = visible_count;
            visible_count++;
        }
        return;
    }
    snprintf(text, sizeof text, "%s", given);
    for (char *save, *one = strtok_r(text, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
        char *end;
        long index = strtol(one, &end, 10);
        if (end == one || index < 0 || index >= gpu_count())
            return;
        visible[visible_count++] = (int)index;
    }
}

int cuInit(unsigned flags) {
    (void)flags;
    OBEY;
    int code = setting_number("cuda.init", OK);
    if (code)
        return code;
    choose();
    if (!visible_count)
        return NO_DEVICE;
    ready = 1;
    return OK;
}
int cuDriverGetVersion(int *out) { OBEY; *out = cuda_number(); return OK; }
int cuDeviceGetCount(int *out) {
    OBEY;
    if (!ready)
        return NOT_INITIALIZED;
    *out = visible_count;
    return OK;
}
int cuDeviceGet(int *out, int index) {
    OBEY;
    if (index < 0 || index >= visible_count)
        return INVALID_DEVICE;
    *out = visible[index];
    return OK;
}
int cuDeviceGetName(char *out, int size, int device) {
    OBEY;
    snprintf(out, (size_t)size, "%s", gpu_kind(device)->name);
    return OK;
}
int cuDeviceGetPCIBusId(char *out, int size, int device) {
    OBEY;
    snprintf(out, (size_t)size, "0000:%02X:00.0", gpu_bus(device));
    return OK;
}
int cuDeviceTotalMem_v2(size_t *out, int device) {
    OBEY;
    *out = (size_t)gpu_kind(device)->memory_mb << 20;
    return OK;
}
int cuDeviceGetUuid(unsigned char *out, int device) { OBEY; memset(out, device + 1, 16); return OK; }
int cuDeviceGetUuid_v2(unsigned char *out, int device) { OBEY; memset(out, device + 1, 16); return OK; }

/* CUdevice_attribute numbers of cuda.h; the values are an RTX 4090's, but for the compute capability. */
int cuDeviceGetAttribute(int *out, int attribute, int device) {
    OBEY;
    switch (attribute) {
    case 75: *out = gpu_kind(device)->major; break;
    case 76: *out = gpu_kind(device)->minor; break;
    case 20: *out = gpu_number(device, "compute_mode", 0); break;
    case 33: *out = (int)gpu_bus(device); break;
    case 1: case 2: case 3: *out = 1024; break;     /* threads per block, block dimensions */
    case 4: *out = 64; break;
    case 5: *out = 2147483647; break;               /* grid dimensions */
    case 6: case 7: *out = 65535; break;
    case 8: *out = 49152; break;                    /* shared memory per block */
    case 97: *out = 101376; break;                  /* … with opt-in */
    case 81: *out = 102400; break;                  /* shared memory per multiprocessor */
    case 10: *out = 32; break;                      /* warp */
    case 12: case 82: *out = 65536; break;          /* registers */
    case 13: *out = 2520000; break;                 /* clock, kHz */
    case 16: *out = 128; break;                     /* multiprocessors */
    case 36: *out = 10501000; break;                /* memory clock, kHz */
    case 37: *out = 384; break;                     /* bus width */
    case 38: *out = 75497472; break;                /* L2 */
    case 39: *out = 1536; break;                    /* threads per multiprocessor */
    case 41: case 83: *out = 1; break;              /* unified addressing, managed memory */
    case 106: *out = 24; break;                     /* blocks per multiprocessor */
    default: *out = 0;
    }
    return OK;
}
int cuDevicePrimaryCtxRetain(void **out, int device) { OBEY; (void)device; *out = NULL; return NOT_SUPPORTED; }
int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) {
    OBEY;
    (void)device;
    *flags = 0;
    *active = 0;
    return OK;
}
int cuCtxGetCurrent(void **out) { OBEY; *out = NULL; return OK; }
int cuCtxSetCurrent(void *context) { OBEY; (void)context; return NOT_SUPPORTED; }
