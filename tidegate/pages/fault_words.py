"""What went wrong, in the language of the page or message that says it. The error's own text
follows as it is."""

from __future__ import annotations

import re

from tidegate.errors import TidegateError

ZH: dict[str, str] = {
    "TidegateError": "操作没有完成",
    "InputError": "请求无法执行，没有做任何改动",
    "StackFileError": "应用的配置文件（stack.yaml 或 Compose 文件）有误",
    "VersionError": "找不到这个版本，或版本写法有误",
    "ConfigError": "环境配置不完整",
    "HeldError": "这个版本已被冻结，不能发布",
    "HostError": "服务器上的操作失败",
    "EngineError": "Docker 没有响应，或拒绝了操作",
    "ComposeError": "Docker Compose 执行失败",
    "ImageError": "镜像无法构建或找不到",
    "RegistryError": "镜像仓库没有响应，或拒绝了操作",
    "OccupiedError": "所需资源被另一个容器占用",
    "CapacityError": "磁盘、内存、连接或端口不足",
    "SlotError": "新版本的容器有问题",
    "UnhealthyError": "新版本没有正常启动",
    "SmokeError": "检查没有通过",
    "DataError": "数据操作失败",
    "DatabaseError": "数据库没有响应，或拒绝了操作",
    "BackupError": "备份没有通过核对",
    "MigrationError": "数据库变更失败，或无法执行",
    "EdgeError": "流量切换没有生效",
    "LedgerError": "发布账本不允许这一步",
    "LockedError": "另一个操作正在进行",
    "FencedError": "已被另一个操作接管",
    "MoveError": "发布状态不允许这一步",
    "RefusedError": "没有获得批准",
    "RejectedError": "验收未通过",
    "ExpiredError": "超过期限仍无人决定",
    "UnansweredError": "表单没有填写就继续运行了",
    "RegressionError": "新版本比旧版本差",
    "WayBackError": "无法自动回到旧版本",
}
ENDS_ZH: dict[str, str] = {
    r"overtaken by #": "已被更新的发布取代",
    r"the plan has changed: see #": "计划已变化，需要重新决定",
    r"its run is ": "运行在有人决定之前已经结束",
    r"its run was set going ": "没有填写表单，运行就被设为继续",
    r"recover/all has ended it: ": "自动恢复结束了这次运行",
    r"nobody decided before ": "超过期限仍无人决定",
    r".*\. Not rolled back by itself: ": "没有自动回滚，请负责人决定",
    r".*\. Not rolled back, as it is no regression: ": "没有自动回滚，因为现在不比发布前差",
}
"""What Tidegate itself writes into the ledger as the reason, by how it begins."""
CANCELLED = {"zh": "运行被取消", "en": "the run was cancelled"}


def told(error: BaseException, language: str) -> str:
    """The reason for a person: in Chinese a sentence of its kind first."""
    if not isinstance(error, TidegateError):
        return CANCELLED[language]
    kinds = (ZH[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in ZH)
    return f"{next(kinds)}。{error}" if language == "zh" else str(error)


def told_reason(reason: str, language: str) -> str:
    """A reason from the ledger for a person: where Tidegate wrote it, in Chinese a sentence of its
    kind first."""
    found = next(
        (sentence for begins, sentence in ENDS_ZH.items() if re.match(begins, reason, re.DOTALL)),
        "",
    )
    return f"{found}。{reason}" if found and language == "zh" else reason
