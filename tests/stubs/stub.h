/* What both stand-ins share: settings, and for every function a way to fail, hang or crash.

   Settings are "key=value" pairs separated by ';' or line ends, in $ENVCHECK_STUB or, where that is
   not set, in the file stub.conf beside the library:

     kind=rtx4090|a100|h100|gtx1080|rtx5090   the GPUs (gpu1.kind=… for one of them), gpus=1 how many
     driver=550.54.14  cuda=12.4              what the driver says it is
     init=18                                  the code of nvmlInit / cuInit: nvml.init, cuda.init
     err.<function>=N  hang.<function>=S  crash.<function>=1
     mig=1  mig_instances=2  compute_mode=3  ecc_uncorrected=4  remap_pending=1  remap_failed=1
     used_mb=512  processes=1234:20000,99:12  lost=1 (code 15 for this GPU)  fabric=3
   Each of these can be given for one GPU as gpu0.mig=1. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kind {
    const char *key, *name;
    unsigned device, bus_step;
    int major, minor, memory_mb, data_center;
};

/* PCI device ids: pci.ids. Memory: what nvidia-smi shows for these cards. */
static const struct kind KINDS[] = {
    {"rtx4090", "NVIDIA GeForce RTX 4090", 0x2684, 1, 8, 9, 24564, 0},
    {"a100", "NVIDIA A100-SXM4-80GB", 0x20b2, 8, 8, 0, 81920, 1},
    {"h100", "NVIDIA H100 80GB HBM3", 0x2330, 16, 9, 0, 81559, 1},
    {"gtx1080", "NVIDIA GeForce GTX 1080", 0x1b80, 1, 6, 1, 8192, 0},
    {"rtx5090", "NVIDIA GeForce RTX 5090", 0x2b85, 1, 12, 0, 32607, 0},
};

static const char *settings(void) {
    static char text[8192];
    static int read_already = 0;
    const char *given = getenv("ENVCHECK_STUB");
    if (given)
        return given;
    if (!read_already) {
        Dl_info here;
        char path[4096];
        read_already = 1;
        if (dladdr((void *)settings, &here) && strrchr(here.dli_fname, '/')) {
            snprintf(path, sizeof path, "%.*s/stub.conf", (int)(strrchr(here.dli_fname, '/') - here.dli_fname),
                     here.dli_fname);
            FILE *file = fopen(path, "r");
            if (file) {
                text[fread(text, 1, sizeof text - 1, file)] = 0;
                fclose(file);
            }
        }
    }
    return text;
}

/* The value of a key, in `out`; 0 where it is not set. The last one given wins. */
static int setting(const char *key, char *out, size_t size) {
    size_t length = strlen(key);
    int found = 0;
    for (const char *at = settings(); at && *at;) {
        size_t rest = strcspn(at, ";\n");
        if (rest > length && !strncmp(at, key, length) && at[length] == '=') {
            snprintf(out, size, "%.*s", (int)(rest - length - 1), at + length + 1);
            found = 1;
        }
        at += rest;
        if (*at)
            at++;
    }
    return found;
}

static int setting_number(const char *key, int otherwise) {
    char text[64];
    return setting(key, text, sizeof text) ? atoi(text) : otherwise;
}

/* A setting of one GPU: gpu<index>.<key>, else <key>. */
static int gpu_setting(int index, const char *key, char *out, size_t size) {
    char full[64];
    snprintf(full, sizeof full, "gpu%d.%s", index, key);
    return setting(full, out, size) || setting(key, out, size);
}

static int gpu_number(int index, const char *key, int otherwise) {
    char text[64];
    return gpu_setting(index, key, text, sizeof text) ? atoi(text) : otherwise;
}

static const struct kind *gpu_kind(int index) {
    char text[64];
    if (gpu_setting(index, "kind", text, sizeof text))
        for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
            if (!strcmp(KINDS[i].key, text))
                return &KINDS[i];
    return &KINDS[0];
}

static int gpu_count(void) { return setting_number("gpus", 1); }
static unsigned gpu_bus(int index) { return 1 + index * gpu_kind(index)->bus_step; }

static int cuda_number(void) { /* "12.4" is 12040 */
    char text[32];
    int major = 12, minor = 4;
    if (setting("cuda", text, sizeof text))
        sscanf(text, "%d.%d", &major, &minor);
    return major * 1000 + minor * 10;
}

/* Called first by every function: hangs or crashes if told to, and says with which code to fail. */
static int told(const char *function) {
    char key[96];
    snprintf(key, sizeof key, "crash.%s", function);
    if (setting_number(key, 0))
        abort();
    snprintf(key, sizeof key, "hang.%s", function);
    if (setting_number(key, 0))
        sleep((unsigned)setting_number(key, 0));
    snprintf(key, sizeof key, "err.%s", function);
    return setting_number(key, 0);
}

#define OBEY                                                                                                   \
    do {                                                                                                       \
        int code = told(__func__);                                                                             \
        if (code)                                                                                              \
            return code;                                                                                       \
    } while (0)
