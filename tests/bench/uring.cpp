// SPDX-License-Identifier: MIT
#include "uring.hpp"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "drive.hpp"
#include "parts.hpp"

namespace bench {

namespace {

constexpr unsigned entries = 256, block = 4096, lba = 512;

void throw_if(int result, const char *what) {
    if (result < 0)
        throw std::runtime_error(std::string(what) + ": " + std::strerror(-result));
}

io_uring_sqe *next_sqe(io_uring &ring) {
    io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (!sqe)
        throw std::runtime_error("the submission ring is full");
    return sqe;
}

// Submits and, at least one being under way, waits for one; takes up to n. Of each its user data
// goes to cr.
unsigned submit_and_take(io_uring &ring, ub_cr *cr, unsigned n) {
    throw_if(io_uring_submit_and_wait(&ring, 1), "io_uring_enter");
    io_uring_cqe *cqe[entries];
    const unsigned got = io_uring_peek_batch_cqe(&ring, cqe, std::min(n, entries));
    for (unsigned i = 0; i < got; ++i) {
        if (cqe[i]->res > 0)
            throw std::runtime_error("completion: status " + std::to_string(cqe[i]->res));
        throw_if(cqe[i]->res, "completion");
        cr[i].user_ctx = cqe[i]->user_data;
    }
    io_uring_cq_advance(&ring, got);
    return got;
}

template <class Peer> void measure(const char *what, Peer &peer) {
    for (const unsigned depth : {1u, 32u, 256u}) {
        const double start = now();
        const auto done =
            static_cast<double>(pump(peer, ub_jfs_wr{}, depth, false, seconds_each));
        report({what, "", "", depth}, "iops", done / (now() - start), "1/s");
    }
}

} // namespace

UringDoor::UringDoor(const std::string &device)
    : q_(device, UB_DOOR_IOCTL), room_(size_t{entries} * UB_WQE_MAX) {
    throw_if(io_uring_queue_init(entries, &ring_, UB_URING_SETUP), "io_uring_setup");
}

UringDoor::~UringDoor() {
    io_uring_queue_exit(&ring_);
}

void UringDoor::post(const ub_jfs_wr *wr, unsigned n) {
    const int fd = ub_context_fd(q_.ctx);
    for (unsigned i = 0; i < n; ++i) {
        io_uring_sqe *sqe = next_sqe(ring_);
        void *room = &room_[size_t{next_++ % entries} * UB_WQE_MAX];
        if (ub_uring_prep_submit(sqe, fd, q_.jfs, &wr[i], room))
            fail("encode");
        sqe->user_data = wr[i].user_ctx;
    }
}

unsigned UringDoor::reap(ub_cr *cr, unsigned n, bool) {
    return submit_and_take(ring_, cr, n);
}

UringNop::UringNop() {
    throw_if(io_uring_queue_init(entries, &ring_, 0), "io_uring_setup");
}

UringNop::~UringNop() {
    io_uring_queue_exit(&ring_);
}

void UringNop::post(const void *, unsigned n) {
    while (n--)
        io_uring_prep_nop(next_sqe(ring_));
}

unsigned UringNop::reap(ub_cr *cr, unsigned n, bool) {
    return submit_and_take(ring_, cr, n);
}

NvmePassthrough::NvmePassthrough(const std::string &node)
    : fd_(open(node.c_str(), O_RDWR)), memory_(std::aligned_alloc(block, block * entries)) {
    if (fd_ < 0)
        throw std::runtime_error(node + ": " + std::strerror(errno));
    nsid_ = static_cast<unsigned>(ioctl(fd_, NVME_IOCTL_ID));
    throw_if(io_uring_queue_init(entries, &ring_, IORING_SETUP_SQE128 | IORING_SETUP_CQE32),
             "io_uring_setup");
}

NvmePassthrough::~NvmePassthrough() {
    io_uring_queue_exit(&ring_);
    close(fd_);
    std::free(memory_);
}

void NvmePassthrough::post(const void *, unsigned n) {
    while (n--) {
        io_uring_sqe *sqe = next_sqe(ring_);
        std::memset(sqe, 0, 2 * sizeof *sqe);
        sqe->opcode = IORING_OP_URING_CMD;
        sqe->fd = fd_;
        sqe->cmd_op = NVME_URING_CMD_IO;
        auto *cmd = reinterpret_cast<nvme_uring_cmd *>(sqe->cmd);
        const unsigned slot = next_++ % entries;
        cmd->opcode = 2; // Read
        cmd->nsid = nsid_;
        cmd->addr = reinterpret_cast<uintptr_t>(memory_) + size_t{slot} * block;
        cmd->data_len = block;
        cmd->cdw10 = slot * (block / lba);
        cmd->cdw12 = block / lba - 1;
    }
}

unsigned NvmePassthrough::reap(ub_cr *cr, unsigned n, bool) {
    return submit_and_take(ring_, cr, n);
}

void uring_nop_part() {
    UringNop peer;
    measure("uring_nop", peer);
}

void nvme_part(const std::string &node) {
    NvmePassthrough peer(node);
    measure("nvme_passthrough_loop", peer);
}

} // namespace bench
