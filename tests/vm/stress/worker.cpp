// SPDX-License-Identifier: MIT
// A worker of the stress run. It opens two devices, or one twice, makes queues and memory, moves
// and computes data from the first to the second, and looks at every byte and every completion:
// each request ends once, unless its queue was deleted or its context lost.

#include "door.hpp"
#include "work.hpp"

#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <unordered_map>

namespace stress {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto patience = 150s; // more than any recovery takes, also on a machine that is busy
constexpr unsigned max_queues = 3, steps = 600;

struct Queue {
    ub::jfs jfs;
    unsigned in_flight = 0;
    bool ended = false; // WR_FLUSH_ERR_DONE was seen
};

struct Flight {
    Work work;
    std::shared_ptr<Queue> queue;
};

// Why a session cannot go on and nothing is wrong.
struct Over {};
struct Broken {};

enum class Message { posted, sent, received };

class Session {
public:
    Session(Rng &rng, Ledger &ledger, const std::string &near, const std::string &far, Door door);
    void run(const std::atomic<bool> &stop);
    void close();

private:
    void step();
    void settle();
    void post_some();
    void post(Op op);
    bool collect(bool wait);
    void finish(const Done &done);
    void end_well(const Done &done, const Flight &flight);
    void restart(Queue &queue);
    void tend();
    void make_queue();
    void drop_queue();
    void extra_segment();
    bool receive();
    void take_message(const ub_cr &cr);
    void refill();
    void restart_receives();
    void void_all();
    void check_messages();
    void progress() { last_ = clock::now(); }
    void watch(const char *what);
    [[noreturn]] void broken(Count &count, uint64_t n, const std::string &what);
    template <typename F> void insist(F &&action);
    bool loses(const ub::error &error) const;
    bool lost() const { return near_.lost() || far_.lost(); }

    Rng &rng_;
    Ledger &ledger_;
    ub::context near_, far_;
    ub::memory local_, remote_, inbox_;
    Gate gate_;
    ub::jfc in_jfc_;
    ub::jfr jfr_;
    ub::target far_target_, inbox_target_;
    std::vector<std::shared_ptr<Queue>> queues_;
    std::vector<unsigned> free_;
    std::unordered_map<uint64_t, Flight> flights_;
    uint64_t serial_ = 0;
    std::unordered_map<uint64_t, Message> messages_;
    std::map<uint64_t, unsigned> posted_receives_; // serial, slot
    std::vector<unsigned> free_receives_;
    uint64_t receive_serial_ = 0, last_flushed_ = 0;
    bool receives_ended_ = false;
    clock::time_point last_ = clock::now();
};

Session::Session(Rng &rng, Ledger &ledger, const std::string &near, const std::string &far,
                 Door door)
    : rng_(rng), ledger_(ledger), near_(near), far_(far), local_(near_, cells * 3 * cell_size),
      remote_(far_, cells * cell_size, ub::all_access), inbox_(far_, receives * message_size),
      gate_(near_, door), in_jfc_(far_, 256), jfr_(far_, in_jfc_, receives),
      far_target_(remote_.target()), inbox_target_(jfr_.target()) {
    ledger_.contexts += 2;
    ledger_.segments += 3;
    for (unsigned i = 0; i < cells; ++i)
        free_.push_back(i);
    for (unsigned i = 0; i < receives; ++i)
        free_receives_.push_back(i);
}

// What the seed's worker must never see; it ends there and then, so that all can be looked at.
void Session::broken(Count &count, uint64_t n, const std::string &what) {
    count += n;
    std::printf("# worker %d, %s: %s\n", getpid(), door_names[gate_.door], what.c_str());
    std::fflush(stdout);
    throw Broken{};
}

// Commands of the driver may be made to fail; what is right is done in the end.
template <typename F> void Session::insist(F &&action) {
    for (unsigned tries = 0;; ++tries) {
        try {
            action();
            return;
        } catch (const ub::error &error) {
            if (error.errnum() == ENODEV || tries == 500)
                throw;
            usleep(20000);
        }
    }
}

void Session::watch(const char *what) {
    if (clock::now() - last_ < patience)
        return;
    std::string told = what;
    for (const auto &[serial, flight] : flights_)
        told += " " + std::to_string(serial) + ":" + op_names[flight.work.op] + ":jfs" +
                std::to_string(flight.queue->jfs.id());
    broken(ledger_.lost, std::max<size_t>(flights_.size(), 1), told + " did not end");
}

// ---- Requests -----------------------------------------------------------------------------------

void Session::make_queue() {
    if (queues_.size() == max_queues)
        return;
    ub_jfs_cfg cfg{};
    cfg.jfc = gate_.jfc().get();
    cfg.depth = 64;
    cfg.rnr_retry = 7;
    cfg.weight = static_cast<uint16_t>(1 + rng_.below(255));
    cfg.flags = rng_.one_in(2) ? UB_JFS_F_DIRECT_WQE : 0;
    insist([&] {
        queues_.push_back(std::make_shared<Queue>(Queue{ub::jfs(near_, cfg)}));
    });
    ledger_.queues++;
}

// What it had in flight gives no completion after that, but in a ring, where all do.
void Session::drop_queue() {
    const auto queue = queues_[rng_.below(static_cast<unsigned>(queues_.size()))];
    insist([&] { queue->jfs.close(); });
    std::erase(queues_, queue);
    collect(false);
    if (gate_.door == URING)
        return;
    for (auto at = flights_.begin(); at != flights_.end();) {
        if (at->second.queue != queue) {
            ++at;
            continue;
        }
        free_.push_back(at->second.work.cell);
        at = flights_.erase(at);
        ledger_.dropped++;
    }
}

void Session::extra_segment() {
    ub::buffer room(4096 * (1 + rng_.below(16)));
    std::optional<ub::segment> seg;
    insist([&] { seg.emplace(near_, room, ub::read_write); });
    ledger_.segments++;
    insist([&] { seg->set_token(static_cast<uint32_t>(rng_.next())); });
    insist([&] { seg->close(); });
}

void Session::post(Op op) {
    const auto &queue = queues_[rng_.below(static_cast<unsigned>(queues_.size()))];
    const unsigned cell = free_.back();
    const auto bytes = local_.as<>().subspan(cell * 3 * cell_size, 3 * cell_size);
    const Cell where{bytes.first(cell_size), bytes.subspan(cell_size, cell_size),
                     bytes.last(cell_size), remote_.as<>().subspan(cell * cell_size, cell_size),
                     local_.segment().token_id()};
    Work work(op, rng_, where, cell);
    const uint64_t serial = ++serial_;
    const ub::request request = work.request(rng_, serial, far_target_, inbox_target_);
    const int result = gate_.post(queue->jfs, request, serial);
    if (result) // no room, or the queue is in ERROR and that is told soon
        return;
    ledger_.posted++;
    queue->in_flight++;
    free_.pop_back();
    flights_.emplace(serial, Flight{work, queue});
    if (op == SEND)
        messages_.emplace(serial, Message::posted);
}

void Session::post_some() {
    const unsigned n = 1 + rng_.below(8);
    for (unsigned i = 0; i < n && !free_.empty(); ++i)
        post(static_cast<Op>(rng_.below(OPS)));
}

// ---- Completions --------------------------------------------------------------------------------

void Session::end_well(const Done &done, const Flight &flight) {
    const Op op = flight.work.op;
    if (!flight.work.did(done.value))
        broken(ledger_.wrong, 1, std::string("wrong data after ") + op_names[op]);
    ledger_.succeeded++;
    ledger_.by_op[op]++;
    ledger_.by_door[gate_.door]++;
    if (op != SEND)
        return;
    const auto message = messages_.find(done.serial);
    if (message != messages_.end() && message->second == Message::received)
        messages_.erase(message);
    else if (message != messages_.end())
        message->second = Message::sent;
}

void Session::finish(const Done &done) {
    if (!done.serial && done.status == UB_CR_WR_FLUSH_ERR_DONE) {
        for (const auto &queue : queues_)
            queue->ended |= queue->jfs.id() == done.queue;
        return;
    }
    const auto at = flights_.find(done.serial);
    if (at == flights_.end())
        broken(ledger_.doubled, 1,
               "completion of " + std::to_string(done.serial) + " of " +
                   std::to_string(serial_) + ", which had ended, status " +
                   std::to_string(done.status));
    const Flight flight = at->second;
    flights_.erase(at);
    flight.queue->in_flight--;
    free_.push_back(flight.work.cell);
    progress();
    const bool flushed =
        done.status == UB_CR_WR_FLUSH_ERR || done.status == UB_CR_WR_UNHANDLED;
    if (done.status == UB_CR_SUCCESS)
        end_well(done, flight);
    else if (done.status < 0)
        ledger_.refused++;
    else
        (flushed ? ledger_.flushed : ledger_.failed)++;
    if (flushed && !flight.work.did_not())
        broken(ledger_.wrong, 1, "an atomic was flushed and done");
}

// @return whether there was anything
bool Session::collect(bool wait) {
    const std::vector<Done> done = gate_.take(wait);
    for (const Done &one : done)
        finish(one);
    const bool received = receive();
    return received || !done.empty();
}

// A queue that was reset: what it did not look at comes back, then it has nothing.
void Session::restart(Queue &queue) {
    std::array<ub_cr, 64> cr;
    for (int n; (n = ub_flush_jfs(queue.jfs.owner::get(), cr.size(), cr.data())) > 0;)
        for (int i = 0; i < n; ++i)
            finish({cr[i].user_ctx, cr[i].status, 0, cr[i].local_id});
    if (gate_.door == URING)
        while (queue.in_flight && !near_.lost()) {
            collect(true);
            watch("of a ring after WR_FLUSH_ERR_DONE,");
        }
    if (queue.in_flight && !near_.lost())
        broken(ledger_.lost, queue.in_flight,
               std::to_string(queue.in_flight) + " without completion at WR_FLUSH_ERR_DONE");
    insist([&] { queue.jfs.modify(UB_STATE_RESET); });
    insist([&] { queue.jfs.modify(UB_STATE_READY); });
    queue.ended = false;
}

void Session::tend() {
    for (const auto &queue : queues_)
        if (queue->ended)
            restart(*queue);
    if (receives_ended_ && !far_.lost())
        restart_receives();
}

// ---- Messages -----------------------------------------------------------------------------------

void Session::take_message(const ub_cr &cr) {
    const auto at = posted_receives_.find(cr.user_ctx);
    if (at == posted_receives_.end())
        broken(ledger_.doubled, 1, "a receive that had ended ended again");
    const unsigned slot = at->second;
    posted_receives_.erase(at);
    free_receives_.push_back(slot);
    ledger_.receives_ended++;
    if (cr.status == UB_CR_WR_FLUSH_ERR) {
        receives_ended_ = true;
        last_flushed_ = cr.user_ctx;
    }
    if (cr.status != UB_CR_SUCCESS)
        return;
    const auto bytes = inbox_.as<>().subspan(slot * message_size, cr.len);
    const uint64_t serial = word_at(bytes);
    const auto message = messages_.find(serial);
    if (!is_message(bytes))
        broken(ledger_.wrong, 1, "wrong bytes in a message");
    if (message == messages_.end() || message->second == Message::received)
        broken(ledger_.doubled, 1, "message " + std::to_string(serial) + " came again");
    ledger_.received++;
    if (message->second == Message::sent)
        messages_.erase(message);
    else
        message->second = Message::received;
}

bool Session::receive() {
    std::array<ub_cr, 64> cr;
    const int n = ub_poll_jfc(in_jfc_.get(), cr.data(), cr.size());
    for (int i = 0; i < n; ++i)
        take_message(cr[i]);
    if (n > 0)
        progress();
    return n > 0;
}

void Session::refill() {
    while (!free_receives_.empty() && !receives_ended_) {
        const unsigned slot = free_receives_.back();
        const ub::sge sge = inbox_.sge(slot * message_size, message_size);
        const ub::receive_request wr{++receive_serial_, &sge, 1};
        if (jfr_.try_post(std::span(&wr, 1)))
            return;
        free_receives_.pop_back();
        posted_receives_.emplace(receive_serial_, slot);
    }
}

// Those left are the newest, posted when the queue was in ERROR already: they never were taken.
void Session::restart_receives() {
    while (!posted_receives_.empty() && posted_receives_.begin()->first < last_flushed_) {
        if (far_.lost())
            throw Over{};
        collect(true);
        watch("of a receive queue in ERROR,");
    }
    insist([&] { jfr_.modify(UB_STATE_RESET); });
    receive();
    for (const auto &[serial, slot] : posted_receives_)
        free_receives_.push_back(slot);
    posted_receives_.clear();
    insist([&] { jfr_.modify(UB_STATE_READY); });
    receives_ended_ = false;
}

// Every message whose sender was told of success has come.
void Session::check_messages() {
    const auto sent = [this] {
        return std::ranges::count_if(
            messages_, [](const auto &one) { return one.second == Message::sent; });
    };
    progress();
    while (sent() && !far_.lost() && clock::now() - last_ < patience) {
        collect(false);
        usleep(1000);
    }
    if (sent() && !far_.lost())
        broken(ledger_.lost, static_cast<uint64_t>(sent()), "messages sent did not come");
}

// ---- Life ---------------------------------------------------------------------------------------

// In a ring each command ends with an error instead.
void Session::void_all() {
    collect(false);
    while (gate_.door == URING && !flights_.empty()) {
        collect(true);
        watch("of a ring of a lost context,");
    }
    ledger_.voided += flights_.size();
    flights_.clear();
}

void Session::settle() {
    progress();
    while (!flights_.empty() && !near_.lost()) {
        refill();
        collect(true);
        tend();
        watch("in settling,");
    }
    if (near_.lost())
        void_all();
    else
        check_messages();
}

void Session::step() {
    const unsigned dice = rng_.below(200); // most steps are work, so that objects can be aimed at
    if (queues_.empty() || dice <= 2)
        make_queue();
    else if (dice == 3)
        drop_queue();
    else if (dice <= 7)
        extra_segment();
    else if (dice <= 10)
        settle();
    if (!queues_.empty())
        post_some();
    refill();
    collect(free_.size() < cells / 4 || rng_.one_in(4));
    tend();
    if (!flights_.empty())
        watch("in work,");
    else
        progress();
}

// A call may fail a moment before the status page says why.
bool Session::loses(const ub::error &error) const {
    const auto end = clock::now() + patience;
    while (error.errnum() == ENODEV && !lost() && clock::now() < end)
        usleep(1000);
    return lost();
}

void Session::run(const std::atomic<bool> &stop) {
    for (unsigned i = 0;;) {
        try {
            for (; i < steps && !stop && !lost(); ++i)
                step();
            settle();
            break;
        } catch (const ub::error &error) {
            if (!loses(error))
                throw;
        } catch (const Over &) {
        }
    }
    ledger_.contexts_lost += near_.lost() + far_.lost();
}

// By hand, since destructors do not insist.
void Session::close() {
    gate_.close_ring();
    for (const auto &queue : queues_)
        insist([&] { queue->jfs.close(); });
    insist([&] { jfr_.owner::close(); });
}

// Failures that a device which is away, or was told to fail, explains.
bool is_expected(int errnum) {
    return errnum == ENODEV || errnum == EIO || errnum == ENOENT || errnum == ENXIO;
}

} // namespace

int work(uint64_t seed, Ledger &ledger, const std::atomic<bool> &stop) {
    Rng rng(seed);
    while (!stop) {
        const std::string near = rng.one_in(2) ? "ub0" : "ub1", far = rng.one_in(2) ? "ub0" : "ub1";
        const auto door = static_cast<Door>(rng.below(DOORS));
        try {
            Session session(rng, ledger, near, far, door);
            session.run(stop);
            session.close();
        } catch (const ub::error &error) {
            usleep(100000);
            if (is_expected(error.errnum()))
                return EXIT_AGAIN;
            std::printf("# worker %d: %s\n", getpid(), error.what());
            return EXIT_BROKEN;
        } catch (const Broken &) {
            return EXIT_BROKEN;
        }
    }
    return EXIT_DONE;
}

} // namespace stress
