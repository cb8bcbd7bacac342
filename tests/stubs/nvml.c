/* A stand-in for libnvidia-ml.so.1: the functions that an inventory asks, after NVIDIA's NVML API reference.
   A handle is a pointer into `handles`; what has no name here is missing, as in an old driver. */
#include "stub.h"

enum { OK = 0, BAD_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, LOST = 15 };

struct handle { int gpu, part; };
static struct handle handles[64], parts[64 * 8];

struct pci { char old[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; };
struct memory { unsigned long long total, free, used; };
struct memory_v2 { unsigned version; unsigned long long total, reserved, free, used; };
struct use { unsigned gpu, memory; };
struct process { unsigned pid; unsigned long long used; unsigned gpu_part, compute_part; };
struct fabric { unsigned char cluster[16]; int status; unsigned clique; unsigned char state; };

#define GPU (handle->gpu)

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    OBEY;
    return setting_number("nvml.init", OK);
}
int nvmlInit_v2(void) {
    OBEY;
    return setting_number("nvml.init", OK);
}
int nvmlInit(void) { return nvmlInit_v2(); }
int nvmlShutdown(void) { OBEY; return OK; }
const char *nvmlErrorString(int code) { return code ? "stand-in error" : "Success"; }

static int put(char *out, unsigned size, const char *key, const char *otherwise) {
    char text[96];
    snprintf(out, size, "%s", setting(key, text, sizeof text) ? text : otherwise);
    return OK;
}
int nvmlSystemGetDriverVersion(char *out, unsigned size) { OBEY; return put(out, size, "driver", "550.54.14"); }
int nvmlSystemGetNVMLVersion(char *out, unsigned size) { OBEY; return put(out, size, "nvml", "12.550.54.14"); }
int nvmlSystemGetCudaDriverVersion(int *out) { OBEY; *out = cuda_number(); return OK; }
int nvmlSystemGetCudaDriverVersion_v2(int *out) { OBEY; *out = cuda_number(); return OK; }
int nvmlDeviceGetCount_v2(unsigned *out) { OBEY; *out = (unsigned)gpu_count(); return OK; }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, struct handle **out) {
    OBEY;
    if ((int)index >= gpu_count())
        return BAD_ARGUMENT;
    if (gpu_number((int)index, "lost", 0))
        return LOST;
    handles[index].gpu = (int)index;
    handles[index].part = -1;
    *out = &handles[index];
    return OK;
}

int nvmlDeviceGetName(struct handle *handle, char *out, unsigned size) {
    OBEY;
    snprintf(out, size, "%s", gpu_kind(GPU)->name);
    return OK;
}
int nvmlDeviceGetUUID(struct handle *handle, char *out, unsigned size) {
    OBEY;
    if (handle->part >= 0)
        snprintf(out, size, "MIG-%08x-0000-5000-8000-%012x", 0xabc00000u + (unsigned)GPU, (unsigned)handle->part);
    else
        snprintf(out, size, "GPU-%08x-0000-4000-8000-000000000000", 0xabc00000u + (unsigned)GPU);
    return OK;
}
int nvmlDeviceGetPciInfo_v3(struct handle *handle, struct pci *out) {
    OBEY;
    memset(out, 0, sizeof *out);
    out->bus = gpu_bus(GPU);
    out->id = gpu_kind(GPU)->device << 16 | 0x10de;
    snprintf(out->old, sizeof out->old, "0000:%02X:00.0", out->bus);
    snprintf(out->bus_id, sizeof out->bus_id, "00000000:%02X:00.0", out->bus);
    return OK;
}
int nvmlDeviceGetCudaComputeCapability(struct handle *handle, int *major, int *minor) {
    OBEY;
    *major = gpu_kind(GPU)->major;
    *minor = gpu_kind(GPU)->minor;
    return OK;
}
static unsigned long long mib(int count) { return (unsigned long long)count << 20; }
int nvmlDeviceGetMemoryInfo(struct handle *handle, struct memory *out) {
    OBEY;
    out->total = mib(gpu_kind(GPU)->memory_mb);
    out->used = mib(gpu_number(GPU, "used_mb", 1) + 400); /* the first form counts the driver's reserve */
    out->free = out->total - out->used;
    return OK;
}
int nvmlDeviceGetMemoryInfo_v2(struct handle *handle, struct memory_v2 *out) {
    OBEY;
    out->total = mib(gpu_kind(GPU)->memory_mb);
    out->reserved = mib(400);
    out->used = mib(gpu_number(GPU, "used_mb", 1));
    out->free = out->total - out->used - out->reserved;
    return OK;
}

/* MIG: supported by data-center cards from Ampere on. */
int nvmlDeviceGetMigMode(struct handle *handle, unsigned *now, unsigned *pending) {
    OBEY;
    if (!gpu_kind(GPU)->data_center)
        return NOT_SUPPORTED;
    *now = *pending = (unsigned)gpu_number(GPU, "mig", 0);
    return OK;
}
int nvmlDeviceGetMaxMigDeviceCount(struct handle *handle, unsigned *out) {
    OBEY;
    *out = gpu_kind(GPU)->data_center ? 7 : 0;
    return OK;
}
int nvmlDeviceGetMigDeviceHandleByIndex(struct handle *handle, unsigned index, struct handle **out) {
    OBEY;
    if ((int)index >= gpu_number(GPU, "mig_instances", 0))
        return NOT_FOUND;
    parts[GPU * 8 + (int)index] = (struct handle){GPU, (int)index};
    *out = &parts[GPU * 8 + (int)index];
    return OK;
}

int nvmlDeviceGetComputeMode(struct handle *handle, int *out) {
    OBEY;
    *out = gpu_number(GPU, "compute_mode", 0);
    return OK;
}
int nvmlDeviceGetEccMode(struct handle *handle, int *now, int *pending) {
    OBEY;
    if (!gpu_kind(GPU)->data_center)
        return NOT_SUPPORTED;
    *now = *pending = 1;
    return OK;
}
int nvmlDeviceGetTotalEccErrors(struct handle *handle, int kind, int counter, unsigned long long *out) {
    OBEY;
    (void)counter;
    *out = kind == 1 ? (unsigned long long)gpu_number(GPU, "ecc_uncorrected", 0) : 0;
    return OK;
}
int nvmlDeviceGetRemappedRows(struct handle *handle, unsigned *corrected, unsigned *uncorrected, unsigned *pending,
                              unsigned *failed) {
    OBEY;
    if (!gpu_kind(GPU)->data_center)
        return NOT_SUPPORTED;
    *corrected = *uncorrected = 0;
    *pending = (unsigned)gpu_number(GPU, "remap_pending", 0);
    *failed = (unsigned)gpu_number(GPU, "remap_failed", 0);
    return OK;
}
int nvmlDeviceGetTemperature(struct handle *handle, int sensor, unsigned *out) {
    OBEY;
    (void)sensor;
    *out = (unsigned)gpu_number(GPU, "temperature", 41);
    return OK;
}
int nvmlDeviceGetPowerUsage(struct handle *handle, unsigned *out) {
    OBEY;
    *out = (unsigned)gpu_number(GPU, "power_mw", 21340);
    return OK;
}
int nvmlDeviceGetEnforcedPowerLimit(struct handle *handle, unsigned *out) {
    OBEY;
    *out = (unsigned)gpu_number(GPU, "power_limit_mw", 450000);
    return OK;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(struct handle *handle, unsigned long long *out) {
    OBEY;
    *out = (unsigned long long)gpu_number(GPU, "throttle", 1);
    return OK;
}
int nvmlDeviceGetUtilizationRates(struct handle *handle, struct use *out) {
    OBEY;
    out->gpu = (unsigned)gpu_number(GPU, "utilization", 0);
    out->memory = 0;
    return OK;
}
int nvmlDeviceGetVirtualizationMode(struct handle *handle, int *out) { OBEY; (void)handle; *out = 0; return OK; }

/* "pid:MiB,pid:MiB" */
int nvmlDeviceGetComputeRunningProcesses_v3(struct handle *handle, unsigned *count, struct process *out) {
    char text[512];
    unsigned found = 0, room = *count;
    OBEY;
    if (!gpu_setting(GPU, "processes", text, sizeof text))
        text[0] = 0;
    for (char *save, *one = strtok_r(text, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
        unsigned pid = 0, used = 0;
        sscanf(one, "%u:%u", &pid, &used);
        if (found < room && out)
            out[found] = (struct process){pid, mib((int)used), 0xffffffff, 0xffffffff};
        found++;
    }
    *count = found;
    return found > room || (found && !out) ? TOO_SMALL : OK;
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(struct handle *handle, unsigned *count, struct process *out) {
    OBEY;
    (void)handle;
    (void)out;
    *count = 0;
    return OK;
}
int nvmlDeviceGetGpuFabricInfo(struct handle *handle, struct fabric *out) {
    OBEY;
    int state = gpu_number(GPU, "fabric", 0);
    memset(out, 0, sizeof *out);
    out->state = (unsigned char)state;
    return OK;
}
