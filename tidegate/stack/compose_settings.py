"""The settings of Compose that are known: harmless ones, and those that `compose_dangers` looks
at."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tidegate.stack.file import HostSetting

HARMLESS_KEYS = frozenset(
    (
        "annotations",
        "attach",
        "blkio_config",
        "build",
        "cap_drop",
        "command",
        "configs",
        "container_name",
        "cpu_count",
        "cpu_percent",
        "cpu_period",
        "cpu_quota",
        "cpu_rt_period",
        "cpu_rt_runtime",
        "cpu_shares",
        "cpus",
        "cpuset",
        "depends_on",
        "deploy",
        "develop",
        "dns",
        "dns_opt",
        "dns_search",
        "domainname",
        "entrypoint",
        "environment",
        "expose",
        "extends",
        "external_links",
        "extra_hosts",
        "gpus",
        "group_add",
        "healthcheck",
        "hostname",
        "image",
        "init",
        "labels",
        "links",
        "logging",
        "mac_address",
        "mem_limit",
        "mem_reservation",
        "mem_swappiness",
        "memswap_limit",
        "networks",
        "oom_score_adj",
        "pids_limit",
        "platform",
        "ports",
        "profiles",
        "pull_policy",
        "read_only",
        "restart",
        "scale",
        "secrets",
        "shm_size",
        "stdin_open",
        "stop_grace_period",
        "stop_signal",
        "storage_opt",
        "tmpfs",
        "tty",
        "ulimits",
        "user",
        "volumes",
        "working_dir",
        "post_start",
        "pre_stop",
    )
)
HARMLESS_CAPABILITIES = frozenset(
    (
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "IPC_LOCK",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
        "SYS_NICE",
    )
)
"""What the engine gives unasked, and two that databases ask for and that stay inside."""
HARMLESS_SECURITY_OPTIONS = frozenset(
    {
        "no-new-privileges",
        "no-new-privileges:true",
        "no-new-privileges=true",
        "seccomp=builtin",
        "apparmor=docker-default",
        "apparmor:docker-default",
    }
)
HARMLESS_SYSCTLS = ("net.", "kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")
NAMESPACES: Mapping[str, tuple[HostSetting, Collection[str]]] = {
    "pid": ("host-processes", ()),
    "ipc": ("host-ipc", ("none", "private", "shareable")),
    "network_mode": ("host-network", ("none", "bridge", "default")),
    "userns_mode": ("host-users", ()),
    "uts": ("host-name", ()),
    "cgroup": ("host-cgroup", ("private",)),
}
"""The values that keep a container by itself. Any other one is a network or a namespace of somebody
else."""
NETWORK_SHARES = frozenset({"nfs", "nfs4", "cifs", "smb3", "tmpfs"})
LAN_DRIVERS = frozenset({"host", "macvlan", "ipvlan"})
HARMLESS_BUILD_KEYS = frozenset(
    (
        "args",
        "cache_from",
        "cache_to",
        "context",
        "dockerfile",
        "dockerfile_inline",
        "extra_hosts",
        "labels",
        "no_cache",
        "platforms",
        "provenance",
        "pull",
        "sbom",
        "shm_size",
        "tags",
        "target",
        "ulimits",
        "isolation",
        "network",
        "additional_contexts",
    )
)
"""`secrets` and `ssh` are not among them: a version is built before anybody has accepted it."""
LOOKED_AT_KEYS = frozenset(
    (
        "cap_add",
        "cgroup",
        "cgroup_parent",
        "device_cgroup_rules",
        "devices",
        "env_file",
        "ipc",
        "network_mode",
        "oom_kill_disable",
        "pid",
        "privileged",
        "runtime",
        "security_opt",
        "sysctls",
        "use_api_socket",
        "userns_mode",
        "uts",
        "volumes_from",
    )
)
