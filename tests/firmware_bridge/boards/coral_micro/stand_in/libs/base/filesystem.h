// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>

struct lfs_t;
int lfs_rename(lfs_t *lfs, const char *from, const char *to);

namespace coralmicro {

lfs_t *Lfs();
bool LfsMakeDirs(const char *path);
std::string LfsDirname(const char *path);
ssize_t LfsSize(const char *path);
size_t LfsReadFile(const char *path, uint8_t *bytes, size_t size);
bool LfsWriteFile(const char *path, const uint8_t *bytes, size_t size);

} // namespace coralmicro
