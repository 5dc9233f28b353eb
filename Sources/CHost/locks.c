#define _GNU_SOURCE
#include "CHost.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int names_a_lock(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    char line[256];
    int found = 0;
    while (!found && fgets(line, sizeof line, file))
        found = strncmp(line, "lock:", 5) == 0 && strstr(line, "OFDLCK") != NULL;
    fclose(file);
    return found;
}

static int holds_lock(const char *pid, uint64_t device, uint64_t inode) {
    char path[600];
    snprintf(path, sizeof path, "/proc/%s/fdinfo", pid);
    DIR *directory = opendir(path);
    if (!directory)
        return 0;
    int found = 0;
    for (struct dirent *entry; !found && (entry = readdir(directory));) {
        struct stat status;
        snprintf(path, sizeof path, "/proc/%s/fd/%s", pid, entry->d_name);
        if (!isdigit((unsigned char)*entry->d_name) || stat(path, &status) < 0 || status.st_dev != device ||
            status.st_ino != inode)
            continue;
        snprintf(path, sizeof path, "/proc/%s/fdinfo/%s", pid, entry->d_name);
        found = names_a_lock(path);
    }
    closedir(directory);
    return found;
}

int chost_find_lock_holder(uint64_t device, uint64_t inode, char *name, size_t size) {
    DIR *processes = opendir("/proc");
    if (!processes)
        return 0;
    int holder = 0;
    for (struct dirent *entry; !holder && (entry = readdir(processes));)
        if (isdigit((unsigned char)*entry->d_name) && holds_lock(entry->d_name, device, inode))
            holder = atoi(entry->d_name);
    closedir(processes);
    *name = '\0';
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/comm", holder);
    FILE *file = holder ? fopen(path, "re") : NULL;
    if (file) {
        if (fgets(name, (int)size, file))
            name[strcspn(name, "\n")] = '\0';
        fclose(file);
    }
    return holder;
}

int chost_lock_file(int fd, int is_exclusive) {
    struct flock lock = {.l_type = is_exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

int chost_wait_for_lock(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (fcntl(fd, F_OFD_SETLKW, &lock) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int chost_file_type(const char *path) {
    struct stat status;
    if (stat(path, &status) < 0)
        return -errno;
    if (S_ISREG(status.st_mode))
        return CHOST_REGULAR_FILE;
    if (S_ISBLK(status.st_mode))
        return CHOST_BLOCK_DEVICE;
    return S_ISDIR(status.st_mode) ? CHOST_DIRECTORY : CHOST_OTHER_FILE;
}
