// SPDX-License-Identifier: MIT
//
// `import sysfd;`: all modules.
export module sysfd;
export import sysfd.ownedfd;
export import sysfd.sharing;
export import sysfd.handle;
export import sysfd.pidfd;
export import sysfd.cgroup;
export import sysfd.landlock;
export import sysfd.spawn;
export import sysfd.listen;
