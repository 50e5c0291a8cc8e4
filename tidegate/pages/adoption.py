"""What was found running by hand, as a page and as lines of a log: what stays, what is taken over,
and what people must know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tidegate.pages.layout import local, size_text, table
from tidegate.plan.adoption import Found, FoundContainer
from tidegate.secrecy.outside_text import code, one_line
from tidegate.stack.file import Stack

Words = dict[str, str]
WORDS: dict[str, Words] = {
    "en": {
        "title": "What runs by hand: {stack} {environment}",
        "containers": "Containers of the compose project {project}",
        "container": "Container",
        "service": "Service",
        "image": "Image",
        "since": "Runs since",
        "becomes": "What becomes of it",
        "taken": "serves on, behind the edge too; the next release stops "
        "it and keeps it for the way back",
        "ended": "has done its work, is not run again",
        "kept": "stays as it is, is not restarted",
        "unseen": "{service}: has no container there; the next release runs it",
        "volumes": "Volumes and folders with data",
        "volume": "Volume",
        "size": "Size",
        "mounted": "Mounted by",
        "networks": "Networks",
        "ports": "Ports of the host",
        "none": "none",
        "port": "{port} of {name}: is served by this container until the next release stops it, "
        "and by nobody afterwards. Lead people to the edge before that release, or keep the port "
        "(`kept_ports` of stack.yaml)",
        "port_kept": "{port} of {name}: is served by this container until the next release stops "
        "it, by nobody in the seconds in which it stops, and by the version that serves afterwards "
        "(`kept_ports` of stack.yaml)",
        "front": "Where people come by a proxy of your own, its one line becomes",
        "front_text": "With `proxy_set_header Host $host;` as before. With a Traefik of your own: "
        "`url: {url}`. The edge knows the host names {domains}.",
        "keys": "Env keys that differ from the env and compose files (names only)",
        "keys_text": "The next release takes the values of the files.",
        "same": "none: the next release has the same env",
        "unknown": "unknown",
        "outage": "The takeover itself interrupts nobody: nothing is stopped, "
        "restarted or made anew.",
    },
    "zh": {
        "title": "当前手动运行的内容：{stack} {environment}",
        "containers": "Compose 项目 {project} 的容器",
        "container": "容器",
        "service": "服务",
        "image": "镜像",
        "since": "启动时间",
        "becomes": "接管之后",
        "taken": "继续服务，同时可经由入口访问；下次发布时停止，并保留用于回滚",
        "ended": "已完成工作，不再运行",
        "kept": "保持原样，不重启",
        "unseen": "{service}：没有容器；下次发布会运行它",
        "volumes": "存放数据的卷和目录",
        "volume": "卷",
        "size": "大小",
        "mounted": "挂载者",
        "networks": "网络",
        "ports": "主机端口",
        "none": "无",
        "port": "{name} 的 {port}：在下次发布停止该容器之前由它提供服务，之后无人提供。"
        "请在那次发布之前把访问引导到入口，或保留该端口（stack.yaml 的 `kept_ports`）",
        "port_kept": "{name} 的 {port}：在下次发布停止该容器之前由它提供服务，"
        "停止的几秒内无人提供，之后由当时在线的版本提供（stack.yaml 的 `kept_ports`）",
        "front": "如果前面有团队自己的代理，只需改这一行",
        "front_text": "`proxy_set_header Host $host;` 保持不变。若是自己的 Traefik："
        "`url: {url}`。入口认识的域名：{domains}。",
        "keys": "与环境文件和 compose 文件不同的环境变量（仅名称）",
        "keys_text": "下次发布将使用文件中的值。",
        "same": "无：下次发布的环境变量相同",
        "unknown": "未知",
        "outage": "接管本身不会中断任何访问：不停止、不重启、不新建任何容器。",
    },
}


def found_title(stack: Stack, environment: str) -> str:
    return WORDS[stack.language]["title"].format(stack=stack.name, environment=environment)


def found_page(stack: Stack, environment: str, found: Found, edge_url: str) -> str:
    """As markdown. Values of the environment are in no part of it."""
    words, domains = WORDS[stack.language], ", ".join(stack.environments[environment].hosts)
    parts = [
        f"# {found_title(stack, environment)}",
        words["outage"],
        f"## {words['containers'].format(project=code(found.project))}",
        _containers(stack, found),
        *_unseen(found, words),
        f"## {words['volumes']}",
        _volumes(found, words),
        f"## {words['networks']}",
        ", ".join(map(code, found.networks)) or words["none"],
        f"## {words['ports']}",
        _lines(list(_ports(stack, environment, found)), words),
        f"### {words['front']}",
        f"```\nproxy_pass {edge_url};\n```",
        words["front_text"].format(url=edge_url, domains=domains),
        f"## {words['keys']}",
        _keys(found, words),
    ]
    return "\n\n".join(parts)


def found_lines(stack: Stack, environment: str, found: Found) -> list[str]:
    """The same for the log, one line for each thing."""
    words = WORDS[stack.language]
    return [
        *(
            f"{one.name} ({one.service}, {_image(one)}): {words[_becomes(found, one)]}"
            for one in found.every
        ),
        *_unseen(found, words),
        *(
            f"{words['volume']} {name}: {_size(found, name, words)}, {', '.join(users)}"
            for name, users in sorted(found.volumes.items())
        ),
        *_ports(stack, environment, found),
        *(
            f"{words['keys']}: {service}: {', '.join(keys)}"
            for service, keys in found.environment.items()
        ),
    ]


def _containers(stack: Stack, found: Found) -> str:
    words = WORDS[stack.language]
    rows = [
        (
            code(one.name),
            words[_becomes(found, one)],
            code(one.service),
            code(_image(one)),
            _since(one, stack),
        )
        for one in found.every
    ]
    return table(
        (words["container"], words["becomes"], words["service"], words["image"], words["since"]),
        rows,
    )


def _unseen(found: Found, words: Words) -> list[str]:
    return [words["unseen"].format(service=one) for one in found.unseen]


def _since(one: FoundContainer, stack: Stack) -> str:
    """In the stack's own time zone."""
    try:
        return local(datetime.fromisoformat(one.started_at), stack.time_zone)
    except ValueError:
        return one_line(one.started_at, 20)


def _volumes(found: Found, words: Words) -> str:
    rows = [
        (code(name), _size(found, name, words), ", ".join(map(code, users)))
        for name, users in sorted(found.volumes.items())
    ]
    return (
        table((words["volume"], words["size"], words["mounted"]), rows) if rows else words["none"]
    )


def _ports(stack: Stack, environment: str, found: Found) -> Iterator[str]:
    words, kept = WORDS[stack.language], stack.environments[environment].kept_numbers
    for one, port in found.ports:
        text = words["port_kept" if port.port in kept else "port"]
        yield text.format(port=port, name=one_line(one.name))


def _keys(found: Found, words: Words) -> str:
    rows = [
        f"- {code(service)}: {', '.join(map(code, keys))}"
        for service, keys in found.environment.items()
    ]
    return "\n".join([*rows, "", words["keys_text"]]) if rows else words["same"]


def _lines(rows: list[str], words: Words) -> str:
    return "\n".join(f"- {row}" for row in rows) or words["none"]


def _becomes(found: Found, one: FoundContainer) -> str:
    return "taken" if one in found.taken else "ended" if one in found.ended else "kept"


def _image(one: FoundContainer) -> str:
    """What was asked for, and the digest or id that this is."""
    return f"{one.image} {one_line(one.pin.rpartition(':')[2], 13)}"


def _size(found: Found, name: str, words: Words) -> str:
    return size_text(found.sizes[name]) if name in found.sizes else words["unknown"]
