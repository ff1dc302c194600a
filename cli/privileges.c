/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A positive number from the environment, or 0. */
static unsigned long environment_id(const char *name)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : 0;
}

static bool find_user(uid_t *user, gid_t *group)
{
    if (getuid() != 0) { /* the program file is set-user-ID */
        *user = getuid();
        *group = getgid();
        return true;
    }
    *user = (uid_t)environment_id("SUDO_UID");
    *group = (gid_t)environment_id("SUDO_GID");
    if (*user != 0 && *group != 0)
        return true;
    const struct passwd *nobody = getpwnam("nobody");
    if (!nobody) {
        errno = ENOENT;
        return false;
    }
    *user = nobody->pw_uid;
    *group = nobody->pw_gid;
    return true;
}

bool privileges_drop(void)
{
    if (geteuid() == 0) {
        uid_t user;
        gid_t group;
        if (!find_user(&user, &group))
            return false;
        if (setgroups(0, NULL) == -1 || setresgid(group, group, group) == -1 ||
            setresuid(user, user, user) == -1)
            return false;
    }
    /* Capabilities that the program file has, as in `setcap cap_net_raw+ep`. */
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
    return syscall(SYS_capset, &header, none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}
