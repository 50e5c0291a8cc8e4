"""What went wrong, in the language of the page or message that says it. The error's own text follows as it is."""

from __future__ import annotations

from tidegate.errors import TidegateError

ZH: dict[str, str] = {
    "TidegateError": "操作没有完成", "InputError": "请求无法执行，没有做任何改动",
    "StackFileError": "应用的配置文件（stack.yaml 或 Compose 文件）有误", "VersionError": "找不到这个版本，或版本写法有误",
    "ConfigError": "环境配置不完整", "HeldError": "这个版本已被冻结，不能发布",
    "HostError": "服务器上的操作失败", "EngineError": "Docker 没有响应，或拒绝了操作", "ComposeError": "Docker Compose 执行失败",
    "ImageError": "镜像无法构建或找不到", "RegistryError": "镜像仓库没有响应，或拒绝了操作",
    "OccupiedError": "所需资源被另一个容器占用", "CapacityError": "磁盘、内存、连接或端口不足",
    "SlotError": "新版本的容器有问题", "UnhealthyError": "新版本没有正常启动", "SmokeError": "检查没有通过",
    "DataError": "数据操作失败", "DatabaseError": "数据库没有响应，或拒绝了操作", "BackupError": "备份没有通过核对",
    "MigrationError": "数据库变更失败，或无法执行", "EdgeError": "流量切换没有生效",
    "LedgerError": "发布账本不允许这一步", "LockedError": "另一个操作正在进行", "FencedError": "已被另一个操作接管",
    "MoveError": "发布状态不允许这一步", "RefusedError": "没有获得批准", "RejectedError": "验收未通过",
    "ExpiredError": "超过期限仍无人决定", "UnansweredError": "表单没有填写就继续运行了",
    "RegressionError": "新版本比旧版本差", "WayBackError": "无法自动回到旧版本"}
CANCELLED = {"zh": "运行被取消", "en": "the run was cancelled"}


def told(error: BaseException, language: str) -> str:
    """The reason for a person: in Chinese a sentence of its kind first."""
    if not isinstance(error, TidegateError):
        return CANCELLED[language]
    kinds = (ZH[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in ZH)
    return f"{next(kinds)}。{error}" if language == "zh" else str(error)
