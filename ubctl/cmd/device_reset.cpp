// SPDX-License-Identifier: MIT
// ubctl device reset: what would die, and its death.

#include <fstream>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ub/ub.h>
#include <ub/ub_hw.h>
#include <ub/ub_uapi.h>
#include <unistd.h>

#include "cmd/commands.hpp"
#include "device/devices.hpp"
#include "device/netlink.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

struct Options {
    std::string scope = "device", type = "jfs";
    uint32_t queue = 0, tid = 0; // 0: not given
    bool force = false;
};

// What a reset is about to take, and from whom.
struct Loss {
    std::string object;            // of errors
    std::vector<Attributes> users; // contexts concerned
    Value contexts, segments, queues;
    std::string text; // why it is refused without force; empty: nothing dies
};

std::string user_text(const Attributes &context) {
    return fmt::format("{} ({})", context.number_text(UB_A_PID), context.text(UB_A_COMM));
}

std::vector<Attributes> contexts_of(const ub_device &device) {
    return netlink_dump(UB_CMD_CTX_GET, device_index(device.name));
}

Loss loss_of_device(const ub_device &device) {
    Loss loss{device_object(device.name), contexts_of(device), {}, {}, {}, {}};
    for (const Attributes &row : netlink_dump(UB_CMD_DEV_GET, device_index(device.name))) {
        loss.contexts = row.value(UB_A_CONTEXTS);
        loss.segments = row.value(UB_A_SEGS);
        loss.queues = row.value(UB_A_QUEUES);
    }
    List users;
    for (const Attributes &row : loss.users)
        users.push_back(user_text(row));
    if (!users.empty())
        loss.text = fmt::format("{} context{} open, by pid {}", users.size(),
                                users.size() == 1 ? " is" : "s are", fmt::join(users, ", "));
    return loss;
}

Attributes context_of(const ub_device &device, uint64_t tid) {
    for (const Attributes &row : contexts_of(device))
        if (row.number(UB_A_TID) == tid)
            return row;
    throw Error(fmt::format("context {} of {}", tid, device.name), "no context of that TID",
                UB_EXT_NO_SUCH_OBJECT)
        .hint("see \"ubctl context list\"");
}

Loss loss_of_context(const ub_device &device, uint32_t tid) {
    Loss loss{fmt::format("context {} of {}", tid, device.name), {}, uint64_t{1}, {}, {}, {}};
    const Attributes row = context_of(device, tid);
    loss.users.push_back(row);
    loss.segments = row.value(UB_A_SEGS);
    loss.queues = row.value(UB_A_QUEUES);
    loss.text = fmt::format("it is of pid {}, with {} queues and {} segments", user_text(row),
                            row.number(UB_A_QUEUES), row.number(UB_A_SEGS));
    return loss;
}

uint32_t object_type(const Options &options) {
    return options.type == "jfr" ? UB_OBJ_JFR : UB_OBJ_JFS;
}

Loss loss_of_queue(const ub_device &device, const Options &options) {
    Loss loss{fmt::format("{} {} of {}", options.type, options.queue, device.name), {},
              uint64_t{0}, uint64_t{0}, uint64_t{1}, {}};
    for (const Attributes &row : netlink_dump(UB_CMD_QUEUE_GET, device_index(device.name))) {
        if (row.number(UB_A_QUEUE_TYPE) != object_type(options) ||
            row.number(UB_A_QUEUE_ID) != options.queue)
            continue;
        const auto state = static_cast<unsigned>(row.number(UB_A_STATE));
        const auto left = static_cast<uint32_t>(row.number(UB_A_PI) - row.number(UB_A_CI));
        loss.users.push_back(context_of(device, row.number(UB_A_TID)));
        loss.text = fmt::format("it is {}, of pid {}, with {} entries not completed",
                                ub_state_str(state), user_text(loss.users[0]), left);
        return loss;
    }
    throw Error(loss.object, "no queue of that type and id", UB_EXT_NO_SUCH_OBJECT)
        .hint("see \"ubctl queue list\"");
}

Loss loss_of(const ub_device &device, const Options &options) {
    if (options.scope == "queue")
        return loss_of_queue(device, options);
    if (options.scope == "context")
        return loss_of_context(device, options.tid);
    return loss_of_device(device);
}

Error refusal(const Loss &loss, const Options &options) {
    const char *fate = options.scope == "queue"     ? "its requests end as flushed"
                       : options.scope == "context" ? "its queues and segments die"
                                                    : "their queues and segments die";
    const char *others = options.scope == "queue" || options.scope == "context"
                             ? "use --force"
                             : "end these processes, or use --force";
    return Error(loss.object, loss.text, UB_EXT_BUSY).hint(fmt::format("{}: {}", others, fate));
}

Error reset_error(const Loss &loss, const ub_device &device, const Options &options,
                  const Reply &reply) {
    const std::string words = reply.message.empty() ? strerror(reply.errnum) : reply.message;
    switch (reply.errnum) {
    case EPERM:
    case EACCES:
        return admin_error(loss.object, "only an administrator may reset it",
                           fmt::format("device reset {}", device.name));
    case ENXIO:
        return Error(loss.object, words, E_DEVICE_LOST)
            .hint(fmt::format("as root: echo 1 > /sys/bus/pci/devices/{}/remove; "
                              "echo 1 > /sys/bus/pci/rescan",
                              device.bus_addr));
    case ENODEV:
        if (options.scope == "context" || options.scope == "queue")
            return Error(loss.object, words, E_DEVICE_LOST);
        return Error(loss.object, "it was removed just now", E_NO_DEVICE);
    case EBUSY:
        return refusal(loss_of_device(device), options);
    case ENOENT:
        return Error(loss.object, "it ended just now", UB_EXT_NO_SUCH_OBJECT);
    case EINVAL:
        return Error(loss.object, words, UB_EXT_BAD_STATE);
    case EOPNOTSUPP:
        return Error(loss.object, words, E_NOT_SUPPORTED);
    default:
        return Error(loss.object, "the reset failed: " + words, E_SYSTEM, reply.errnum);
    }
}

// By the PCI core, as a hypervisor does before it gives a function to another guest.
Reply function_level_reset(const ub_device &device) {
    const std::string path = fmt::format("/sys/bus/pci/devices/{}/reset", device.bus_addr);
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return {EOPNOTSUPP, "the PCI core knows no way to reset it", {}};
    Reply reply;
    if (fd < 0 || write(fd, "1", 1) != 1)
        reply.errnum = errno;
    if (fd >= 0)
        close(fd);
    return reply;
}

// The PCI core does not ask whether the device came up again.
Reply state_after_reset(const ub_device &device) {
    for (const Attributes &row : netlink_dump(UB_CMD_DEV_GET, device_index(device.name)))
        if (row.number(UB_A_STATE) & UB_STATUS_FATAL)
            return {ENXIO, "the device did not come up again; see the kernel's log", {}};
    return {};
}

Reply driver_reset(const ub_device &device, const Options &options) {
    std::vector<Argument> args = {{UB_A_DEV_INDEX, *device_index(device.name)}};
    if (options.force)
        args.push_back({UB_A_FORCE, {}});
    if (options.scope == "context") {
        args.push_back({UB_A_SCOPE, uint32_t{UB_SCOPE_CONTEXT}});
        args.push_back({UB_A_TID, options.tid});
    }
    if (options.scope == "queue") {
        args.push_back({UB_A_SCOPE, uint32_t{UB_SCOPE_QUEUE}});
        args.push_back({UB_A_QUEUE_TYPE, object_type(options)});
        args.push_back({UB_A_QUEUE_ID, options.queue});
    }
    return netlink_request(UB_CMD_DEV_RESET, args);
}

void check_options(const Options &options) {
    const bool queue = options.scope == "queue", context = options.scope == "context";
    if (queue != (options.queue != 0))
        throw usage_error("--queue", queue ? "--scope queue asks for it"
                                           : "it is for --scope queue")
            .hint("ubctl device reset ub0 --scope queue --queue 3");
    if (context != (options.tid != 0))
        throw usage_error("--tid", context ? "--scope context asks for it"
                                           : "it is for --scope context")
            .hint("ubctl device reset ub0 --scope context --tid 2");
}

Value known(bool is, uint64_t value) {
    if (!is)
        return std::monostate{};
    return value;
}

void report_reset(const Globals &globals, const ub_device &device, const Options &options,
                  const Loss &loss) {
    Report report{"ub.device.reset/1",
                  Layout::record,
                  {{"device", "device"},
                   {"scope", "scope"},
                   {"tid", options.tid ? "context (TID)" : nullptr},
                   {"queue_type", options.queue ? "queue type" : nullptr},
                   {"queue", options.queue ? "queue" : nullptr},
                   {"generation", "generation"},
                   {"contexts_lost", "contexts lost"},
                   {"segments_lost", "segments lost"},
                   {"queues_lost", "queues lost"},
                   {"pids", "pids that lost them"}}};
    Numbers pids;
    for (const Attributes &row : loss.users)
        pids.push_back(row.number(UB_A_PID));
    Value generation;
    for (const Attributes &row : netlink_dump(UB_CMD_DEV_GET, device_index(device.name)))
        generation = row.value(UB_A_GENERATION);
    report.add({std::string(device.name), options.scope, known(options.tid, options.tid),
                options.queue ? Value{options.type} : Value{}, known(options.queue, options.queue),
                generation, loss.contexts, loss.segments, loss.queues, pids});
    if (!globals.style.quiet || globals.style.json)
        print(report, globals.style);
}

int reset(const Globals &globals, const Options &options) {
    check_options(options);
    if (is_soft(globals.device))
        throw Error(device_object(globals.device), "a soft device dies with its process",
                    E_NOT_SUPPORTED)
            .hint("run the command again for a fresh one");
    if (globals.device.empty())
        throw usage_error("device reset", "no device given").hint("ubctl device reset ub0");
    const ub_device device = find_device(globals.device);
    const Loss loss = loss_of(device, options);
    // The driver itself looks after the device's scope, where contexts may come meanwhile.
    if (!options.force && !loss.text.empty() && options.scope != "device")
        throw refusal(loss, options);
    const bool flr = options.scope == "flr";
    Reply reply = flr ? function_level_reset(device) : driver_reset(device, options);
    if (flr && !reply.errnum)
        reply = state_after_reset(device);
    if (reply.errnum)
        throw reset_error(loss, device, options, reply);
    report_reset(globals, device, options, loss);
    return exit_ok;
}

} // namespace

Action declare_reset(Parameters &parameters) {
    auto options = std::make_shared<Options>();
    parameters
        .option("--scope", options->scope, "SCOPE",
                "device, the default; context or queue alone; flr: by the PCI core")
        .one_of({"device", "context", "queue", "flr"});
    parameters.number("--tid", options->tid, 1, UB_HW_ID_MASK, "N",
                      "the context, of --scope context");
    parameters.number("--queue", options->queue, 1, UB_HW_ID_MASK, "N",
                      "the queue's id, of --scope queue");
    parameters
        .option("--type", options->type, "TYPE", "of the queue: jfs, the default, or jfr")
        .one_of({"jfs", "jfr"});
    parameters.flag("--force", options->force, "also when something would die");
    return with_id(parameters,
                   [options](const Globals &globals) { return reset(globals, *options); });
}

} // namespace ubctl
