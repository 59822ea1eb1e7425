// SPDX-License-Identifier: MIT
// Device nodes: there, of the right group and mode, to be opened by this user.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/facts.hpp"
#include "doctor/findings.hpp"

namespace ubctl {

namespace {

constexpr const char *group_name = "ub";
constexpr const char *rules = "60-ubnpu.rules";

bool rules_are_installed() {
    return std::ranges::any_of(
        List{"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"},
        [](const std::string &top) { return exists(top + "/udev/rules.d/" + rules); });
}

bool session_has_group(gid_t group) {
    std::vector<gid_t> groups(static_cast<size_t>(std::max(getgroups(0, nullptr), 0)));
    getgroups(static_cast<int>(groups.size()), groups.data());
    return getegid() == group || std::ranges::find(groups, group) != groups.end();
}

bool database_has_user(const group &grp) {
    const passwd *user = getpwuid(getuid());
    for (char **member = grp.gr_mem; user && *member; ++member)
        if (std::strcmp(*member, user->pw_name) == 0)
            return true;
    return false;
}

// Who may not open a node is told what is missing.
Finding refused(const std::string &node) {
    const group *grp = getgrnam(group_name);
    if (grp && database_has_user(*grp) && !session_has_group(grp->gr_gid))
        return {Severity::error, F_SESSION_OLD, node,
                "you are in the group ub, and this session does not know it yet",
                "log in again, or newgrp ub"};
    return {Severity::error, F_NODE_PERMISSION, node, "you may not open it",
            "sudo usermod -aG ub $USER, then log in again"};
}

void look_at_mode(Findings &findings, const std::string &node, const struct stat &st) {
    const group *grp = getgrnam(group_name);
    if (!grp || (st.st_gid == grp->gr_gid && (st.st_mode & 07777) == 0660))
        return;
    findings.push_back(
        {Severity::warning, F_NODE_MODE, node,
         fmt::format("it has mode {:04o} and group {}, where 0660 and {} are due",
                     st.st_mode & 07777, st.st_gid, group_name),
         "sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=ubnpu"});
}

void look_at_node(Findings &findings, const std::string &name) {
    const std::string node = "/dev/ub/" + name;
    struct stat st;
    if (stat(node.c_str(), &st) < 0) {
        findings.push_back({Severity::error, F_NODE_MISSING, node, "there is no such node",
                            "sudo udevadm trigger --subsystem-match=ubnpu; for a container: "
                            "--device " +
                                node});
        return;
    }
    look_at_mode(findings, node, st);
    const int fd = open(node.c_str(), O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    else if (errno == EACCES || errno == EPERM)
        findings.push_back(refused(node));
}

} // namespace

void look_at_nodes(Findings &findings) {
    const List devices = names_in("/sys/class/ubnpu");
    for (const std::string &name : devices)
        look_at_node(findings, name);
    if (devices.empty())
        return;
    if (!getgrnam(group_name))
        findings.push_back({Severity::warning, F_GROUP_MISSING, "group ub",
                            "it does not exist, so root alone may open the nodes",
                            "sudo systemd-sysusers"});
    if (!rules_are_installed())
        findings.push_back({Severity::warning, F_UDEV_RULES, "udev",
                            fmt::format("its rules {} are not installed", rules),
                            "install the package ubstack-udev"});
}

} // namespace ubctl
