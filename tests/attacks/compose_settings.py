"""Compose settings that give the host away, and those that applications commonly need."""

from __future__ import annotations

HEAD = "services:\n  agent:\n    image: acme/agent:1\n"
"""Each setting stands under this service."""


DANGEROUS: list[tuple[str, str]] = [
    ("privileged: true", "privileged"),
    ("post_start: [{command: id, privileged: true}]", "privileged"),
    ("pre_stop: [{command: id, privileged: true}]", "privileged"),
    ("pid: host", "host-processes"),
    ("pid: 'container:other'", "host-processes"),
    ("ipc: host", "host-ipc"),
    ("ipc: 'container:other'", "host-ipc"),
    ("network_mode: host", "host-network"),
    ("network_mode: 'container:x'", "host-network"),
    ("network_mode: 'ns:/proc/1/ns/net'", "host-network"),
    ("network_mode: mill-prod_default", "host-network"),
    ("network_mode: 0-tidegate-edge", "host-network"),
    ("oom_score_adj: -900", "host-memory"),
    ("userns_mode: host", "host-users"),
    ("uts: host", "host-name"),
    ("cgroup: host", "host-cgroup"),
    ("cgroup_parent: /", "host-cgroup"),
    ("oom_kill_disable: true", "host-memory"),
    *(
        (f"cap_add: [{name}]", "capabilities")
        for name in (
            "ALL",
            "all",
            "SYS_ADMIN",
            "cap_sys_admin",
            "SYS_PTRACE",
            "NET_ADMIN",
            "SYS_MODULE",
            "DAC_READ_SEARCH",
            "BPF",
            "SYS_RAWIO",
        )
    ),
    ("devices: ['/dev/sda:/dev/sda']", "devices"),
    ("devices: [{source: /dev/mem, target: /dev/mem}]", "devices"),
    ("devices: [vendor.example/disk=all]", "devices"),
    ("device_cgroup_rules: ['a *:* rwm']", "devices"),
    (
        "deploy: {resources: {reservations: {devices: [{capabilities: [disk], count: 1}]}}}",
        "devices",
    ),
    *(
        (f"security_opt: ['{option}']", "security-options")
        for option in (
            "seccomp:unconfined",
            "seccomp=unconfined",
            "apparmor:unconfined",
            "apparmor=unconfined",
            "label:disable",
            "label=disable",
            "systempaths=unconfined",
            "no-new-privileges:false",
            "seccomp=./mine.json",
        )
    ),
    ("runtime: other", "runtime"),
    ("sysctls: {kernel.core_pattern: '|/x'}", "sysctls"),
    ("sysctls: ['vm.overcommit=1']", "sysctls"),
    ("use_api_socket: true", "engine-socket"),
    ("volumes: ['/var/run/docker.sock:/x']", "engine-socket"),
    ("volumes: ['/run/docker.sock:/x:ro']", "engine-socket"),
    ("volumes: ['/run/containerd/containerd.sock:/x']", "engine-socket"),
    (
        "volumes: [{type: bind, source: /opt/../var/run/docker.sock, target: /x, read_only: true}]",
        "engine-socket",
    ),
    ("volumes: ['./docker.sock:/x']", "engine-socket"),
    *(
        (f"volumes: ['{path}:/x:ro']", "host-files")
        for path in (
            "/",
            "//",
            "/./",
            "/etc",
            "/etc/passwd",
            "/root",
            "/var",
            "/var/run",
            "/run",
            "/proc",
            "/sys",
            "/dev",
            "/home",
            "/boot",
            "/usr",
            "/var/lib/docker",
            "/opt/../etc",
            "~/.ssh",
            "..",
            "../..",
            "../mill",
            "../../home",
            "/tmp",
        )
    ),
    ("volumes: ['/etc/ssl/certs:/x']", "host-files"),
    ("volumes: [{type: bind, source: ., target: /x, bind: {propagation: rshared}}]", "host-files"),
    ("volumes: [{type: npipe, source: '/engine', target: /x}]", "host-files"),
    ("volumes_from: ['container:other']", "volumes-from"),
    ("env_file: /etc/os-release", "host-files"),
    ("env_file: [{path: ../mill/.env, required: false}]", "host-files"),
    ("env_file: [{path: '${ETC}/none', required: false}]", "host-files"),
    ("label_file: /etc/os-release", "host-files"),
    ("build: {context: ., privileged: true}", "build-privileges"),
    ("build: {context: ., network: host}", "build-privileges"),
    ("build: {context: ., entitlements: [security.insecure]}", "build-privileges"),
    ("build: {context: ., ssh: [default]}", "build-privileges"),
    ("build: {context: ., secrets: [one]}\nsecrets:\n  one: {file: ./e.env}", "build-privileges"),
    ("build: {context: ., network: shop-prod_default}", "build-privileges"),
    ("provider: {type: sh}", "unknown-setting"),
    ("credential_spec: {file: x.json}", "unknown-setting"),
    ("isolation: process", "unknown-setting"),
    *(
        (f"volumes: ['data:/x']\nvolumes:\n  data: {{driver_opts: {{{options}}}}}", setting)
        for options, setting in (
            ("type: none, o: bind, device: /", "host-files"),
            ("type: none, o: 'ro,bind', device: /etc", "host-files"),
            ("type: nfs, o: bind, device: /", "host-files"),
            ("type: tmpfs, o: 'bind', device: /root", "host-files"),
            ("type: none, o: rbind, device: /var/run/docker.sock", "engine-socket"),
            ("type: ext4, device: /dev/sda1", "host-files"),
            (
                "type: overlay, device: overlay, o: 'lowerdir=/,upperdir=/tmp/u,workdir=/tmp/w'",
                "host-files",
            ),
            ("type: none, o: bind, device: '../..'", "host-files"),
        )
    ),
    (
        "networks: [lan]\nnetworks:\n  lan: {driver: macvlan, driver_opts: {parent: eth0}}",
        "host-network",
    ),
    ("networks: [lan]\nnetworks:\n  lan: {name: host, external: true}", "host-network"),
    (
        "volumes: ['data:/x']\nvolumes:\n  data: {driver: other, driver_opts: {mountpoint: /}}",
        "host-files",
    ),
    *(
        (
            f"networks: [theirs]\nnetworks:\n  theirs: {{name: {name}, external: true}}",
            "other-environment",
        )
        for name in (
            "mill-prod_default",
            "shop-staging_default",
            "mill-prod-7_tidegate-slot",
            "shop-prod-x-dev_y",
        )
    ),
    ("networks: [theirs]\nnetworks:\n  theirs: {name: mill-prod_default}", "other-environment"),
    (
        "volumes: ['data:/x:ro']\nvolumes:\n  data: {name: mill-prod_db, external: true}",
        "other-environment",
    ),
    ("volumes: ['data:/x']\nvolumes:\n  data: {name: shop-staging_db}", "other-environment"),
    ("configs: [one]\nconfigs:\n  one: {file: /etc/shadow}", "host-files"),
    ("secrets: [{source: one}]\nsecrets:\n  one: {file: ../mill/.env.production}", "host-files"),
]


HARMLESS = [
    "volumes: ['./config/app.conf:/etc/app.conf:ro', data:/data]\nvolumes:\n  data:",
    "volumes: ['/etc/localtime:/etc/localtime:ro']",
    "volumes: ['/etc/ssl/certs:/etc/ssl/certs:ro']",
    "volumes: ['/srv/shop/files:/files']",
    "cap_add: [NET_BIND_SERVICE, SYS_NICE]",
    "cap_drop: [ALL]",
    "security_opt: ['no-new-privileges:true']",
    "pid: 'service:other'\n  other: {image: x}",
    "ipc: shareable",
    "networks: [own, team]\nnetworks:\n  own:\n  team: {name: team_shared, external: true}",
    "volumes: ['own:/x']\nvolumes:\n  own: {name: shop-prod_own, external: true}",
    "oom_score_adj: 500",
    "network_mode: none",
    "sysctls: {net.core.somaxconn: 1024}",
    "gpus: all",
    "runtime: runc",
    "privileged: false",
    "deploy: {resources: {limits: {memory: 1G}, reservations: {devices: [{capabilities: [gpu], count: 1}]}}}",
    "env_file: e.env",
    "secrets: [one]\nsecrets:\n  one: {file: ./e.env}",
    "build: {context: ., target: x, args: {A: b}}",
    "volumes: ['data:/x']\nvolumes:\n  data: {driver_opts: {type: nfs, o: 'addr=nas.example,rw', device: ':/shop'}}",
    "volumes: ['data:/x']\nvolumes:\n  data: {driver_opts: {type: none, o: bind, device: /srv/shop/data}}",
    "healthcheck: {test: [CMD, x]}\n    restart: always\n    ulimits: {nofile: 1024}\n    logging: {driver: json-file}",
]
