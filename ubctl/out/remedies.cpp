// SPDX-License-Identifier: MIT
#include "out/remedies.hpp"

#include <cerrno>

namespace ubctl {

namespace {

struct Remedy {
    int errnum;
    const char *text;
};

constexpr Remedy remedies[] = {
    {ENOENT, "check the path: no file of that name is there, or one of its directories is not"},
    {EACCES, "check the permissions of the file and of the directories that lead to it"},
    {EPERM, "check who owns the file, and whether it is immutable (lsattr)"},
    {EISDIR, "name a file; this is a directory"},
    {ENOTDIR, "check the path: what stands before a / is not a directory"},
    {ENAMETOOLONG, "use a shorter path: a name has at most 255 bytes, a path 4095"},
    {ELOOP, "check the symbolic links of the path: they lead in a circle"},
    {ENOSPC, "free space on the file system (df, df -i), or write elsewhere"},
    {EDQUOT, "free space of your quota (quota), or write elsewhere"},
    {EFBIG, "write less, or raise the limit on the size of files (ulimit -f)"},
    {EROFS, "write elsewhere: the file system is mounted read-only"},
    {EIO, "look for what the medium reports (dmesg), and use another copy or file system"},
    {ETXTBSY, "end the program that runs from this file, or write another"},
    {EBUSY, "write another file: this one is in use by the system, such as a mount point"},
    {EXDEV, "write another file: this one is a mount point"},
    {EMFILE, "raise the limit on open files (ulimit -n)"},
    {ENFILE, "close files: the system has no more (/proc/sys/fs/file-max)"},
    {ENOMEM, "free memory"},
    {ENXIO, "name a file: nothing takes what is written to this socket or device"},
    {ENODEV, "name a file: nothing is behind this device node"},
    {EPIPE, "keep the reader running until all is written"},
    {EBADF, "give a descriptor that is open for this"},
    {ESTALE, "mount the network file system again: the file is gone from its server"},
    {EINVAL, "use a file of a kind that can be read and written so"},
    {ESPIPE, "use a regular file: this one cannot be read or written at any place"},
};

} // namespace

const char *file_remedy(int errnum) {
    for (const Remedy &remedy : remedies)
        if (remedy.errnum == errnum)
            return remedy.text;
    return "";
}

} // namespace ubctl
